"""The bits of `standard/1`, for good: by our code, and by a plain one written from its README."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from standard_vectors import agreement, as_text, make

from encoders.views import ATTRIBUTES, VIEWS
from matcher.formats.scheme import Pass, Scheme

HERE = Path(__file__).parent
VECTORS: dict[str, Any] = json.loads((HERE / "standard-1.json").read_text(encoding="utf-8"))
SCHEME = Scheme.published("standard/1")
COLUMNS = (
    "record_id", "case_id", "role", "relation", "given_name", "father_name", "grandfather_name",
    "family_name", "mother_name", "other_names", "sex", "birth_date", "age", "age_on", "calendar",
    "birth_place", "nationality", "residence", "last_seen_place", "last_seen_date", "language",
)  # fmt: skip


def test_our_code_still_makes_the_vectors(tmp_path: Path) -> None:
    text = (HERE / "standard-1.json").read_text(encoding="utf-8")
    assert as_text(make(tmp_path)) == text, "A published scheme's bits must never change."


def test_the_scheme_is_the_one_that_was_published() -> None:
    assert SCHEME.digest == VECTORS["scheme_digest"]
    assert agreement().digest == VECTORS["batch"]["agreement_digest"]


# A second implementation, from README.md: plain Python, one bit at a time. Only the views, which
# turn a value into tokens, are shared.


def derived(use: str, pass_name: str, attribute: str = "") -> bytes:
    fields = (
        "kinmatch-keys/1", VECTORS["agreement_id"], str(VECTORS["key_epoch"]), VECTORS["scheme"],
        pass_name, attribute, use,
    )  # fmt: skip
    encoded = [field.encode() for field in fields]
    info = b"".join(len(field).to_bytes(4, "big") + field for field in encoded)
    extracted = hmac.digest(bytes(32), bytes.fromhex(VECTORS["root"]), "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def words(stream: bytes, size: int) -> list[int]:
    return [int.from_bytes(stream[i : i + size], "little") for i in range(0, len(stream), size)]


def drawn(stream: list[int], bits: int) -> list[int]:
    return list(dict.fromkeys(word % bits for word in stream if word < 65536 // bits * bits))


def positions(token: str, key: bytes, bits: int, each: int) -> list[int]:
    blocks = [
        hashlib.blake2b(block.to_bytes(4, "little") + token.encode(), key=key).digest()
        for block in range(64)
    ]
    return drawn(words(b"".join(blocks), 2), bits)[:each]


def shuffled(key: bytes, number: int, bits: int) -> list[int]:
    stream = hashlib.shake_256(key + number.to_bytes(4, "little")).digest(16 * bits)
    draws = iter(words(stream, 4))
    order = list(range(bits))
    for i in range(bits - 1, 0, -1):
        draw = next(draw for draw in draws if draw < 2**32 // (i + 1) * (i + 1))
        order[i], order[draw % (i + 1)] = order[draw % (i + 1)], order[i]
    return order


def index_sets(key: bytes, bits: int, t: int, output_bits: int) -> list[list[int]]:
    pool: list[int] = []
    sets: list[list[int]] = []
    fillings = 0
    while len(sets) < output_bits:
        taken: list[int] = []
        passed_over: list[int] = []
        while len(taken) < t:
            if not pool:
                pool = shuffled(key, fillings, bits)
                fillings += 1
            index = pool.pop()
            (passed_over if index in taken else taken).append(index)
        pool += passed_over
        sets.append(taken)
    return sets


def filter_of(part: Pass, cells: dict[str, str]) -> set[int] | None:
    """The positions that are set before hardening; None where the pass has no fingerprint."""
    held: set[int] = set()
    has: set[str] = set()
    for attribute in part.attributes:
        known = ATTRIBUTES[attribute.name]
        values = (
            [known.read(cells[name]) for name in known.columns if name in cells]
            if known.pooled
            else [known.read(*map(cells.get, known.columns))]
        )
        for view in attribute.views:
            tokens = {token for value in values for token in VIEWS[view.name](value)}
            share = min(view.each, max(1, view.most // max(1, len(tokens))))
            key = derived("bits", part.name, attribute.name)
            for token in tokens:
                held.update(positions(f"{view.name} {token}", key, part.bits, share))
            has |= {attribute.name} if tokens else set()
    if not all(has & set(group) for group in part.needs):
        return None
    if len(held) < part.floor:
        joined = "\x1f".join(cells.get(name, "\x1e") for name in COLUMNS)
        seed = derived("filling", part.name) + joined.encode()
        free = drawn(words(hashlib.shake_256(seed).digest(40_000), 2), part.bits)
        held.update(
            [position for position in free if position not in held][: part.floor - len(held)]
        )
    return held


def fingerprint(part: Pass, cells: dict[str, str], sets: list[list[int]]) -> str | None:
    held = filter_of(part, cells)
    if held is None:
        return None
    output = sum((sum(i in held for i in indices) % 2) << j for j, indices in enumerate(sets))
    return output.to_bytes(part.output_bits // 8, "little").hex()


@pytest.mark.parametrize("vector", VECTORS["tokens"], ids=lambda vector: f"token {vector['id']}")
def test_a_plain_implementation_draws_the_positions(vector: dict[str, Any]) -> None:
    key = derived("bits", vector["pass"], vector["attribute"])
    assert key.hex() == vector["key"]
    each = len(vector["positions"])
    assert positions(vector["token"], key, vector["bits"], each) == vector["positions"]


@pytest.mark.parametrize("part", SCHEME.passes, ids=lambda part: part.name)
def test_a_plain_implementation_makes_the_fingerprints(part: Pass) -> None:
    (vector,) = (one for one in VECTORS["diffusions"] if one["pass"] == part.name)
    key = derived("diffusion", part.name)
    assert key.hex() == vector["key"]
    (step,) = part.hardening
    sets = index_sets(key, part.bits, step.t, step.bits)
    assert sets[:4] == vector["first_sets"]
    packed = b"".join(index.to_bytes(2, "little") for indices in sets for index in indices)
    assert hashlib.sha256(packed).hexdigest() == vector["sets_sha256"]
    for one in VECTORS["records"]:
        assert fingerprint(part, one["record"], sets) == one["fingerprints"][part.name], one["id"]


def test_the_flags_say_what_is_so() -> None:
    for vector, before in zip(VECTORS["records"][1:], VECTORS["records"], strict=False):
        same = vector["fingerprints"] == before["fingerprints"]
        assert same == ("SameAsBefore" in vector["flags"])
    by_flag = {flag: vector for vector in VECTORS["records"] for flag in vector["flags"]}
    nameless = by_flag["NoName"]["fingerprints"]
    assert [name for name, bits in nameless.items() if bits is not None] == ["birth_place"]
    for flag in ("ArtefactDate", "PartialDate", "Age"):
        assert by_flag[flag]["fingerprints"]["name_birth"] is None
        assert by_flag[flag]["fingerprints"]["sound_birth"] is not None
