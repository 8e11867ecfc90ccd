"""Steps of hardening and salts are what they were, and what plain Python makes of them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hardening_vectors import STEPS, as_text, make

from encoders.hardening.drawing import permutation
from matcher.formats.steps import Step

FILE = Path(__file__).with_name("hardening.json")
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def test_nothing_has_changed() -> None:
    assert as_text(make()) == FILE.read_text(encoding="utf-8")


def test_every_step_has_a_vector() -> None:
    seen = {step["step"] for vector in VECTORS["steps"] for step in vector["hardening"]}
    known = {kind.model_fields["step"].default for kind in Step.__args__[0].__args__}
    assert seen == known
    assert len(VECTORS["steps"]) == len(STEPS)


@pytest.mark.parametrize("vector", VECTORS["salts"], ids=lambda vector: f"salt {vector['id']}")
def test_plain_python_makes_the_salts(vector: dict[str, Any]) -> None:
    def behind_length(text: str) -> bytes:
        return len(text.encode()).to_bytes(4, "big") + text.encode()

    content = b"".join(
        len(view["tokens"]).to_bytes(4, "big")
        + b"".join(map(behind_length, [view["view"], *sorted(view["tokens"])]))
        for view in vector["views"]
    )
    assert hashlib.sha256(content).hexdigest()[:32] == vector["salt"]


def test_a_permutation_by_hand() -> None:
    """Fisher and Yates's shuffle of four, its three draws read off the stream."""
    stream = hashlib.shake_256(b"key" + bytes(4)).digest(12)
    i, j, k = (int.from_bytes(stream[at : at + 4], "little") for at in (0, 4, 8))
    order = [0, 1, 2, 3]
    for place, draw in ((3, i % 4), (2, j % 3), (1, k % 2)):
        order[place], order[draw] = order[draw], order[place]
    assert permutation(b"key", 0, 4) == order


def test_all_bits_balance() -> None:
    (vector,) = (one for one in VECTORS["steps"] if one["comment"] == "balancing")
    weights = {int(output, 16).bit_count() for output in vector["outputs"]}
    assert weights == {VECTORS["bits"]}


def test_records_have_a_fingerprint_where_they_have_a_salt() -> None:
    one, other, without = (vector["fingerprints"] for vector in VECTORS["records"])
    assert set(without.values()) == {None}
    assert all(one[name] != other[name] for name in one)
