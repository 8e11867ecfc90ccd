"""Published schemes' bits, for good: by our code, and by a plain one written from its README."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from scheme_vectors import agreement, as_text, file_of, make

from encoders.views import ATTRIBUTES, VIEWS
from matcher.formats.scheme import Attribute, Pass, Scheme, published
from matcher.formats.steps import Diffusion, StratifiedDiffusion

Vectors = dict[str, Any]
ALL: dict[str, Vectors] = {
    label: json.loads(file_of(label).read_text(encoding="utf-8")) for label in published()
}
COLUMNS = (
    "record_id", "case_id", "role", "relation", "given_name", "father_name", "grandfather_name",
    "family_name", "mother_name", "other_names", "sex", "birth_date", "age", "age_on", "calendar",
    "birth_place", "nationality", "residence", "last_seen_place", "last_seen_date", "language",
)  # fmt: skip


@pytest.mark.parametrize("label", ALL)
def test_our_code_still_makes_the_vectors(label: str, tmp_path: Path) -> None:
    text = file_of(label).read_text(encoding="utf-8")
    assert as_text(make(label, tmp_path)) == text, "A published scheme's bits must never change."


@pytest.mark.parametrize("label", ALL)
def test_the_scheme_is_the_one_that_was_published(label: str) -> None:
    assert Scheme.published(label).digest == ALL[label]["scheme_digest"]
    assert agreement(label).digest == ALL[label]["batch"]["agreement_digest"]


# A second implementation, from README.md: plain Python, one bit at a time. Only the views, which
# turn a value into tokens, are shared.


def derived(vectors: Vectors, use: str, pass_name: str, attribute: str = "") -> bytes:
    fields = (
        "kinmatch-keys/1", vectors["agreement_id"], str(vectors["key_epoch"]), vectors["scheme"],
        pass_name, attribute, use,
    )  # fmt: skip
    encoded = [field.encode() for field in fields]
    info = b"".join(len(field).to_bytes(4, "big") + field for field in encoded)
    extracted = hmac.digest(bytes(32), bytes.fromhex(vectors["root"]), "sha256")
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


def tokens_of(name: str, view: str, cells: dict[str, str]) -> set[str]:
    known = ATTRIBUTES[name]
    values = (
        [known.read(cells[column]) for column in known.columns if column in cells]
        if known.pooled
        else [known.read(*map(cells.get, known.columns))]
    )
    return {token for value in values for token in VIEWS[view](value)}


def salt_of(attribute: Attribute, cells: dict[str, str]) -> str | None:
    """What stands before a salted token, with the space behind it; None where it is absent."""
    if not attribute.salt:
        return ""
    told = b""
    for salt in attribute.salt:
        tokens = sorted(tokens_of(salt.attribute, salt.view, cells))
        if not tokens:
            return None
        texts = [text.encode() for text in (salt.view, *tokens)]
        told += len(tokens).to_bytes(4, "big")
        told += b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    return hashlib.sha256(told).digest()[:16].hex() + " "


def strata_of(part: Pass) -> list[tuple[set[str], int, int]]:
    """The attributes of each filter of the pass, its length, and how many bits it has at least."""
    if not (part.hardening and isinstance(part.hardening[0], StratifiedDiffusion)):
        return [({attribute.name for attribute in part.attributes}, part.bits, part.floor)]
    return [
        (set(stratum.attributes), stratum.bits, part.floor * stratum.bits // part.bits)
        for stratum in part.hardening[0].strata
    ]


def filter_of(vectors: Vectors, part: Pass, cells: dict[str, str]) -> set[int] | None:
    """The positions that are set before hardening; None where the pass has no fingerprint."""
    filters: set[int] = set()
    has: set[str] = set()
    start = 0
    for number, (attributes, bits, floor) in enumerate(strata_of(part)):
        held: set[int] = set()
        for attribute in part.attributes:
            if attribute.name not in attributes:
                continue
            salt = salt_of(attribute, cells)
            if salt is None:
                return None
            key = derived(vectors, "bits", part.name, attribute.name)
            for view in attribute.views:
                tokens = tokens_of(attribute.name, view.name, cells)
                share = min(view.each, max(1, view.most // max(1, len(tokens))))
                for token in tokens:
                    held.update(positions(f"{view.name} {salt}{token}", key, bits, share))
                has |= {attribute.name} if tokens else set()
        if len(held) < floor:
            joined = "\x1f".join(cells.get(name, "\x1e") for name in COLUMNS)
            key = derived(vectors, "filling", part.name, str(number + 1) if number else "")
            stream = hashlib.shake_256(key + joined.encode()).digest(40_000)
            free = [place for place in drawn(words(stream, 2), bits) if place not in held]
            held.update(free[: floor - len(held)])
        filters |= {start + place for place in held}
        start += bits
    return filters if all(has & set(group) for group in part.needs) else None


def fingerprint(
    vectors: Vectors, part: Pass, cells: dict[str, str], sets: list[list[int]]
) -> str | None:
    held = filter_of(vectors, part, cells)
    if held is None:
        return None
    output = sum((sum(i in held for i in indices) % 2) << j for j, indices in enumerate(sets))
    return output.to_bytes(part.output_bits // 8, "little").hex()


@pytest.mark.parametrize("label", ALL)
def test_a_plain_implementation_draws_the_positions(label: str) -> None:
    for vector in ALL[label]["tokens"]:
        key = derived(ALL[label], "bits", vector["pass"], vector["attribute"])
        assert key.hex() == vector["key"]
        each = len(vector["positions"])
        assert positions(vector["token"], key, vector["bits"], each) == vector["positions"]


@pytest.mark.parametrize(
    ("label", "name"),
    [(label, part.name) for label in ALL for part in Scheme.published(label).passes],
)
def test_a_plain_implementation_makes_the_fingerprints(label: str, name: str) -> None:
    vectors = ALL[label]
    (part,) = (one for one in Scheme.published(label).passes if one.name == name)
    sets = diffused(vectors, part) if part.hardening else [[bit] for bit in range(part.bits)]
    for one in vectors["records"]:
        made = fingerprint(vectors, part, one["record"], sets)
        assert made == one["fingerprints"][part.name], one["id"]


def diffused(vectors: Vectors, part: Pass) -> list[list[int]]:
    """The index sets of a pass's diffusion, which are those of the vectors."""
    (vector,) = (one for one in vectors["diffusions"] if one["pass"] == part.name)
    (step,) = part.hardening
    key = derived(vectors, step.step, part.name)
    assert key.hex() == vector["key"]
    if isinstance(step, StratifiedDiffusion):
        sets: list[list[int]] = [[] for _ in range(step.bits)]
        start = 0
        for number, stratum in enumerate(step.strata):
            of_stratum = index_sets(key + bytes([number]), stratum.bits, stratum.t, step.bits)
            for indices, more in zip(sets, of_stratum, strict=True):
                indices.extend(start + index for index in more)
            start += stratum.bits
    else:
        assert isinstance(step, Diffusion)
        sets = index_sets(key, part.bits, step.t, step.bits)
    assert sets[:4] == vector["first_sets"]
    packed = b"".join(index.to_bytes(2, "little") for indices in sets for index in indices)
    assert hashlib.sha256(packed).hexdigest() == vector["sets_sha256"]
    return sets


def reads_months(label: str) -> bool:
    """Whether a month without a day tells a scheme more than its year does."""
    return any(
        view.name.startswith("birth.month/")
        for part in Scheme.published(label).passes
        for attribute in part.attributes
        for view in attribute.views
    )


@pytest.mark.parametrize("label", ALL)
def test_the_flags_say_what_is_so(label: str) -> None:
    records = ALL[label]["records"]
    for vector, before in zip(records[1:], records, strict=False):
        same = [
            vector["fingerprints"][part.name] == before["fingerprints"][part.name]
            for part in Scheme.published(label).passes
            if "given" not in {attribute.name for attribute in part.attributes}
        ]
        if "SameAsBefore" in vector["flags"]:
            assert all(same)  # but where a pass tells the given name from the others
        elif "PartialDate" not in vector["flags"] or reads_months(label):
            assert vector["fingerprints"] != before["fingerprints"]


def test_the_day_is_asked_for_where_a_pass_needs_it() -> None:
    by_flag = {
        label: {
            flag: vector["fingerprints"]
            for vector in vectors["records"]
            for flag in vector["flags"]
        }
        for label, vectors in ALL.items()
    }
    for flag in ("ArtefactDate", "PartialDate", "Age"):
        assert by_flag["standard/1"][flag]["name_birth"] is None
        assert by_flag["standard/1"][flag]["sound_birth"] is not None
        assert by_flag["standard/2"][flag]["place_on_day"] is None
        assert by_flag["standard/2"][flag]["sounds_birth"] is not None
    nameless = {label: by_flag[label]["NoName"] for label in ALL}
    assert [name for name, bits in nameless["standard/1"].items() if bits] == ["birth_place"]
    assert [name for name, bits in nameless["standard/2"].items() if bits] == ["place_on_day"]
    for label in ("high/1", "high/3", "high/4", "standard/3"):
        assert not any(nameless[label].values())
