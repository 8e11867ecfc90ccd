"""Candidates over HTTP: what a society sees, decides and is told, and what shows of it outside."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from calling import bearing, serve, token_for
from people import ONE, THREE, TODAY, TWO, draw_agreement
from pydantic import BaseModel
from sqlalchemy import select, update
from starlette.testclient import TestClient

from benchmarks.service.filling import fill
from matcher.formats.sharing import answers_of_fiction
from matcher.formats.vocabulary import BANDS, LEVELS, ROLES
from matcher.service.app import make_app
from matcher.service.padding import TICK_SECONDS
from matcher.service.routes import candidates as routes
from matcher.settings import Settings
from matcher.store import audit, candidates
from matcher.store.database import Store
from matcher.store.models import AuditEntry, CandidateSide, PassNames
from matcher.store.states.candidates import CANDIDATE

FOUR = "society-4"
"""A party that has no candidates."""
AGREEMENT = "ab" * 16
OTHER_AGREEMENT = "cd" * 16


@pytest.fixture(scope="module")
def full(one_store: Store) -> Store:
    """Two agreements with candidates, and a society without any."""
    with one_store.as_unit() as session:
        fill(session, draw_agreement(), candidates=3000, records=200, on=TODAY)
    with one_store.as_unit() as session:
        other = draw_agreement(agreement_id=OTHER_AGREEMENT, parties=(TWO, THREE))
        fill(session, other, candidates=200, records=50, on=TODAY)
    with one_store.as_unit() as session:
        empty = draw_agreement(agreement_id="ef" * 16, parties=(ONE, FOUR))
        fill(session, empty, candidates=0, records=0, on=TODAY)
    return one_store


@pytest.fixture(scope="module")
def service(full: Store) -> TestClient:
    return serve(full, user_rate=10_000, society_rate=10_000, listing_rate=10_000, most_misses=9999)


def caller(service: TestClient, store: Store, society: str | None, role: str) -> TestClient:
    token = token_for(store, society, role)
    return TestClient(service.app, headers=bearing(token), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def calls(service: TestClient, full: Store) -> dict[str, TestClient]:
    return {one: caller(service, full, one, "tracing-officer") for one in (ONE, TWO, THREE, FOUR)}


def pages(client: TestClient, **query: Any) -> Iterator[dict[str, Any]]:
    after = {}
    while True:
        answer = client.get("/v1/candidates", params={**query, **after})
        assert answer.status_code == 200
        page = answer.json()
        yield page
        if not page["more"]:
            return
        after = {"after": page["next"]}


def everything(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    return [item for page in pages(client, **query) for item in page["items"]]


def sides(store: Store, society: str) -> list[CandidateSide]:
    with store.as_unit() as session:
        found = session.scalars(
            select(CandidateSide)
            .where(CandidateSide.society == society, CandidateSide.listed)
            .order_by(CandidateSide.score.desc(), CandidateSide.candidate_id)
        ).all()
        session.expunge_all()
    return list(found)


@pytest.mark.parametrize("limit", [67, 100])
def test_all_pages_together_are_all_of_a_societys_candidates_in_order(
    calls: dict[str, TestClient], full: Store, limit: int
) -> None:
    listed = everything(calls[TWO], limit=limit)
    assert [one["id"] for one in listed] == [one.candidate_id.hex() for one in sides(full, TWO)]
    assert {one["agreement"] for one in listed} == {AGREEMENT, OTHER_AGREEMENT}


def test_a_candidate_is_what_the_schema_says(calls: dict[str, TestClient], full: Store) -> None:
    listed = everything(calls[TWO], limit=100)
    passes = [part.name for part in draw_agreement().scheme.passes]
    for item, side in zip(listed, sides(full, TWO), strict=True):
        told = routes.Candidate.model_validate(item)
        assert told.reference == side.reference.hex()
        assert (told.role, told.other_role) == (ROLES[side.role], ROLES[side.other_role])
        assert (told.band, told.score, told.state) == (BANDS[side.band], side.score, side.state)
        assert told.verdict == side.verdict
        assert [one.passed for one in told.evidence] == passes[: len(side.levels)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"band": "strong"}, lambda one: one["band"] == "strong"),
        ({"band": ["strong", "weak"]}, lambda one: one["band"] in {"strong", "weak"}),
        ({"state": "confirmed"}, lambda one: one["state"] == "confirmed"),
        ({"agreement": OTHER_AGREEMENT}, lambda one: one["agreement"] == OTHER_AGREEMENT),
        (
            {"state": ["new", "rejected"], "band": "possible", "agreement": AGREEMENT},
            lambda one: (
                one["state"] in {"new", "rejected"}
                and one["band"] == "possible"
                and one["agreement"] == AGREEMENT
            ),
        ),
        ({"agreement": "99" * 16}, lambda _: False),
    ],
)
def test_filters(calls: dict[str, TestClient], query: dict[str, Any], wanted: Any) -> None:
    assert everything(calls[TWO], limit=100, **query) == [
        one for one in everything(calls[TWO], limit=100) if wanted(one)
    ]


def test_evidence_is_told_by_the_passes_under_which_it_was_found(
    calls: dict[str, TestClient], full: Store
) -> None:
    key = sides(full, ONE)[0].candidate_id
    levels, weights = [0, 1, 2, 3, 0], [9.1234, 2.0, -3.5, 0.0, 8.0]
    passes = ["one", "two", "three", "four", "five"]
    with full.as_unit() as session:
        session.add(PassNames(agreement=AGREEMENT, number=2, passes=passes))
        session.execute(
            update(CandidateSide)
            .where(CandidateSide.candidate_id == key)
            .values(levels=levels, weights=weights, passes=2)
        )
    told = calls[ONE].get(f"/v1/candidates/{key.hex()}").json()
    assert [one["pass"] for one in told["evidence"]] == passes
    assert [one["level"] for one in told["evidence"]] == [LEVELS[level] for level in levels]
    assert told["evidence"][0]["weight"] == 9.123


def test_the_words_of_the_schema_are_those_of_the_code() -> None:
    words = {
        routes.BandName: BANDS,
        routes.LevelName: LEVELS,
        routes.RoleName: ROLES,
        routes.StateName: CANDIDATE.states,
        routes.Verdict: candidates.VERDICTS,
        routes.NoteCode: candidates.NOTE_CODES,
    }
    for literal, known in words.items():
        assert set(get_args(literal)) == set(known)


def sent(answer: Any) -> int:
    """Bytes of an answer but for the request's own id and what a proxy decides."""
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
    return head + len(answer.reason_phrase) + len(answer.content)


def test_an_answer_tells_by_its_size_what_was_asked_and_not_what_is_there(
    calls: dict[str, TestClient], full: Store
) -> None:
    for limit in (1, 25, 100):
        for query in ({}, {"band": "strong"}, {"state": "confirmed"}, {"agreement": "99" * 16}):
            sizes = {
                sent(client.get("/v1/candidates", params={"limit": limit, **query}))
                for client in calls.values()
            }
            assert len(sizes) == 1
    key = sides(full, ONE)[0].candidate_id.hex()
    for path in ("", "/disclosure"):
        sizes = {
            sent(client.get(f"/v1/candidates/{one}{path}"))
            for client in calls.values()
            for one in (key, "00" * 16)
        }
        assert len(sizes) == 1


def test_the_largest_candidate_fits_into_its_slot() -> None:
    widest = {
        name: max(get_args(literal), key=len)
        for name, literal in (
            ("band", routes.BandName),
            ("state", routes.StateName),
            ("verdict", routes.Verdict),
        )
    }

    def of(kind: type[BaseModel], **said: Any) -> BaseModel:
        return kind.model_construct(**said)

    evidence = [{"pass": "a" * 30, "level": "differ", "weight": -123.456} for _ in range(5)]
    item = {
        "id": "0" * 32, "agreement": "0" * 32, "reference": "0" * 32, "role": "registered",
        "other_role": "registered", "score": -123.456, "evidence": evidence, "kin": 123.456,
        "attributes": dict.fromkeys(routes.OUTCOMES, "differ"), "refinement": "requested",
        "since": "2026-01-01", "version": 2**31, "feedback": "rejected", **widest,
    }  # fmt: skip
    assert len(routes._json(item).body) + 1 <= routes.SLOT


def test_pages_past_the_end_are_empty_and_name_a_next_one(calls: dict[str, TestClient]) -> None:
    for client in (calls[ONE], calls[FOUR]):
        *_, last = pages(client, limit=100)
        after = last["next"]
        for _ in range(2):
            answer = client.get("/v1/candidates", params={"after": after})
            assert answer.json()["items"] == []
            assert answer.json()["more"] is False
            after = answer.json()["next"]


def test_nothing_takes_as_long_as_something(calls: dict[str, TestClient]) -> None:
    for client in (calls[ONE], calls[FOUR]):
        begun = time.perf_counter()
        client.get("/v1/candidates")
        assert time.perf_counter() - begun >= TICK_SECONDS


@pytest.mark.parametrize(
    ("after", "status"),
    [
        ("A" * 31, 422),
        ("A" * 33, 422),
        ("!" * 32, 422),
        ("f" + "_" * 31, 422),  # a score that is no number
        ("A" * 32, 200),
    ],
)
def test_a_page_after_something_made_up(
    calls: dict[str, TestClient], after: str, status: int
) -> None:
    answer = calls[ONE].get("/v1/candidates", params={"after": after})
    assert answer.status_code == status


def test_what_a_night_found_shows_from_the_hour_on(full: Store) -> None:
    def at(when: datetime) -> int:
        settings = Settings.load(data_folder=full.folder, results_hour=6)
        app = make_app(full, settings, clock=lambda: when)
        client = TestClient(app, headers=bearing(token))
        shown = client.get("/v1/candidates").json()["items"]
        assert client.get(f"/v1/candidates/{key}").status_code == (200 if shown else 404)
        return len(shown)

    token = token_for(full, ONE)
    key = sides(full, ONE)[0].candidate_id.hex()
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    assert at(midnight + timedelta(hours=5, minutes=59)) == 0
    assert at(midnight + timedelta(hours=6)) == 25
    assert at(midnight + timedelta(hours=25)) == 25


def undecided(store: Store) -> tuple[str, str, str]:
    """A candidate that nobody has decided on, and its two societies."""
    with store.as_unit() as session:
        key = session.scalars(
            select(CandidateSide.candidate_id)
            .where(CandidateSide.state == "open", CandidateSide.agreement == AGREEMENT)
            .order_by(CandidateSide.candidate_id)
            .limit(1)
        ).one()
        one, other = session.scalars(
            select(CandidateSide.society)
            .where(CandidateSide.candidate_id == key)
            .order_by(CandidateSide.society)
        )
    return key.hex(), one, other


def decide(client: TestClient, key: str, verdict: str, **more: Any) -> Any:
    cleared = {"safeguarding": True, "consulted": True}
    if verdict == "confirm":
        way = {"answers": answers_of_fiction("consent"), "version": 1}
        client.post(f"/v1/candidates/{key}/sharing", json=way)
    said = {"verdict": verdict, "version": 1, **cleared, **more}
    return client.post(f"/v1/candidates/{key}/decisions", json=said)


def test_both_confirm_and_only_then_learn_who_the_other_is(
    calls: dict[str, TestClient], full: Store
) -> None:
    key, one, other = undecided(full)
    third = next(iter({ONE, TWO, THREE} - {one, other}))
    assert decide(calls[one], key, "confirm").json() == {
        "state": "half_confirmed",
        "disclosed": False,
    }
    assert calls[one].get(f"/v1/candidates/{key}").json()["feedback"] == "pending"
    told = calls[other].get(f"/v1/candidates/{key}")
    assert told.json()["feedback"] == "accepted"
    assert one not in told.text
    for client in calls.values():
        assert client.get(f"/v1/candidates/{key}/disclosure").status_code == 404
    assert decide(calls[other], key, "confirm", note_code="details-agree").json() == {
        "state": "confirmed",
        "disclosed": True,
    }
    for own, them in ((one, other), (other, one)):
        disclosure = calls[own].get(f"/v1/candidates/{key}/disclosure").json()
        theirs = calls[them].get(f"/v1/candidates/{key}").json()
        assert disclosure == {"society": them, "reference": theirs["reference"]}
    for stranger in (third, FOUR):
        assert calls[stranger].get(f"/v1/candidates/{key}/disclosure").status_code == 404
    with full.as_unit() as session:
        seen = session.scalars(
            select(AuditEntry.society).where(
                AuditEntry.action == "disclosure.see", AuditEntry.subject == f"candidate {key}"
            )
        ).all()
        assert set(seen) == {one, other}


def test_what_is_of_others_is_as_if_it_were_not_there(
    calls: dict[str, TestClient], full: Store
) -> None:
    key, one, other = undecided(full)
    (third,) = {ONE, TWO, THREE} - {one, other}
    nothing = "00" * 16

    def told(answer: Any) -> Any:
        return answer.status_code, answer.content

    for client in (calls[third], calls[FOUR]):
        for path in ("/v1/candidates/{}", "/v1/candidates/{}/disclosure"):
            assert told(client.get(path.format(key))) == told(client.get(path.format(nothing)))
        for verdict in candidates.VERDICTS:
            foreign = decide(client, key, verdict)
            assert told(foreign) == told(decide(client, nothing, verdict))
            assert foreign.status_code == 404
    assert calls[one].get(f"/v1/candidates/{key}").json()["verdict"] is None


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"verdict": "maybe"}, 422),
        ({"version": 0}, 422),
        ({"version": 2}, 409),
        ({"note_code": "Amina asked not to be found"}, 422),
        ({"note": "words"}, 422),
    ],
)
def test_decisions_that_are_none(
    calls: dict[str, TestClient], full: Store, said: dict[str, Any], status: int
) -> None:
    key, one, _ = undecided(full)
    answer = decide(calls[one], key, **{"verdict": "confirm", **said})
    assert answer.status_code == status
    assert "Amina" not in answer.text
    assert calls[one].get(f"/v1/candidates/{key}").json()["verdict"] is None


@pytest.mark.parametrize("role", ["data-protection-officer", "analyst"])
def test_who_may_not_see_candidates(service: TestClient, full: Store, role: str) -> None:
    client = caller(service, full, ONE, role)
    key = sides(full, ONE)[0].candidate_id.hex()
    assert client.get("/v1/candidates").status_code == 403
    assert client.get(f"/v1/candidates/{key}").status_code == 403
    assert client.get(f"/v1/candidates/{key}/disclosure").status_code == 403
    assert decide(client, key, "confirm").status_code == 403


def test_who_saw_what_is_noted_and_the_log_stays_whole(
    service: TestClient, calls: dict[str, TestClient], full: Store, tmp_path: Path
) -> None:
    accesses = service.app.state.serving.accesses
    accesses.write()
    with full.as_unit() as session:
        before = session.scalars(
            select(AuditEntry.number).order_by(AuditEntry.number.desc())
        ).first()
    listed = calls[TWO].get("/v1/candidates", params={"limit": 3}).json()["items"]
    calls[TWO].get(f"/v1/candidates/{listed[1]['id']}")
    calls[FOUR].get("/v1/candidates")
    accesses.write()
    with full.as_unit() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.number > before).order_by(AuditEntry.number)
        ).all()
        noted = [(one.society, one.action, one.subject, one.details) for one in entries]
        key = audit.signing_key(tmp_path / "key").public_key()
        assert audit.verify(session, key, tmp_path / "none").findings == ()
    beginnings = [one["id"][:16] for one in listed]
    assert noted == [
        (TWO, "candidates.list", "candidates", f'{{"seen":"{"".join(beginnings)}"}}'),
        (TWO, "candidate.see", f"candidate {listed[1]['id']}", f'{{"seen":"{beginnings[1]}"}}'),
        (FOUR, "candidates.list", "candidates", '{"seen":""}'),
    ]
