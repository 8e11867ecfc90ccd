"""Every route, with every kind of caller: nothing of another society's is told or changed."""

import base64
import hashlib
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from calling import bearing, serve, token_for
from people import ONE, THREE, TODAY, TWO, draw_agreement
from sqlalchemy import select, text
from starlette.testclient import TestClient

from benchmarks.service.filling import fill
from matcher.formats.sharing import answers_of_fiction
from matcher.store import Store, batches
from matcher.store.access import SCOPES_OF
from matcher.store.models import (
    ApiToken,
    BatchRow,
    CandidateSide,
    Record,
    RefinementFile,
    RefinementRow,
    Table,
    User,
)

OTHERS = "cd" * 16
"""An agreement that the first society is no party to."""

DIGEST = "sha256:" + "5e" * 32
PART = b"a part that nobody asked for"

Ids = dict[str, Any]

BODIES: dict[str, Any] = {
    "batches_register": {"agreement": OTHERS, "digest": DIGEST, "size": 1},
    "candidates_decided": {"verdict": "confirm", "version": 1},
    "feedback_given": {"code": "contact-restored", "consent_on": "2026-05-30"},
    "sharing_of_agreement": {"answers": answers_of_fiction("each-record")},
    "sharing_of_candidate": {"answers": answers_of_fiction("consent"), "version": 1},
}

SPOOFED = {
    "X-Society": TWO,
    "X-Forwarded-User": f"tracing-officer at {TWO}",
    "X-Client-Verify": "SUCCESS",
    "X-Client-Certificate": "00",
    "X-Forwarded-For": "127.0.0.1",
    "Cookie": f"society={TWO}",
}
SMUGGLED = f"'; SELECT set_config('kinmatch.society', '{TWO}', false); --"


@pytest.fixture(scope="module")
def full(one_store: Store) -> Store:
    """Candidates, batches, tokens and refinements of all three, some without the first."""
    with one_store.as_unit() as session:
        fill(session, draw_agreement(), candidates=90, records=20, on=TODAY)
    with one_store.as_unit() as session:
        other = draw_agreement(agreement_id=OTHERS, parties=(TWO, THREE))
        fill(session, other, candidates=30, records=10, on=TODAY)
    for society in (ONE, TWO, THREE):
        token_for(one_store, society)
        with one_store.as_society(society) as session:
            row = batches.register(
                session, society=society, agreement="ab" * 16, size=10, on=TODAY, actor="tester",
                digest="sha256:" + hashlib.sha256(society.encode()).hexdigest(),
            )  # fmt: skip
            batches.note_part(
                session, row.id, number=0, size=5, digest="sha256:" + "11" * 32, actor="tester"
            )
    with one_store.as_unit() as session:
        asked = RefinementRow(
            agreement=OTHERS, run="sha256:" + "77" * 32, part=1, key_epoch=1, state="requested",
            left_society=TWO, right_society=THREE, expires_on=date(2027, 1, 1),
        )  # fmt: skip
        session.add(asked)
        session.flush()
        for society in (TWO, THREE):
            session.add(
                RefinementFile(
                    refinement_id=asked.id, society=society, agreement=OTHERS, run=asked.run,
                    part=1, candidates=1, requests=b"a letter", requests_digest="sha256:letter",
                    requests_seal="seal", size=8, asked_on=TODAY, expires_on=date(2027, 1, 1),
                )
            )  # fmt: skip
    return one_store


@pytest.fixture(scope="module")
def service(full: Store) -> TestClient:
    return serve(
        full, user_rate=1e6, society_rate=1e6, listing_rate=1e6, most_misses=10**9,
        proxies=["10.9.9.9"], store_keys_file=full.folder / "store-keys.json",
    )  # fmt: skip


@pytest.fixture(scope="module")
def theirs(full: Store) -> Ids:
    with full.as_unit() as session:
        own = select(CandidateSide.candidate_id).where(CandidateSide.society == ONE)
        return {
            "agreement_id": OTHERS,
            "batch_id": session.scalars(select(BatchRow.id).where(BatchRow.society == TWO)).first(),
            "token_id": session.scalars(select(ApiToken.id).where(ApiToken.society == TWO)).first(),
            "candidate_id": session.scalars(
                select(CandidateSide.candidate_id).where(
                    CandidateSide.society == TWO, CandidateSide.candidate_id.not_in(own)
                )
            )
            .first()
            .hex(),
            "refinement_id": session.scalars(select(RefinementRow.id)).first(),
            "number": 1,
        }


# For every parameter of a path, as the fixture `theirs` has something of the second society's.
NOBODYS: Ids = {
    "agreement_id": "00" * 16,
    "batch_id": uuid4(),
    "token_id": uuid4(),
    "candidate_id": "00" * 16,
    "refinement_id": uuid4(),
    "number": 1,
}


@pytest.fixture(scope="module")
def secrets(full: Store) -> set[str]:
    """What names a thing that the first society has no part in."""
    with full.as_unit() as session:
        found: set[UUID | bytes | str] = {OTHERS}
        for kind in (BatchRow, ApiToken, User):
            found.update(session.scalars(select(kind.id).where(kind.society != ONE)))
        others = select(BatchRow.digest).where(BatchRow.society != ONE)
        found.update(session.scalars(others.where(BatchRow.digest.startswith("sha256:"))))
        found.update(session.scalars(select(Record.reference).where(Record.society != ONE)))
        own = select(CandidateSide.candidate_id).where(CandidateSide.society == ONE)
        found.update(
            session.scalars(
                select(CandidateSide.candidate_id).where(CandidateSide.candidate_id.not_in(own))
            )
        )
        found.update(session.scalars(select(RefinementRow.id)))
    return {one.hex() if isinstance(one, bytes) else str(one) for one in found}


def operations(service: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, told)
        for path, methods in service.get("/openapi.json").json()["paths"].items()
        for method, told in methods.items()
    ]


def asked(operation: dict[str, Any]) -> dict[str, Any]:
    """What to send with it: a right body, and everything that might say another society."""
    said: dict[str, Any] = {"params": {"society": TWO, "as": SMUGGLED}}
    body = operation.get("requestBody")
    if body is not None and "application/json" in body["content"]:
        said["json"] = BODIES[operation["operationId"]]
    elif body is not None:
        digest = base64.b64encode(hashlib.sha256(PART).digest()).decode()
        said["content"] = PART
        said["headers"] = {"Content-Digest": f"sha-256=:{digest}:"}
    return said


def snapshot(store: Store, society: str) -> dict[str, Any]:
    """All that a society can see of itself."""
    told = {}
    with store.as_society(society) as session:
        for table in Table.metadata.sorted_tables:
            granted = text("SELECT has_table_privilege('kinmatch_service', :name, 'SELECT')")
            if session.scalar(granted, {"name": f"kinmatch.{table.name}"}):
                whole = f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM kinmatch.{table.name} AS t"  # noqa: E501, S608  # ours
                told[table.name] = tuple(session.execute(text(whole)).one())
    return told


KINDS = [
    *((ONE, role) for role in SCOPES_OF if role != "operator"),
    (None, "analyst"),
    (None, "operator"),
]


@pytest.mark.parametrize(("society", "role"), KINDS)
def test_nothing_of_anothers_is_told_or_changed(
    full: Store, service: TestClient, theirs: Ids, secrets: set[str], society: str | None, role: str
) -> None:
    headers = {**SPOOFED, **bearing(token_for(full, society, role))}
    before = {one: snapshot(full, one) for one in (TWO, THREE)}
    reached = set()
    for method, path, operation in operations(service):
        said = asked(operation)
        said["headers"] = {**said.get("headers", {}), **headers}
        given = service.request(method, path.format(**theirs), **said)
        nothing = service.request(method, path.format(**NOBODYS), **said)
        assert given.status_code < 500, (method, path, given.text)
        if "{" in path:
            assert given.status_code in {403, 404}, (method, path, given.text)
            assert (given.status_code, given.content) == (nothing.status_code, nothing.content)
        if given.status_code < 300:
            reached.add(operation["operationId"])
        shown = given.text + str(given.headers)
        # The unit's own analyst is told counts of every agreement, by its id.
        allowed = {OTHERS} if society is None else set()
        assert not [one for one in secrets - allowed if one in shown], (method, path)
    assert {one: snapshot(full, one) for one in (TWO, THREE)} == before
    assert reached >= {"health_release", "tokens_listed"}


def test_what_is_ones_own_is_there_for_the_same_requests(
    full: Store, service: TestClient, theirs: Ids
) -> None:
    headers = {**SPOOFED, **bearing(token_for(full, TWO))}
    for path in ("/v1/batches/{batch_id}", "/v1/candidates/{candidate_id}"):
        assert service.get(path.format(**theirs), headers=headers).status_code == 200
    listed = service.get("/v1/refinements", headers=headers).json()["items"]
    assert [one["id"] for one in listed] == [str(theirs["refinement_id"])]


def test_without_credentials_only_health_version_and_emblem_answer(
    service: TestClient, theirs: Ids
) -> None:
    for method, path, operation in operations(service):
        said = asked(operation)
        said["headers"] = {**said.get("headers", {}), **SPOOFED}
        is_open = not path.startswith("/v1/") and path != "/metrics"
        expected = {200, 404, 503} if is_open else {401}
        answer = service.request(method, path.format(**theirs), **said)
        assert answer.status_code in expected, (method, path)
