"""Passes with steps of hardening, filters to harden, and the words of the oracles' streams."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from encoders.bits import text_and_ends
from encoders.contents import Contents
from encoders.encoding import encode
from encoders.hardening import Hardening
from encoders.keys import Keys
from encoders.records import Records
from matcher.formats.agreement import Agreement
from matcher.formats.scheme import Attribute, Pass, Scheme, View
from matcher.formats.steps import (
    AttributeFilter,
    Permutation,
    Rule90,
    Sampling,
    Step,
    StratifiedDiffusion,
    Stratum,
    WindowedXor,
    XorFold,
)

DrawUp = Callable[..., Agreement]
Bits = np.ndarray
Oracle = Callable[[Bits, bytes], Bits]

SIZES = st.sampled_from([0, 1, 3, 65])
SEEDS = st.integers(0, 2**32 - 1)

NAME = Attribute(name="name", views=(View(name="name.bigrams/1", each=8, most=100),))
SEX = Attribute(name="sex", views=(View(name="sex.code/1", each=8, most=8),))
SAMPLING = Sampling(
    filters=(
        AttributeFilter(attribute="name", bits=192, take=100),
        AttributeFilter(attribute="sex", bits=64, take=28),
    )
)
STRATIFIED = StratifiedDiffusion(
    strata=(
        Stratum(attributes=("name",), bits=192, t=3),
        Stratum(attributes=("sex",), bits=64, t=2),
    ),
    bits=320,
)


def part_of(*hardening: Step, bits: int = 256, floor: int = 0) -> Pass:
    return Pass(
        name="one",
        attributes=(NAME, SEX),
        needs=(("name",),),
        bits=bits,
        floor=floor,
        hardening=hardening,
    )


def keys_under(draw_up: DrawUp) -> Keys:
    scheme = Scheme(name="steps", version=1, passes=(part_of(Permutation()),))
    return Keys.throwaway(draw_up(scheme=scheme), seed=7)


def random_bits(n: int, bits: int, seed: int) -> Bits:
    return np.random.default_rng(seed).integers(0, 2, (n, bits), dtype=np.uint8)


def packed(bits: Bits) -> np.ndarray:
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def unpacked(filters: np.ndarray) -> Bits:
    little = np.ascontiguousarray(filters).astype("<u8").view(np.uint8)
    return np.unpackbits(little, axis=1, bitorder="little")


def contents(rows: np.ndarray) -> Contents:
    octets, ends = text_and_ends(pa.array([content_of(row) for row in rows], pa.binary()))
    return octets, ends[:-1], ends[1:]


def content_of(row: int) -> bytes:
    return b"record %d" % row


def hardened(keys: Keys, bits: Bits, *hardening: Step) -> Bits:
    part = part_of(*hardening, bits=bits.shape[1])
    out = np.zeros((len(bits) + 1, part.output_bits // 64), dtype=np.uint64)
    Hardening(part, keys).harden(packed(bits), contents, out, np.arange(len(bits), 0, -1))
    assert not out[0].any()
    return unpacked(np.ascontiguousarray(out[:0:-1]))


def neighbours(flips: int, seed: int, n: int = 100, bits: int = 2048) -> tuple[Bits, Bits]:
    """Give filters, and as many that differ from them in so many bits."""
    left = random_bits(n, bits, seed)
    right = left.copy()
    rng = np.random.default_rng(seed)
    for row in right:
        row[rng.choice(bits, flips, replace=False)] ^= 1
    return left, right


def distances(keys: Keys, left: Bits, right: Bits, *hardening: Step) -> np.ndarray:
    both = hardened(keys, np.vstack([left, right]), *hardening)
    return (both[: len(left)] != both[len(left) :]).sum(axis=1)


def people(*names: str) -> Records:
    rows = [{"record_id": str(i), "given_name": name, "sex": "f"} for i, name in enumerate(names)]
    return Records.from_rows(rows, role="sought")


def lacking_the_pass() -> Records:
    return Records.from_rows([{"record_id": "1", "sex": "f"}], role="sought")


def encoded(draw_up: DrawUp, records: Records, *hardening: Step, floor: int = 0) -> Bits:
    scheme = Scheme(name="steps", version=1, passes=(part_of(*hardening, floor=floor),))
    under = draw_up(scheme=scheme)
    return unpacked(encode(records, under, Keys.throwaway(under, seed=7)).passes["one"].bits)


# What the steps' docstrings say of their keys, as plainly as can be.


def words(key: bytes, size: int = 4) -> Iterator[int]:
    stream = hashlib.shake_256(key).digest(1 << 18)
    for at in range(0, len(stream), size):
        yield int.from_bytes(stream[at : at + size], "little")


def below(stream: Iterator[int], n: int) -> int:
    return next(word for word in stream if word < 2**32 // n * n) % n


def permutation(key: bytes, number: int, size: int) -> list[int]:
    stream, order = words(key + number.to_bytes(4, "little")), list(range(size))
    for i in reversed(range(1, size)):
        j = below(stream, i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def key_of(keys: Keys, step: Step) -> bytes:
    if isinstance(step, XorFold | Rule90 | WindowedXor):
        return b""
    return keys.derive(step.step, pass_name="one")  # noqa: S106 -- the pass's name is no password
