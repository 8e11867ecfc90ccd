"""Nights that are cut off, or that others disturb."""

from types import ModuleType

import pytest
from nights import Submit, compared, night, pairs, people
from people import ONE, TWO, registered, sought, take_back
from sqlalchemy import select

from matcher.decisions.candidates import Pairs
from matcher.formats.errors import StateError
from matcher.nightly import night as night_module
from matcher.nightly import publishing
from matcher.nightly.comparing import compare
from matcher.store.database import Store, alone
from matcher.store.models import RunRow


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.mark.parametrize(
    ("module", "after"),
    [
        (night_module, "clear_away"),
        (night_module, "_begin"),
        (night_module, "compare"),
        (publishing, "copy_arrays"),
        (publishing, "_stand"),
        (publishing, "_check"),
        (night_module, "_finish"),
    ],
)
def test_a_night_cut_off_anywhere_ends_as_if_it_had_not_been(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch, module: ModuleType, after: str
) -> None:
    given(ONE, sought(*range(6)) + registered(9))
    given(TWO, registered(*range(3, 8)) + sought(9))
    original = getattr(module, after)

    def killed(*arguments: object, **named: object) -> None:
        original(*arguments, **named)
        raise Killed

    monkeypatch.setattr(module, after, killed)
    with pytest.raises(Killed):
        night(store)
    monkeypatch.undo()
    published = after == "_finish"
    assert (pairs(store) == {}) is not published
    assert len(night(store)) == (0 if published else 1)
    assert set(pairs(store)) == people(
        (ONE, 3, TWO, 3), (ONE, 4, TWO, 4), (ONE, 5, TWO, 5), (TWO, 9, ONE, 9)
    )
    assert set(compared(store).values()) == {1}
    with store.as_unit() as session:
        assert session.scalars(select(RunRow.state)).all() == ["published"]


def test_a_run_that_was_cut_off_is_abandoned_when_there_is_more_to_compare(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1))

    def killed(*arguments: object, **named: object) -> None:
        raise Killed

    monkeypatch.setattr(night_module, "publish", killed)
    with pytest.raises(Killed):
        night(store)
    monkeypatch.undo()
    given(TWO, registered(2))
    night(store)
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (ONE, 2, TWO, 2))
    with store.as_unit() as session:
        assert sorted(session.scalars(select(RunRow.state))) == ["abandoned", "published"]
    assert list((store.folder / "work").glob("*")) == []


def test_a_damaged_tile_is_compared_again(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1, 2))

    def killed(*arguments: object, **named: object) -> None:
        raise Killed

    monkeypatch.setattr(night_module, "publish", killed)
    with pytest.raises(Killed):
        night(store)
    monkeypatch.undo()
    (tile,) = (store.folder / "work").glob("*/*/tile-0.parquet")
    content = bytearray(tile.read_bytes())
    content[20] ^= 1
    tile.write_bytes(content)
    night(store)
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (ONE, 2, TWO, 2))


def test_two_nights_at_once_are_refused(store: Store, given: Submit) -> None:
    with alone(store), pytest.raises(StateError, match="is at work"):
        night(store)


def test_a_record_that_changes_during_the_night_is_new_in_the_next(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1))
    night(store)
    withdrawn = given(TWO, registered(2))

    def meanwhile(*arguments: object, **named: object) -> Pairs:
        found = compare(*arguments, **named)
        given(TWO, registered(1), noise={1: 0.08})
        take_back(store, withdrawn)
        return found

    given(ONE, sought(3))
    given(TWO, registered(3))
    monkeypatch.setattr(night_module, "compare", meanwhile)
    night(store)
    monkeypatch.undo()
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (ONE, 3, TWO, 3))
    (outcome,) = night(store)
    assert outcome.candidates == {"gone": 0, "changed": 1, "kept": 0, "new": 0}
    assert outcome.plan["new"] == 1
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (ONE, 3, TWO, 3))
