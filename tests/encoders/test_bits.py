"""Keyed draws and filters against slow, obvious twins, and against a textbook Bloom filter."""

import hashlib

import numpy as np
import pytest
from bloom_filter2 import BloomFilter
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from encoders.bits import BitSetter, token_positions

KEY = bytes(range(32))
UNHURRIED = settings(deadline=None)  # the first call compiles
ODD_LENGTHS = (64, 65, 100, 1000, 1024, 2048, 40_000, 65_535, 65_536)


def words_of(stream: bytes) -> list[int]:
    """The 16-bit little-endian words of a stream."""
    return [int.from_bytes(stream[i : i + 2], "little") for i in range(0, len(stream), 2)]


def accepted(words: list[int], bits: int) -> list[int]:
    """Words below the largest multiple of `bits`, modulo `bits`, each position once."""
    limit = 65536 // bits * bits
    return list(dict.fromkeys(word % bits for word in words if word < limit))


def oracle_positions(token: str, key: bytes, bits: int, each: int) -> list[int]:
    blocks = 1
    while True:
        stream = b"".join(
            hashlib.blake2b(block.to_bytes(4, "little") + token.encode(), key=key).digest()
            for block in range(blocks)
        )
        if len(found := accepted(words_of(stream), bits)) >= each:
            return found[:each]
        blocks += 1


def to_sets(filters: np.ndarray) -> list[set[int]]:
    """The positions that are set in each filter."""
    bits = np.unpackbits(filters.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return [set(np.flatnonzero(row).tolist()) for row in bits]


def to_filters(positions: list[set[int]], words: int) -> np.ndarray:
    filters = np.zeros((len(positions), words), np.uint64)
    for row, held in enumerate(positions):
        for position in held:
            filters[row, position // 64] |= np.uint64(1 << position % 64)
    return filters


@UNHURRIED
@given(
    tokens=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=6, unique=True),
    bits=st.one_of(st.sampled_from(ODD_LENGTHS), st.integers(64, 65_536)),
    share=st.floats(0, 1),
    key=st.binary(min_size=1, max_size=64),
)
def test_draws_are_those_of_the_docstring(
    tokens: list[str], bits: int, share: float, key: bytes
) -> None:
    each = max(1, int(min(bits // 2, 200) * share))
    positions = token_positions(tokens, key, bits, each)
    assert positions.shape == (len(tokens), each)
    assert positions.dtype == np.uint16
    assert positions.tolist() == [oracle_positions(token, key, bits, each) for token in tokens]


def test_tokens_as_long_as_a_block_of_the_hash_and_longer() -> None:
    """A long one before a short one leaves nothing behind; the view begins each of them."""
    tokens = ["x" * size for size in (1000, 0, 118, 119, 120, 246, 247, 248, 1)]
    positions = token_positions(tokens, KEY, 2048, 60, "view ")
    expected = [oracle_positions(f"view {token}", KEY, 2048, 60) for token in tokens]
    assert positions.tolist() == expected


@pytest.mark.parametrize("bits", [64, 100, 2048])
def test_half_of_a_filter_is_drawn_without_repeats(bits: int) -> None:
    """The hardest case of rejection: the last draws hit what is taken half of the time."""
    tokens = [str(i) for i in range(50)]
    positions = token_positions(tokens, KEY, bits, bits // 2)
    assert all(len(set(row)) == bits // 2 for row in positions.tolist())
    assert positions.max() < bits
    assert positions[7].tolist() == oracle_positions("7", KEY, bits, bits // 2)


@UNHURRIED
@given(few=st.integers(1, 100), more=st.integers(0, 400))
def test_fewer_positions_are_the_first_of_more(few: int, more: int) -> None:
    longer = token_positions(["ab", "bc"], KEY, 1024, min(512, few + more))
    np.testing.assert_array_equal(token_positions(["ab", "bc"], KEY, 1024, few), longer[:, :few])


@pytest.mark.parametrize("bits", [64, 1000, 2048, 40_000])
def test_draws_are_uniform(bits: int) -> None:
    """Of 40,000 bits, without rejection, the first 25,536 would come up twice as often."""
    drawn = token_positions([str(i) for i in range(10_000)], KEY, bits, 30)
    tally = np.bincount(drawn.ravel(), minlength=bits)
    # Draws without replacement vary less than a multinomial: by (bits - each) / (bits - 1).
    statistic = chisquare(tally).statistic * (bits - 1) / (bits - 30)
    assert abs(statistic - (bits - 1)) < 5 * np.sqrt(2 * (bits - 1))


def test_another_key_and_another_token_draw_apart() -> None:
    one, other = (token_positions(["ab", "ba"], key, 2048, 30) for key in (KEY, KEY[::-1]))
    shared = [len(set(a) & set(b)) for a, b in ((one[0], one[1]), (one[0], other[0]))]
    assert max(shared) < 8  # of 30; 0.4 expected


def test_no_tokens_have_no_positions() -> None:
    assert token_positions([], KEY, 1024, 10).shape == (0, 10)


RECORDS = st.lists(st.lists(st.integers(0, 29), max_size=30, unique=True), max_size=8)


@UNHURRIED
@given(
    records=RECORDS,
    each=st.integers(1, 20),
    most=st.integers(1, 80),
    words=st.sampled_from([5, 32]),
    before=st.sampled_from([0, 3]),
    room=st.sampled_from([0, 29, 30, 1000]),
)
def test_bits_are_a_union_of_sets(
    records: list[list[int]], each: int, most: int, words: int, before: int, room: int
) -> None:
    """Word by word where there is room for what tokens set, bit by bit where there is none."""
    own = range(64 * before, 64 * (before + words))
    positions = token_positions([str(i) for i in range(30)], KEY, len(own), each) + own.start
    filters = to_filters([{5, 319}] * len(records), before + words + 2)
    ends = np.cumsum([0, *map(len, records)]).astype(np.int64)
    tokens = np.array([token for record in records for token in record], np.int32)
    of_records = ends[:-1], ends[1:], tokens
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("encoders.bits._MOST_PATTERN_WORDS", room * words)
        setter = BitSetter(*of_records, positions.astype(np.uint16), most, own)
    chosen = np.arange(len(records))[::-2].copy()  # any of them, in any order
    for part in np.array_split(chosen, 2):
        made = filters[part]
        setter.set_bits(made, part)
        filters[part] = made
    expected = [{5, 319} for _ in records]
    for row in chosen:
        record = records[row]
        share = each if len(record) * each <= most else max(1, most // len(record))
        expected[row] |= {bit for token in record for bit in positions[token, :share].tolist()}
    assert to_sets(filters) == expected


ELEMENTS = 500


@pytest.fixture(scope="module")
def textbook() -> BloomFilter:
    """A textbook Bloom filter that holds 500 elements at a false-positive rate of 2 %."""
    bloom = BloomFilter(max_elements=ELEMENTS, error_rate=0.02)
    for i in range(ELEMENTS):
        bloom.add(f"in {i}")
    return bloom


def test_membership_is_that_of_a_textbook_bloom_filter(textbook: BloomFilter) -> None:
    """At equal n, m and k our filter has no false negative, and as many false positives."""
    bits, each = textbook.num_bits_m, textbook.num_probes_k
    trials = 20_000
    inside = token_positions([f"in {i}" for i in range(ELEMENTS)], KEY, bits, each)
    outside = token_positions([f"out {i}" for i in range(trials)], KEY, bits, each)
    filters = np.zeros((1, -(-bits // 64)), np.uint64)
    ids = np.arange(ELEMENTS, dtype=np.int32)
    places = np.array([0]), np.array([ELEMENTS])
    setter = BitSetter(*places, ids, inside, bits, range(64 * filters.shape[1]))
    setter.set_bits(filters, np.array([0]))
    held = np.zeros(filters.shape[1] * 64, np.bool_)
    held[list(to_sets(filters)[0])] = True
    assert held[inside].all()
    assert all(f"in {i}" in textbook for i in range(ELEMENTS))
    ours = int(held[outside].all(axis=1).sum())
    theirs = sum(f"out {i}" in textbook for i in range(trials))
    # A token's positions differ from each other, so a few more bits are set than in theory.
    expected = (1 - (1 - each / bits) ** ELEMENTS) ** each
    assert binomtest(ours, trials, expected).pvalue > 1e-6
    # Theirs come from a linear congruential generator, and come up to a fifth more often.
    assert 0.6 < ours / theirs < 1.4
