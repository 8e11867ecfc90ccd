"""Requests drawn from the service's own description, right and wrong ones: never an error of ours.

`KINMATCH_FUZZ` says how many are drawn for each operation; `make fuzz` draws many.
"""

import os
from typing import Any

import pytest
import schemathesis
from calling import bearing, serve, token_for
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from people import ONE, TODAY, draw_agreement
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from benchmarks.service.filling import fill
from matcher.store import Store

EXAMPLES = int(os.environ.get("KINMATCH_FUZZ", "4"))

# A parameter that no route knows is let pass, and what fits may still be too much.
NOT_HELD = [checks.negative_data_rejection, checks.positive_data_acceptance]

# Who may do most with the operations of a tag.
ROLES = {"aggregates": "analyst", "audit": "data-protection-officer", "health": "operator"}


@pytest.fixture(scope="module")
def full(one_store: Store) -> Store:
    with one_store.as_unit() as session:
        fill(session, draw_agreement(), candidates=90, records=20, on=TODAY)
    return one_store


@pytest.fixture(scope="module")
def tokens(full: Store) -> dict[str, dict[str, str]]:
    return {
        role: bearing(token_for(full, None if role == "operator" else ONE, role))
        for role in {*ROLES.values(), "tracing-officer"}
    }


@pytest.fixture(scope="module")
def described(full: Store) -> Any:
    """The service's description, and the service behind it."""
    service = serve(
        full, user_rate=1e6, society_rate=1e6, listing_rate=1e6, stranger_rate=1e6,
        most_misses=10**9,
        most_batches_a_day=10**9, most_part_bytes=2**16, most_batch_bytes=2**40,
        most_open_bytes=2**50, store_keys_file=full.folder / "store-keys.json",
    )  # fmt: skip
    return schemathesis.openapi.from_asgi("/openapi.json", service.app)


def check(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers, excluded_checks=NOT_HELD)

    answered()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_what_the_description_says(
    described: Any, tokens: dict[str, dict[str, str]], mode: GenerationMode
) -> None:
    problems = []
    for found in described.get_all_operations():
        operation = found.ok()
        role = next((ROLES[tag] for tag in operation.tags if tag in ROLES), "tracing-officer")
        try:
            check(operation, mode, tokens[role])
        except Unsatisfiable:
            continue  # nothing can be sent that does not fit
        except (Exception, BaseExceptionGroup) as error:
            problems.append(f"{operation.label}: {error!r}")
    assert not problems, "\n\n".join(problems)
