"""A breach: the figures are those of the store, for each kind of thing that can be lost."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from people import (
    ONE,
    THREE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    reference,
    registered,
    sought,
    take_back,
    write,
)
from people import submit as submit_batch
from sqlalchemy import text

from matcher.formats.errors import AbsentError, ParameterError
from matcher.nightly.night import Limits, run_night
from matcher.protection.breach import KINDS, Incident, inventory, write_people
from matcher.store import access
from matcher.store.database import Store
from matcher.store.models import CandidateSide, Disclosure

TOKENS = text("SELECT id FROM kinmatch.api_tokens ORDER BY created_at")
BATCHES = text(f"SELECT id FROM kinmatch.batches WHERE society = '{ONE}'")  # noqa: S608  # ours
LATER = TODAY + timedelta(days=30)
AGREEMENT = "ab" * 16


@pytest.fixture(scope="module")
def held(one_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three societies; one candidate disclosed; one batch destroyed; one received too late."""
    store, tmp_path = one_store, tmp_path_factory.mktemp("batches")
    agreement = add(store, draw_agreement())

    def submit(society: str, people: list[tuple[int, str]], on: date = TODAY) -> UUID:
        path = write(tmp_path / f"{society}{on}{len(people)}", agreement, society, people)
        return submit_batch(store, path, agreement, society, on=on)

    gone = submit(THREE, registered(7, 8, 9))
    take_back(store, gone)
    submit(ONE, sought(1, 2))
    submit(TWO, registered(1, 2, 3))
    submit(TWO, registered(4), on=LATER)
    run_night(store, on=TODAY, limits=Limits(10**6, 10**6), top=10, threads=1)
    with store.as_unit() as session:
        side = (
            session.query(CandidateSide).filter_by(society=ONE, reference=reference(ONE, 1)).one()
        )
        session.add(
            Disclosure(
                candidate_id=side.candidate_id, society=ONE, other_society=TWO,
                other_reference=reference(TWO, 1),
            )
        )  # fmt: skip
        user = access.add_user(session, subject="one", role="tracing-officer", society=ONE)
        access.new_token(
            session, user, scopes=["candidates"], expires_at=datetime(2027, 1, 1, tzinfo=UTC)
        )
    return store


@pytest.fixture
def window() -> tuple[date, date]:
    return TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def counted(
    store: Store, kind: str, subject: str, window: tuple[date, date]
) -> dict[str, tuple[int, ...]]:
    with store.as_unit() as session:
        found = inventory(session, Incident(kind, subject, *window))  # type: ignore[arg-type]  # by name
    assert found.risks
    assert found.plan
    assert found.told
    return {
        one.society: (one.people, one.batches, one.candidates, one.disclosed)
        for one in found.societies
    }


def test_the_linkage_unit_s_machine_concerns_everybody_held_in_the_window(
    held: Store, window: tuple[date, date]
) -> None:
    assert counted(held, "machine", "linkage-unit", window) == {
        ONE: (2, 1, 2, 0), TWO: (3, 1, 2, 1), THREE: (0, 0, 0, 0)
    }  # fmt: skip
    with held.as_unit() as session:
        found = inventory(session, Incident("machine", "linkage-unit", date(2020, 1, 1), LATER))
    assert {one.society: one.gone for one in found.societies}[THREE] == 3
    assert {one.society: one.people for one in found.societies}[TWO] == 4
    assert found.encode_anew == {ONE: 2, TWO: 4}
    assert {one.society: dict(one.roles) for one in found.societies}[ONE] == {"sought": 2}


def test_a_society_concerns_its_own_and_whom_it_was_told_of(
    held: Store, window: tuple[date, date]
) -> None:
    assert counted(held, "society", ONE, window) == {ONE: (2, 1, 2, 0), TWO: (1, 1, 1, 1)}
    assert counted(held, "society", TWO, window)[TWO] == (3, 1, 2, 1)
    assert ONE not in counted(held, "society", TWO, window)


def test_a_token_concerns_what_its_society_was_shown(held: Store) -> None:
    with held.as_unit() as session:
        token = session.execute(TOKENS).scalars().first()
    assert counted(held, "token", str(token), (TODAY, date(2099, 1, 1))) == {
        ONE: (2, 1, 2, 0),
        TWO: (1, 1, 1, 1),
    }


@pytest.mark.parametrize(
    ("scopes", "start", "end", "people"),
    [
        (["candidates"], 0, 0, 2),
        (["candidates"], 40, 50, 0),  # it had expired
        (["candidates"], -50, -40, 0),  # it was not there yet
        (["batches"], 0, 0, 0),  # it shows nobody
    ],
)
def test_a_token_concerns_nobody_where_it_opened_nothing(
    held: Store, scopes: list[str], start: int, end: int, people: int
) -> None:
    today = datetime.now(UTC).date()
    with held.as_unit() as session:
        user = access.add_user(
            session, subject=f"{scopes} {start}", role="tracing-officer", society=ONE
        )
        expires_at = datetime.now(UTC) + timedelta(days=30)
        token = access.new_token(session, user, scopes=scopes, expires_at=expires_at)
        key = session.execute(
            text("SELECT id FROM kinmatch.api_tokens WHERE user_id = :user"), {"user": user}
        ).scalar_one()
    assert token
    window = today + timedelta(days=start), today + timedelta(days=end)
    found = counted(held, "token", str(key), window)
    assert found.get(ONE, (0,))[0] == people


def test_the_unit_s_own_token_shows_nobody(held: Store, window: tuple[date, date]) -> None:
    with held.as_unit() as session:
        user = access.add_user(session, subject="the unit's", role="operator", society=None)
        access.new_token(
            session, user, scopes=["operate"], expires_at=datetime(2027, 1, 1, tzinfo=UTC)
        )
        key = session.execute(
            text("SELECT id FROM kinmatch.api_tokens WHERE user_id = :user"), {"user": user}
        ).scalar_one()
    assert counted(held, "token", str(key), window) == {}


def test_each_kind_by_its_command(held: Store, run: Callable[..., Any], tmp_path: Path) -> None:
    with held.as_unit() as session:
        token = session.execute(TOKENS).scalars().first()
        batch = session.execute(BATCHES).scalar_one()
    days = ("--from", TODAY.isoformat(), "--to", "2099-01-01", "--data-folder", held.folder)
    subjects = {
        "token": str(token), "society": ONE, "machine": "linkage-unit", "batch": str(batch),
        "key": AGREEMENT,
    }  # fmt: skip
    assert set(subjects) == set(KINDS)
    for kind, subject in subjects.items():
        ended = run("breach", kind, subject, *days, "--json")
        assert ended.status == 0, ended.said
        found = json.loads(ended.out)
        assert {one["society"] for one in found["societies"]} >= {ONE}
        assert all(found[name] for name in ("risks", "told", "exceptions", "plan"))
        assert bool(found["encode_anew"]) == (kind in ("society", "machine", "key"))
    folder = tmp_path / "people"
    ended = run("breach", "key", "store", *days, "--people", folder)
    assert ended.status == 0
    assert "Destroy the old key file" in ended.said
    assert sorted(path.name for path in folder.iterdir()) == [
        f"concerned-{name}.csv" for name in (ONE, TWO)
    ]


def test_a_batch_and_a_key(held: Store, window: tuple[date, date]) -> None:
    with held.as_unit() as session:
        batch = session.execute(BATCHES).scalar_one()
    assert counted(held, "batch", str(batch), window) == {ONE: (2, 1, 2, 0)}
    everybody = counted(held, "key", "store", window)
    assert counted(held, "key", AGREEMENT, window) == everybody
    assert counted(held, "key", f"{AGREEMENT}:1", window)[ONE] == (2, 1, 2, 0)
    assert ONE not in counted(held, "key", f"{AGREEMENT}:2", window)


def test_whoever_is_counted_is_listed(
    held: Store, window: tuple[date, date], tmp_path: Path
) -> None:
    with held.as_unit() as session:
        paths = write_people(session, Incident("society", ONE, *window), tmp_path / "people")
    assert [path.name for path in paths] == [f"concerned-{ONE}.csv", f"concerned-{TWO}.csv"]
    rows = list(rows_of(paths[0]))
    assert {row["reference"] for row in rows} == {reference(ONE, i).hex() for i in (1, 2)}
    assert [row["reference"] for row in rows_of(paths[1])] == [reference(TWO, 1).hex()]
    assert rows[0]["role"] == "sought"
    assert paths[0].stat().st_mode & 0o077 == 0


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


@pytest.mark.parametrize(
    ("kind", "subject", "error"),
    [
        ("token", "no id", ParameterError),
        ("token", "0" * 32, AbsentError),
        ("society", "nobody", AbsentError),
        ("machine", "my laptop", ParameterError),
        ("batch", "0" * 32, AbsentError),
        ("key", "cd" * 16, AbsentError),
        ("key", f"{AGREEMENT}:x", ParameterError),
    ],
)
def test_what_is_not_there_is_refused(
    held: Store, window: tuple[date, date], kind: str, subject: str, error: type[Exception]
) -> None:
    with pytest.raises(error), held.as_unit() as session:
        inventory(session, Incident(kind, subject, *window))  # type: ignore[arg-type]  # by name


def test_a_window_that_ends_before_it_begins() -> None:
    assert set(KINDS) == {"token", "society", "machine", "batch", "key"}
    with pytest.raises(ParameterError, match="before it begins"):
        Incident("society", ONE, LATER, TODAY)
