"""What holds over time, as societies meet it over HTTP and an operator on the command line."""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from people import (
    ONE,
    THREE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    record_key,
    reference,
    registered,
    sought,
    submit,
    write,
)
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from matcher.formats.agreement import Agreement
from matcher.formats.envelope import write_envelope
from matcher.formats.identity import Identity
from matcher.formats.notices import Notice, write_notice
from matcher.nightly.night import Limits, run_night
from matcher.service import uploads
from matcher.settings import Settings
from matcher.store import acceptance
from matcher.store.database import Store
from matcher.store.models import Hold, NoticeRow, Record

IDENTITIES = {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}
LATER = TODAY + timedelta(days=5)


class Unit:
    """A linkage unit and its societies: what they send, and what they are shown."""

    def __init__(
        self, store: Store, agreement: Agreement, folder: Path, serve: Callable[..., TestClient]
    ) -> None:
        self.store, self.agreement = store, agreement
        self._folder, self._serve, self._number = folder, serve, 0

    def call(self, society: str, on: date = TODAY) -> TestClient:
        """A client of the service, at noon of a day."""
        return self._serve(society, at=datetime.combine(on, time(12), UTC))

    def tell(self, kind: Any, society: str, *people: int, on: date = TODAY, **more: Any) -> None:
        """Send a signed notice."""
        self._number += 1
        path = self._folder / f"notice {self._number}"
        notice = Notice(
            agreement_id=self.agreement.agreement_id, society=society, number=self._number,
            kind=kind, on=on, **more,
            keys=tuple(sorted(record_key(society, person).hex() for person in people)),
        )  # fmt: skip
        write_notice(path, notice, identity=IDENTITIES[society])
        answer = self.call(society, on).post("/v1/notices", content=path.read_bytes())
        assert answer.status_code == 201, answer.text

    def send(self, society: str, people: list[tuple[int, str]], edition: str) -> list[str]:
        """Send a batch over HTTP and have it taken in; give what is told of it."""
        number = 10 + sum(1 for one in self._folder.iterdir() if one.suffix == ".envelope")
        batch = write(self._folder / edition, self.agreement, society, people, edition=edition)
        path = self._folder / f"{edition}.envelope"
        write_envelope(
            batch, path, identity=IDENTITIES[society], agreement=self.agreement, number=number
        )
        content, client = path.read_bytes(), self.call(society)
        digest = hashlib.sha256(content)
        about = {
            "agreement": self.agreement.agreement_id, "digest": f"sha256:{digest.hexdigest()}",
            "size": len(content),
        }  # fmt: skip
        begun = client.post("/v1/batches", json=about).json()["id"]
        said = {"Content-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"}
        client.put(f"/v1/batches/{begun}/parts/0", content=content, headers=said)
        client.post(f"/v1/batches/{begun}/finish")
        acceptance.accept(
            self.store, begun, uploads.assembled(self.store, begun), identity=IDENTITIES["hub"],
            on=TODAY, threads=1,
        )  # fmt: skip
        told = client.get(f"/v1/batches/{begun}").json()
        assert told["state"] == "accepted", told
        problems: list[str] = told["problems"]
        return problems

    def night(self, on: date = TODAY) -> None:
        """Run a night."""
        limits = Limits(10**9, 10**6)
        outcomes = run_night(self.store, on=on, limits=limits, top=10, threads=1)
        assert not [one.refused for one in outcomes if one.refused]

    def shown(self, society: str, on: date = TODAY) -> set[str]:
        """Of which of its records a society is shown candidates."""
        page = self.call(society, on).get("/v1/candidates", params={"limit": 100}).json()
        return {one["reference"] for one in page["items"]}


@pytest.fixture
def settings(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """As service and command line both read them."""
    monkeypatch.setenv("KINMATCH_STORE_KEYS_FILE", str(store.folder / "store-keys.json"))
    found = Settings.load(data_folder=store.folder)
    found.protection_journal.unlink(missing_ok=True)
    yield found
    found.protection_journal.unlink(missing_ok=True)


@pytest.fixture
def unit(
    store: Store, settings: Settings, serve: Callable[..., TestClient], tmp_path: Path
) -> Unit:
    """Two people who are sought by one society and registered by another, and found."""
    assert settings.data_folder == store.folder
    under = add(store, draw_agreement(identities=[one.public for one in IDENTITIES.values()]))
    due = {1: LATER}
    first = write(tmp_path / "first", under, ONE, sought(1, 2), review_on=due)
    submit(store, first, under, ONE)
    submit(store, write(tmp_path / "second", under, TWO, registered(1, 2)), under, TWO)
    made = Unit(store, under, tmp_path, serve)
    made.night()
    assert made.shown(ONE) == refs(ONE, 1, 2)
    return made


def _row_of(session: Session, person: int) -> int:
    query = select(Record.id).where(Record.reference == reference(ONE, person))
    return session.scalars(query).one()


def refs(society: str, *people: int, edition: str = "") -> set[str]:
    return {reference(society, person, edition).hex() for person in people}


@pytest.mark.rule("objection.not-compared", "passes")
@pytest.mark.rule("objection.not-compared", "refuses")
def test_who_objects_shows_to_neither_society_until_it_is_weighed(unit: Unit) -> None:
    unit.tell("suspend", TWO, 1)
    assert unit.shown(ONE) == refs(ONE, 2)
    assert unit.shown(TWO) == refs(TWO, 2)
    unit.night()
    assert unit.shown(ONE) == refs(ONE, 2)
    unit.tell("resume", TWO, 1)
    unit.night()
    assert unit.shown(ONE) == refs(ONE, 1, 2)


@pytest.mark.rule("retention.review-current", "passes")
@pytest.mark.rule("retention.review-current", "refuses")
def test_what_is_due_for_review_is_shown_no_longer_until_it_is_renewed(unit: Unit) -> None:
    before = LATER - timedelta(days=1)
    unit.night(before)
    assert unit.shown(ONE, before) == refs(ONE, 1, 2)
    assert unit.shown(ONE, LATER) == refs(ONE, 2)
    unit.night(LATER)
    assert unit.shown(TWO, LATER) == refs(TWO, 2)
    with unit.store.as_unit() as session:  # it is out of matching too, not only out of lists
        assert session.get_one(Record, _row_of(session, 1)).barred == "overdue"
    unit.tell("renew", ONE, 1, on=LATER, review_on=LATER + timedelta(days=9))
    unit.night(LATER)
    assert unit.shown(ONE, LATER) == refs(ONE, 1, 2)


@pytest.mark.rule("deletion.stays-deleted", "passes")
@pytest.mark.rule("deletion.stays-deleted", "refuses")
def test_who_was_deleted_is_not_brought_back_by_a_new_batch(unit: Unit) -> None:
    unit.tell("delete", ONE, 2)
    (problem,) = unit.send(ONE, sought(2, 3), "again")
    assert "1 rows were left out" in problem
    assert problem.endswith("[deletion.stays-deleted]")
    assert unit.send(TWO, registered(2, 3), "theirs") == []
    unit.night()
    assert unit.shown(ONE) == {*refs(ONE, 1), *refs(ONE, 3, edition="again")}


def nightly(run: Any, store: Store) -> Any:
    reading, writing = os.pipe()
    os.write(writing, b"passphrase\n")
    os.close(writing)
    words = ("--data-folder", store.folder, "--on", TODAY, "--passphrase-fd", str(reading))
    try:
        return run("nightly", *words, "--json")
    finally:
        os.close(reading)


@pytest.mark.rule("deletion.survives-restore", "passes")
@pytest.mark.rule("deletion.survives-restore", "refuses")
def test_a_restored_store_is_told_what_was_taken_back_or_no_night_runs(
    unit: Unit, settings: Settings, run: Any
) -> None:
    unit.tell("suspend", ONE, 1)
    first = settings.protection_journal.read_bytes()
    unit.tell("suspend", ONE, 2)
    whole = settings.protection_journal.read_bytes()
    settings.protection_journal.write_bytes(first)
    ended = nightly(run, unit.store)
    assert ended.status != 0
    assert "[deletion.survives-restore]" in ended.said
    # The store as it was before the second notice, and the newest copy of the journal.
    with unit.store.as_unit() as session:
        session.execute(delete(Hold).where(Hold.handle == record_key(ONE, 2)))
        session.execute(delete(NoticeRow).where(NoticeRow.number == 2))
        session.get_one(Record, _row_of(session, 2)).barred = None
    settings.protection_journal.write_bytes(whole)
    ended = nightly(run, unit.store)
    assert ended.status == 0, ended.said
    assert unit.shown(TWO) == set()
