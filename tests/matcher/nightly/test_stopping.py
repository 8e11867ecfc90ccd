"""A night that is told to stop ends between two tiles, and the next one goes on from there."""

from pathlib import Path

import pytest
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, registered, sought, submit, write
from sqlalchemy import func, select

from matcher.formats.errors import StoppedError
from matcher.nightly import comparing
from matcher.nightly.night import Limits, run_night
from matcher.store.database import Store
from matcher.store.models import CandidateRow, RunRow


def test_what_is_compared_is_not_compared_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement = add(store, draw_agreement())
    for society, people in (
        (ONE, sought(1, 2)), (TWO, registered(1, 2)), (THREE, registered(1)),
    ):  # fmt: skip
        submit(store, write(tmp_path / society, agreement, society, people), agreement, society)
    compared = []
    original = comparing.compare_tile

    def noted(plan: object, tile: comparing.Tile, *rest: object) -> object:
        compared.append(tile.number)
        return original(plan, tile, *rest)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(comparing, "compare_tile", noted)
    terms = {"on": TODAY, "limits": Limits(10**9, 10**6), "top": 10, "threads": 1}
    with pytest.raises(StoppedError):
        run_night(store, **terms, stopping=lambda: len(compared) == 1)
    with store.as_unit() as session:
        assert session.scalar(select(func.count()).select_from(CandidateRow)) == 0
        assert session.scalars(select(RunRow.state)).all() == ["comparing"]
    (outcome,) = run_night(store, **terms)
    assert outcome.refused is None
    assert sorted(compared) == list(range(outcome.plan["tiles"]))
    assert outcome.plan["tiles"] > 1
    assert outcome.candidates is not None
    assert outcome.candidates["new"] == 3
