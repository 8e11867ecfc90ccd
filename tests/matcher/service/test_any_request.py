"""Requests drawn from the service's own description, right and wrong ones: never an error of ours.

They go over HTTP to a service that runs as an operator runs it. `KINMATCH_FUZZ` says how many are
drawn for each operation; `make fuzz` draws many.
"""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from calling import bearing
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from people import ONE, THREE, TWO, draw_agreement
from running_unit import Unit, token_of, trying
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks
from watching import MOST_SECONDS, Watched, keep_summary, summary

from benchmarks.service.filling import fill
from matcher.formats.identity import Identity
from matcher.store import open_store

EXAMPLES = int(os.environ.get("KINMATCH_FUZZ", "4"))
MOST_GROWTH = 128 * 2**20
"""Bytes that the service may grow by."""

# A parameter that no route knows is let pass, and what fits may still be too much.
NOT_HELD = [checks.negative_data_rejection, checks.positive_data_acceptance]

# Who may do most with the operations of a tag.
ROLES = {"aggregates": "analyst", "audit": "data-protection-officer", "health": "operator"}

UNLIMITED = {
    "KINMATCH_USER_RATE": "1e6", "KINMATCH_SOCIETY_RATE": "1e6", "KINMATCH_LISTING_RATE": "1e6",
    "KINMATCH_STRANGER_RATE": "1e6", "KINMATCH_MOST_MISSES": "1000000",
    "KINMATCH_MOST_BATCHES_A_DAY": "1000000", "KINMATCH_MOST_PART_BYTES": "65536",
    "KINMATCH_MOST_BATCH_BYTES": str(2**40), "KINMATCH_MOST_OPEN_BYTES": str(2**50),
    "KINMATCH_LEAST_FREE_BYTES": "0", "KINMATCH_RESULTS_HOUR": "0",
    "KINMATCH_PROXIES": '["10.9.9.9"]',  # so that nobody is let in for being on this machine
}  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Unit, dict[str, dict[str, str]]]]:
    """A running service with candidates, and what callers of every role send along."""
    with tempfile.TemporaryDirectory(prefix="kinmatch-fuzz-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the database's system user must get in
        unit = Unit(folder, UNLIMITED)
        identities = {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}
        agreement = draw_agreement(
            valid_until=date(2099, 12, 31), identities=[one.public for one in identities.values()]
        )
        unit.set_up(agreement, identities["hub"])
        with open_store(unit.settings, None) as store, unit.running(), unit.client(ONE) as client:
            with store.as_unit() as session:
                fill(session, agreement, candidates=90, records=20, on=datetime.now(UTC).date())
                roles = {*ROLES.values(), "tracing-officer"}
                tokens = {
                    role: bearing(token_of(session, None if role == "operator" else ONE, role))
                    for role in sorted(roles - {"tracing-officer"})
                }
            tokens["tracing-officer"] = bearing(unit.tokens[ONE])
            trying(lambda: client.get("/health/ready").status_code == 200 or None)
            yield unit, tokens


def check(
    operation: Any, mode: GenerationMode, headers: dict[str, str], http: requests.Session,
    watched: Watched,
) -> None:  # fmt: skip
    def noted(_: object, response: schemathesis.Response, __: schemathesis.Case) -> None:
        watched.note(response.status_code, response.elapsed)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: schemathesis.Case) -> None:
        case.call_and_validate(
            headers=headers, session=http, timeout=MOST_SECONDS, additional_checks=[noted],
            excluded_checks=NOT_HELD,
        )  # fmt: skip

    answered()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_what_the_description_says(
    served: tuple[Unit, dict[str, dict[str, str]]], mode: GenerationMode
) -> None:
    unit, tokens = served
    problems = []
    described = schemathesis.openapi.from_url(f"http://127.0.0.1:{unit.port}/openapi.json")
    before, watched = unit.serve.peak_bytes, Watched(unit.client(ONE))
    operations = [found.ok() for found in described.get_all_operations()]
    with requests.Session() as http:
        for operation in operations:
            role = next((ROLES[tag] for tag in operation.tags if tag in ROLES), "tracing-officer")
            try:
                check(operation, mode, tokens[role], http, watched)
            except Unsatisfiable:
                continue  # nothing can be sent that does not fit
            except (Exception, BaseExceptionGroup) as error:
                problems.append(f"{operation.label}: {error!r}")
    assert not problems, "\n\n".join(problems)
    grown = unit.serve.peak_bytes - before
    keep_summary(
        f"requests_{mode.value}",
        {
            "operations": len(operations),
            "drawn_for_each": EXAMPLES,
            **summary(watched),
            "peak_bytes_before": before,
            "peak_bytes_grown_by": grown,
        },
    )
    assert grown < MOST_GROWTH
    assert unit.serve.starts == 1
