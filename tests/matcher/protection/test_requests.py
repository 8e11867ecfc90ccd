"""Requests by who is no humanitarian: refused, and an authority's to the commission first."""

import json
from typing import Any

import pytest
from people import ONE, TWO, add, draw_agreement

from matcher.protection import requests
from matcher.store.database import Store


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


def decide(run: Any, unit: Store, key: str, *more: str) -> Any:
    said = ("--by", "A. Person", "--reason", "against the mandate")
    return run("requests", "decide", key, *said, *more, "--data-folder", unit.folder)


@pytest.mark.rule("requests.refused-by-default", "passes")
@pytest.mark.rule("requests.commission-first", "passes")
@pytest.mark.parametrize(
    ("words", "state"), [((), "refused_by_commission"), (("--grant",), "granted")]
)
def test_an_authoritys_request_goes_to_the_commission_which_decides_once(
    unit: Store, run: Any, words: tuple[str, ...], state: str
) -> None:
    key = asked(run, unit, "--authority", "--society", ONE)
    assert register(run, unit)[0]["state"] == "refused"
    assert run("requests", "commission", key, "--data-folder", unit.folder).status == 0
    assert register(run, unit)[0]["state"] == "before_commission"
    assert decide(run, unit, key, *words).status == 0
    (told,) = register(run, unit)
    assert (told["state"], told["decided_by"]) == (state, "A. Person")
    assert decide(run, unit, key).status == 2
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
    unit: Store, run: Any, words: tuple[str, ...]
) -> None:
    key = asked(run, unit, "--authority")
    ended = decide(run, unit, key, *words)
    assert ended.status == 2
    assert "[requests.commission-first]" in ended.said
    assert register(run, unit)[0]["state"] == "refused"


def test_a_decision_has_a_reason_and_a_society_sees_its_own_requests(unit: Store, run: Any) -> None:
    key = asked(run, unit, "--authority", "--society", ONE)
    run("requests", "commission", key, "--data-folder", unit.folder)
    short = ("--by", "A. Person", "--reason", "no")
    assert run("requests", "decide", key, *short, "--data-folder", unit.folder).status == 2
    for society, count in ((ONE, 1), (TWO, 0)):
        with unit.as_society(society) as session:
            assert len(requests.requests(session)) == count
    ended = run(
        *("requests", "add", "--requester", " ", "--asks-for", "x"),
        *("--data-folder", unit.folder),
    )
    assert ended.status == 2
