"""Batches without marks, as their society meets the rule over HTTP."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, sought, write
from starlette.testclient import TestClient

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Rows, read_batch, write_batch
from matcher.formats.envelope import write_envelope
from matcher.formats.identity import Identity
from matcher.service import uploads
from matcher.store import acceptance
from matcher.store.database import Store

IDENTITIES = {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}

Submit = Callable[[Path], tuple[str, list[str]]]


@pytest.fixture
def agreement(store: Store) -> Agreement:
    return add(store, draw_agreement(identities=[one.public for one in IDENTITIES.values()]))


@pytest.fixture
def submitted(
    store: Store, agreement: Agreement, serve: Callable[..., TestClient], tmp_path: Path
) -> Submit:
    """Seals a batch, sends it over HTTP, has it validated; gives the state and the problems."""

    def submit(batch: Path) -> tuple[str, list[str]]:
        path = tmp_path / "envelope"
        write_envelope(batch, path, identity=IDENTITIES[ONE], agreement=agreement, number=1)
        content, client = path.read_bytes(), serve(ONE)
        digest = hashlib.sha256(content)
        about = {
            "agreement": agreement.agreement_id, "digest": f"sha256:{digest.hexdigest()}",
            "size": len(content),
        }  # fmt: skip
        begun = client.post("/v1/batches", json=about).json()["id"]
        said = {"Content-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"}
        client.put(f"/v1/batches/{begun}/parts/0", content=content, headers=said)
        client.post(f"/v1/batches/{begun}/finish")
        envelope = uploads.assembled(store, begun)
        acceptance.accept(store, begun, envelope, identity=IDENTITIES["hub"], on=TODAY, threads=1)
        told = client.get(f"/v1/batches/{begun}").json()
        return told["state"], told["problems"]

    return submit


@pytest.mark.rule("deletion.marks-present", "passes")
def test_a_batch_with_marks_is_taken_in(
    submitted: Submit, agreement: Agreement, tmp_path: Path
) -> None:
    assert submitted(write(tmp_path / "batch", agreement, ONE, sought(1, 2))) == ("accepted", [])


@pytest.mark.rule("deletion.marks-present", "refuses")
def test_a_batch_without_marks_is_refused(
    store: Store, submitted: Submit, agreement: Agreement, tmp_path: Path
) -> None:
    batch = write(tmp_path / "batch", agreement, ONE, sought(1, 2), marked=False)
    state, (problem,) = submitted(batch)
    assert state == "refused"
    assert "2 of 2 rows" in problem
    assert problem.endswith("[deletion.marks-present]")
    assert store.fingerprints.ids() == set()


def test_a_batch_with_one_row_without_a_mark_is_refused(
    submitted: Submit, agreement: Agreement, tmp_path: Path
) -> None:
    """A row that was emptied, as the linkage unit itself does it, is not sent by a society."""
    whole = read_batch(write(tmp_path / "whole", agreement, ONE, sought(1, 2)), agreement)
    (tmp_path / "batch").write_bytes(whole.without(np.array([1])).getvalue())
    state, (problem,) = submitted(tmp_path / "batch")
    assert state == "refused"
    assert "1 of 2 rows" in problem


def test_marks_of_no_nonce_are_refused(
    submitted: Submit, agreement: Agreement, tmp_path: Path
) -> None:
    """With the same nonce in every batch, batches could be laid side by side."""
    whole = read_batch(write(tmp_path / "whole", agreement, ONE, sought(1, 2)), agreement)
    rows = Rows(
        references=whole.references, roles=whole.roles, relations=whole.relations,
        known=whole.known, cases=whole.cases, has_case=whole.has_case, marks=whole.marks,
        fingerprints={part.name: whole.fingerprints(part.name) for part in agreement.scheme.passes},
    )  # fmt: skip
    write_batch(tmp_path / "batch", society=ONE, agreement=agreement, groups=[rows])
    state, (problem,) = submitted(tmp_path / "batch")
    assert state == "refused"
    assert "nonce" in problem
