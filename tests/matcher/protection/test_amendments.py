"""Amendments act at once: over HTTP nothing shows, moves or is asked that is agreed no more."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, registered, sought, submit, write
from sqlalchemy import select
from starlette.testclient import TestClient
from test_corridors import authorised, night
from test_stages import CLEARED, decide, share

from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.retirement import Retirement
from matcher.formats.terms import Terms
from matcher.nightly.asking import Asking, ask_all
from matcher.store import admitting, retirements
from matcher.store.database import Store
from matcher.store.models import BatchRow, CandidateRow, RefinementRow

Serve = Callable[..., TestClient]
PURPOSES, BASES = ("family-tracing", "reunification"), ("consent", "vital-interest")
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
EMPTY = {"Content-Digest": f"sha-256=:{b64encode(sha256(b'').digest()).decode()}:"}
HUB = Identity.generate("hub")
IDENTITIES = (*(Identity.generate(name).public for name in (ONE, TWO, THREE)), HUB.public)


@pytest.fixture
def agreement(store: Store) -> Agreement:
    made = draw_agreement(purposes=PURPOSES, legal_bases=BASES, identities=IDENTITIES)
    return add(store, made)


@pytest.fixture
def key(store: Store, agreement: Agreement, serve: Serve, tmp_path: Path) -> str:
    """A candidate that both societies confirmed and were told of, and one that is refined."""
    for society, people in ((ONE, sought(1, 2)), (TWO, registered(1, 2))):
        submit(store, write(tmp_path / society, agreement, society, people), agreement, society)
    night(store, TODAY)
    with store.as_unit() as session:
        found = min(session.scalars(select(CandidateRow.id))).hex()
    for client in (serve(ONE), serve(TWO)):
        share(client, found)
        assert decide(client, found, **CLEARED).status_code == 200
    assert ask_all(store, HUB, on=TODAY, asking=Asking(0.0, 14)) == 1
    return found


def amended(agreement: Agreement, **changes: Any) -> Agreement:
    """Another version of an agreement, however its parties came to it."""
    fields = agreement.model_dump() | changes
    days = fields["valid_from"], fields["valid_until"]
    fields["corridors"] = tuple(permutations(fields["parties"], 2))
    fields["terms"] = Terms.of_fiction(fields["corridors"], fields["purposes"], *days)
    return Agreement.model_validate(fields | {"amends": (*agreement.amends, agreement.digest)})


def ended(agreement: Agreement) -> Agreement:
    epoch = agreement.epochs[0].model_dump() | {"valid_until": YESTERDAY}
    return amended(agreement, valid_until=YESTERDAY, epochs=(epoch,))


def closed(agreement: Agreement) -> Agreement:
    return agreement.with_terms(authorised(agreement, YESTERDAY))


def not_yet_open(agreement: Agreement) -> Agreement:
    leave = authorised(agreement, TOMORROW + timedelta(days=9))
    later = [
        one if one.authorisation is None
        else one.model_copy(
            update={"authorisation": one.authorisation.model_copy(update={"valid_from": TOMORROW})}
        )
        for one in leave.corridors
    ]  # fmt: skip
    return agreement.with_terms(leave.model_copy(update={"corridors": tuple(later)}))


def rotated(agreement: Agreement) -> Agreement:
    return agreement.with_next_epoch(TODAY, 0)


def of_fewer_purposes(agreement: Agreement) -> Agreement:
    return amended(agreement, purposes=PURPOSES[:1])


def of_fewer_bases(agreement: Agreement) -> Agreement:
    return amended(agreement, legal_bases=BASES[:1])


def of_fewer_parties(agreement: Agreement) -> Agreement:
    left = tuple(one for one in IDENTITIES if one.name != TWO)
    return amended(agreement, parties=(ONE, THREE), identities=left)


NARROWER = [
    closed, not_yet_open, ended, rotated, of_fewer_purposes, of_fewer_bases, of_fewer_parties,
]  # fmt: skip


def admit(store: Store, agreement: Agreement, on: date = TODAY) -> Agreement:
    with store.as_unit() as session:
        admitting.add_agreement(session, agreement, on=on)
    return agreement


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def asked_of(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/refinements").json()["items"]
    return found


def seen_by(client: TestClient) -> list[str]:
    return [one["id"] for one in client.get("/v1/candidates").json()["items"]]


@pytest.mark.rule("agreement.amended-at-once", "refuses")
@pytest.mark.parametrize("narrower", NARROWER)
def test_what_is_agreed_no_more_is_gone_before_any_night(
    store: Store,
    agreement: Agreement,
    serve: Serve,
    key: str,
    narrower: Callable[[Agreement], Agreement],
) -> None:
    sides = serve(ONE), serve(TWO)
    asked = [asked_of(client)[0]["id"] for client in sides]
    one = f"/v1/candidates/{key}"
    told = {"code": "reunited", "consent_on": str(TODAY)}
    for client in sides:
        assert len(seen_by(client)) == 2
        assert client.get(f"{one}/disclosure").status_code == 200
        assert client.post(f"{one}/feedback", json=told).status_code == 204
    assert [client.get(f"{one}/feedback").status_code for client in sides] == [200, 200]
    admit(store, narrower(agreement))
    for client, refinement in zip(sides, asked, strict=True):
        assert seen_by(client) == []
        for path in (one, f"{one}/disclosure", f"{one}/feedback"):
            assert client.get(path).status_code == 404
        assert client.post(f"{one}/feedback", json=told).status_code == 404
        for verdict in ("confirm", "reject", "unsure"):
            assert decide(client, key, verdict, **CLEARED).status_code == 404
        assert share(client, key).status_code == 404
        assert asked_of(client) == []
        assert client.get(f"/v1/refinements/{refinement}/request").status_code == 404
        answer = client.put(f"/v1/refinements/{refinement}/answer", content=b"", headers=EMPTY)
        assert answer.status_code == 409
    with store.as_unit() as session:
        assert session.scalars(select(RefinementRow.state)).all() == ["expired"]


@pytest.mark.rule("agreement.amended-at-once", "passes")
def test_what_is_agreed_still_goes_on(
    store: Store, agreement: Agreement, serve: Serve, key: str
) -> None:
    other = agreement.with_terms(authorised(agreement, YESTERDAY, (ONE, THREE)))
    wider = amended(other, legal_bases=(*BASES, "mandate"))
    for version in (other, wider):
        admit(store, version)
        for client in (serve(ONE), serve(TWO)):
            assert len(seen_by(client)) == 2
            assert client.get(f"/v1/candidates/{key}/disclosure").status_code == 200
            assert len(asked_of(client)) == 1


def test_what_a_later_day_closes_shows_and_is_asked_until_that_day(
    store: Store, agreement: Agreement, serve: Serve, key: str
) -> None:
    assert key
    admit(store, agreement.with_terms(authorised(agreement, TOMORROW)))
    for days, count in ((0, 2), (1, 2), (2, 0)):
        client = serve(ONE, at=noon(TODAY + timedelta(days=days)))
        assert len(seen_by(client)) == count
        assert len(asked_of(client)) == min(count, 1)


def test_what_was_encoded_for_more_than_is_agreed_is_taken_no_more(
    store: Store, agreement: Agreement, serve: Serve, key: str, tmp_path: Path
) -> None:
    assert key
    old = write(tmp_path / "old", agreement, ONE, sought(1), edition=" again")
    now = admit(store, of_fewer_purposes(agreement))
    submit(store, old, agreement, ONE)
    with store.as_unit() as session:
        states = session.execute(select(BatchRow.state, BatchRow.problems)).all()
    assert sorted(state for state, _ in states) == ["expired", "expired", "refused"]
    (problems,) = (problems for state, problems in states if state == "refused")
    assert any("[agreement.amended-at-once]" in one for one in problems)
    night(store, TODAY)
    assert seen_by(serve(ONE)) == []
    for society, people in ((ONE, sought(1)), (TWO, registered(1))):
        submit(store, write(tmp_path / f"{society} 2", now, society, people), now, society)
    night(store, TODAY)
    assert len(seen_by(serve(ONE))) == 1


@pytest.mark.parametrize("is_amended", [False, True])
def test_a_retired_epoch_ends_on_its_day_whatever_comes_in_between(
    store: Store,
    agreement: Agreement,
    serve: Serve,
    key: str,
    tmp_path: Path,
    is_amended: bool,
) -> None:
    assert key
    said = Retirement(
        agreement_id=agreement.agreement_id, society=TWO, key_epoch=1, last_day=TOMORROW
    )
    with store.as_unit() as session:
        retirements.retire(session, said, actor="tester")
    if is_amended:
        admit(store, amended(agreement, legal_bases=(*BASES, "mandate")))
    submit(store, write(tmp_path / "more", agreement, TWO, registered(3)), agreement, TWO)
    submit(store, write(tmp_path / "sought", agreement, ONE, sought(3)), agreement, ONE)
    night(store, TODAY)
    for days, count in ((0, 3), (1, 3), (2, 0)):
        client = serve(ONE, at=noon(TODAY + timedelta(days=days)))
        assert len(seen_by(client)) == count
        assert len(asked_of(client)) == min(count, 1)
