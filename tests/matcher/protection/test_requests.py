"""Requests by who is no humanitarian: refused, and an authority's to the commission first."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from people import ONE, TWO, add, draw_agreement
from sqlalchemy import select

from matcher.protection import requests
from matcher.store.database import Store
from matcher.store.models import AuditEntry


@pytest.fixture
def unit(store: Store) -> Store:
    add(store, draw_agreement())
    return store


def asked(run: Any, unit: Store, *more: str) -> str:
    ended = run(
        *("requests", "add", "--requester", "an office", "--asks-for", "a list", *more),
        *("--data-folder", unit.folder),
    )
    assert ended.status == 0, ended.said
    return str(ended.out.strip())


def register(run: Any, unit: Store) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(
        run("requests", "list", "--json", "--data-folder", unit.folder).out
    )
    return told


def user(run: Any, unit: Store, *, trained: bool = True, duty: str | None = "commission") -> str:
    """A user of the linkage unit, who may sign for the commission unless something is left out."""
    here = ("--data-folder", unit.folder)
    name = f"person {trained} {duty}"
    made = str(run("user", "add", name, "--role", "operator", *here).out.strip())
    if trained:
        until = ("--valid-until", date.today() + timedelta(days=30))
        assert run("user", "train", made, "--course", "data protection", *until, *here).status == 0
    if duty is not None:
        assert run("user", "duty", made, duty, *here).status == 0
    return made


def decide(run: Any, unit: Store, key: str, by: str, *more: str) -> Any:
    said = ("--by", by, "--reason", "against the mandate")
    return run("requests", "decide", key, *said, *more, "--data-folder", unit.folder)


@pytest.fixture
def member(run: Any, unit: Store) -> str:
    return user(run, unit)


@pytest.mark.rule("requests.refused-by-default", "passes")
@pytest.mark.rule("requests.commission-first", "passes")
@pytest.mark.rule("requests.commission-decides", "passes")
@pytest.mark.parametrize(
    ("words", "state"), [((), "refused_by_commission"), (("--grant",), "granted")]
)
def test_an_authoritys_request_goes_to_the_commission_which_decides_once(
    unit: Store, run: Any, member: str, words: tuple[str, ...], state: str
) -> None:
    key = asked(run, unit, "--authority", "--society", ONE)
    assert register(run, unit)[0]["state"] == "refused"
    assert run("requests", "commission", key, "--data-folder", unit.folder).status == 0
    assert register(run, unit)[0]["state"] == "before_commission"
    assert decide(run, unit, key, member, *words).status == 0
    (told,) = register(run, unit)
    assert (told["state"], told["decided_by"]) == (state, member)
    with unit.as_unit() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1)).one()
        assert last.actor == member
    assert decide(run, unit, key, member).status == 2
    assert run("requests", "commission", key, "--data-folder", unit.folder).status == 2


@pytest.mark.rule("requests.refused-by-default", "refuses")
def test_anybody_elses_request_stays_refused(unit: Store, run: Any) -> None:
    key = asked(run, unit)
    ended = run("requests", "commission", key, "--data-folder", unit.folder)
    assert ended.status == 2
    assert "[requests.refused-by-default]" in ended.said
    assert register(run, unit)[0]["state"] == "refused"


@pytest.mark.rule("requests.commission-first", "refuses")
@pytest.mark.parametrize("words", [(), ("--grant",)])
def test_nobody_answers_before_the_commission(
    unit: Store, run: Any, member: str, words: tuple[str, ...]
) -> None:
    key = asked(run, unit, "--authority")
    ended = decide(run, unit, key, member, *words)
    assert ended.status == 2
    assert "[requests.commission-first]" in ended.said
    assert register(run, unit)[0]["state"] == "refused"


@pytest.mark.parametrize(
    ("left_out", "rule"),
    [
        pytest.param(
            {"duty": None}, "requests.commission-decides",
            marks=pytest.mark.rule("requests.commission-decides", "refuses"),
        ),
        ({"duty": "advisory-group"}, "requests.commission-decides"),
        ({"trained": False}, "access.training-current"),
    ],
)  # fmt: skip
def test_nobody_answers_for_the_commission_who_is_no_trained_member(
    unit: Store, run: Any, left_out: dict[str, Any], rule: str
) -> None:
    key = asked(run, unit, "--authority")
    run("requests", "commission", key, "--data-folder", unit.folder)
    ended = decide(run, unit, key, user(run, unit, **left_out))
    assert ended.status == 2
    assert f"[{rule}]" in ended.said
    assert register(run, unit)[0]["state"] == "before_commission"


def test_nobody_answers_for_the_commission_who_left_or_never_was(
    unit: Store, run: Any, member: str
) -> None:
    key = asked(run, unit, "--authority")
    run("requests", "commission", key, "--data-folder", unit.folder)
    run("user", "close", member, "--data-folder", unit.folder)
    assert "[requests.commission-decides]" in decide(run, unit, key, member).said
    for nobody in (str(UUID(int=0)), "A. Person"):
        assert decide(run, unit, key, nobody).status == 2
    assert register(run, unit)[0]["state"] == "before_commission"


def test_a_decision_has_a_reason_and_a_society_sees_its_own_requests(
    unit: Store, run: Any, member: str
) -> None:
    key = asked(run, unit, "--authority", "--society", ONE)
    run("requests", "commission", key, "--data-folder", unit.folder)
    short = ("--by", member, "--reason", "no")
    assert run("requests", "decide", key, *short, "--data-folder", unit.folder).status == 2
    for society, count in ((ONE, 1), (TWO, 0)):
        with unit.as_society(society) as session:
            assert len(requests.requests(session)) == count
    ended = run(
        *("requests", "add", "--requester", " ", "--asks-for", "x"),
        *("--data-folder", unit.folder),
    )
    assert ended.status == 2
