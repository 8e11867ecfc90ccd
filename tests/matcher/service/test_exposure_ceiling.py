"""A batch that would show more of people than its agreement allows: over HTTP, and its refusal."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from calling import bearing, serve, token_for
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, sought, write
from starlette.testclient import TestClient

from matcher.formats.agreement import Agreement
from matcher.formats.envelope import write_envelope
from matcher.formats.identity import Identity
from matcher.service import uploads
from matcher.store import Store, acceptance

IDENTITIES = {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}
CEILINGS = {"exposure_ceiling": 0.2, "evidence_ceiling": 5.0}

Sent = Callable[[Agreement, int, str], dict[str, Any]]


def drawn(store: Store, **ceilings: float) -> Agreement:
    public = [one.public for one in IDENTITIES.values()]
    return add(store, draw_agreement(identities=public, **ceilings))


@pytest.fixture
def sent(store: Store, tmp_path: Path) -> Sent:
    """Send the same 30 people under references of an edition, and tell what became of the batch."""

    def send(agreement: Agreement, number: int, edition: str) -> dict[str, Any]:
        client = TestClient(serve(store).app, headers=bearing(token_for(store, ONE)))
        batch = write(tmp_path / edition, agreement, ONE, sought(*range(30)), edition=edition)
        path = tmp_path / f"{edition}.envelope"
        write_envelope(batch, path, identity=IDENTITIES[ONE], agreement=agreement, number=number)
        content = path.read_bytes()
        digest = hashlib.sha256(content)
        made = client.post(
            "/v1/batches",
            json={
                "agreement": agreement.agreement_id,
                "digest": f"sha256:{digest.hexdigest()}",
                "size": len(content),
            },
        ).raise_for_status()
        batch_id = made.json()["id"]
        encoded = base64.b64encode(digest.digest()).decode()
        client.put(
            f"/v1/batches/{batch_id}/parts/0",
            content=content,
            headers={"Content-Digest": f"sha-256=:{encoded}:"},
        ).raise_for_status()
        client.post(f"/v1/batches/{batch_id}/finish").raise_for_status()
        envelope = uploads.assembled(store, batch_id)  # from here on as the worker does it
        acceptance.accept(
            store, batch_id, envelope, identity=IDENTITIES["hub"], on=TODAY, threads=1
        )
        told: dict[str, Any] = client.get(f"/v1/batches/{batch_id}").raise_for_status().json()
        return told

    return send


@pytest.mark.rule("exposure.within-ceiling", "passes")
@pytest.mark.rule("exposure.within-ceiling", "refuses")
@pytest.mark.parametrize(
    ("ceiling", "figure"),
    [("exposure_ceiling", "visibly resemble"), ("evidence_ceiling", "all distances would say")],
)
def test_a_batch_beyond_a_ceiling_is_refused_with_the_rule_and_the_figures(
    store: Store, sent: Sent, ceiling: str, figure: str
) -> None:
    agreement = drawn(store, **{ceiling: CEILINGS[ceiling]})
    assert sent(agreement, 1, "first")["state"] == "accepted"
    # Everybody once more, as if they were others: each then resembles somebody.
    refused = sent(agreement, 2, "second")
    assert refused["state"] == "refused"
    (problem,) = refused["problems"]
    assert "[exposure.within-ceiling]" in problem
    assert "60 records would be held" in problem
    assert figure in problem
    assert f"allows {CEILINGS[ceiling]:.3g}" in problem


def test_a_batch_beyond_both_ceilings_is_told_of_both(store: Store, sent: Sent) -> None:
    agreement = drawn(store, **CEILINGS)
    sent(agreement, 1, "first")
    (problem,) = sent(agreement, 2, "second")["problems"]
    assert "visibly resemble" in problem
    assert "all distances would say" in problem


def test_without_a_ceiling_the_same_batch_is_taken_in(store: Store, sent: Sent) -> None:
    agreement = drawn(store)
    assert [sent(agreement, n, edition)["state"] for n, edition in ((1, "a"), (2, "b"))] == [
        "accepted", "accepted",
    ]  # fmt: skip
