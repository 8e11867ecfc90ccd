"""Filling up filters against hashlib and sets, and the permutation against hashlib alone."""

import hashlib
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from encoders.bits import text_and_ends
from encoders.contents import Contents
from encoders.filling import fill_up
from encoders.keccak import RATE_BYTES, SPONGES, STATE_WORDS, permute

UNHURRIED = settings(deadline=None)  # the first call compiles


def oracle(held: set[int], seed: bytes, bits: int, floor: int) -> set[int]:
    """The bits of one filter afterwards: the first free ones of its stream are added."""
    limit = 65536 // bits * bits
    stream = hashlib.shake_256(seed).digest(8 * bits + 1000)
    filled = set(held)
    for at in range(0, len(stream), 2):
        if len(filled) >= floor:
            break
        draw = int.from_bytes(stream[at : at + 2], "little")
        if draw < limit:
            filled.add(draw % bits)
    return filled


def to_filters(positions: list[set[int]], words: int) -> np.ndarray:
    filters = np.zeros((len(positions), words), np.uint64)
    for row, held in enumerate(positions):
        for position in held:
            filters[row, position // 64] |= np.uint64(1 << position % 64)
    return filters


def to_sets(filters: np.ndarray) -> list[set[int]]:
    bits = np.unpackbits(filters.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return [set(np.flatnonzero(row).tolist()) for row in bits]


def contents_in(texts: Any) -> Callable[[np.ndarray], Contents]:
    octets, ends = text_and_ends(texts)
    return lambda rows: (octets, ends[rows], ends[rows + 1])


@UNHURRIED
@given(
    held=st.lists(st.sets(st.integers(0, 319), max_size=150), max_size=30),
    floor=st.integers(0, 160),
    key=st.binary(max_size=200),
    texts=st.lists(st.binary(max_size=300), min_size=30, max_size=30),
)
def test_the_first_free_bits_of_each_stream_are_set(
    held: list[set[int]], floor: int, key: bytes, texts: list[bytes]
) -> None:
    filters = to_filters(held, 5)
    contents = pa.array(texts[: len(held)], pa.binary())
    fill_up(filters, key, 320, floor, contents_in(contents))
    assert to_sets(filters) == [
        oracle(bits, key + text, 320, floor) for bits, text in zip(held, texts, strict=False)
    ]


@pytest.mark.parametrize("bits", [64, 2048, 40_000, 65_536])
def test_filters_of_any_length(bits: int) -> None:
    filters = np.zeros((9, bits // 64), np.uint64)
    texts = [f"seed {row}" for row in range(9)]
    fill_up(filters, b"key", bits, bits // 2, contents_in(pa.array(texts)))
    expected = [oracle(set(), f"key{text}".encode(), bits, bits // 2) for text in texts]
    assert to_sets(filters) == expected


@pytest.mark.parametrize("edge", [RATE_BYTES - 1, RATE_BYTES, RATE_BYTES + 1, 3 * RATE_BYTES])
@pytest.mark.parametrize("of_key", [0, 32, RATE_BYTES - 1, RATE_BYTES, RATE_BYTES + 1])
def test_texts_that_end_at_the_edge_of_a_block(edge: int, of_key: int) -> None:
    key, text = bytes(of_key), b"x" * max(edge - of_key, 0)
    filters = np.zeros((1, 32), np.uint64)
    fill_up(filters, key, 2048, 400, contents_in(pa.array([text])))
    assert to_sets(filters) == [oracle(set(), key + text, 2048, 400)]


def test_filled_bits_are_spread_evenly() -> None:
    filters = np.zeros((3_000, 5), np.uint64)
    rng = np.random.default_rng(1)
    contents = pa.array([rng.bytes(16) for _ in range(3_000)], pa.binary())
    fill_up(filters, b"", 320, 100, contents_in(contents))
    tally = np.unpackbits(filters.view(np.uint8), axis=1).sum(axis=0)
    statistic = chisquare(tally).statistic * 319 / 220
    assert abs(statistic - 319) < 5 * np.sqrt(2 * 319)


@numba.njit
def permuted(state):  # type: ignore[no-untyped-def]
    permute(state)


def test_each_of_the_eight_sponges_is_shake_256() -> None:
    state = np.zeros((STATE_WORDS, SPONGES), np.uint64)
    for sponge in range(SPONGES):
        block = bytearray(RATE_BYTES)
        block[: sponge + 1] = bytes([sponge] * sponge) + b"\x1f"
        block[-1] ^= 0x80
        state[: RATE_BYTES // 8, sponge] = np.frombuffer(block, "<u8")
    for number in range(3):
        permuted(state)
        for sponge in range(SPONGES):
            stream = hashlib.shake_256(bytes([sponge] * sponge)).digest(3 * RATE_BYTES)
            given_out = state[: RATE_BYTES // 8, sponge].astype("<u8").tobytes()
            assert given_out == stream[number * RATE_BYTES :][:RATE_BYTES]
