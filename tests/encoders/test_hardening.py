"""Diffusion against one line of numpy, and its index sets against what their docstring promises."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.hardening import Hardening, combine, diffusion_sets
from encoders.hardening.linear import XorSets, combine_into
from encoders.keys import Keys
from encoders.passes import views_of
from encoders.records import Records
from encoders.tokens import Vocabulary
from matcher.formats.agreement import Agreement
from matcher.formats.scheme import Scheme

KEY = bytes(range(32))
NO_CONTENTS = np.zeros(0, np.uint8), np.zeros(0, np.int64), np.zeros(0, np.int64)


def to_bits(filters: np.ndarray) -> np.ndarray:
    return np.unpackbits(
        np.ascontiguousarray(filters).astype("<u8").view(np.uint8), axis=1, bitorder="little"
    )


def random_filters(n: int, words: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, (n, words), dtype=np.uint64)


def diffuse(filters: np.ndarray, sets: np.ndarray) -> np.ndarray:
    return combine(filters, XorSets.of(sets.tolist()))


def oracle(filters: np.ndarray, sets: np.ndarray) -> np.ndarray:
    return np.bitwise_xor.reduce(to_bits(filters)[:, sets], axis=2)


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 127, 128, 129, 200])
def test_equals_the_oracle_around_the_block_of_64_records(n: int) -> None:
    filters, sets = random_filters(n, 3, n), diffusion_sets(KEY, 192, 6, 128)
    out = diffuse(filters, sets)
    assert out.shape == (n, 2)
    assert out.dtype == np.uint64
    np.testing.assert_array_equal(to_bits(out), oracle(filters, sets))


@pytest.mark.parametrize("n", [511, 512, 513, 1100])
@pytest.mark.parametrize(("words", "output_words"), [(8, 8), (7, 17), (17, 7), (16, 24)])
def test_equals_the_oracle_around_lines_of_eight_words(
    n: int, words: int, output_words: int
) -> None:
    """Where 512 filters have eight words to be moved together, and where they haven't."""
    filters = random_filters(n, words, n)
    sets = diffusion_sets(KEY, 64 * words, 3, 64 * output_words)
    order = np.random.default_rng(n).permutation(n + 5)[:n]
    out = np.zeros((n + 5, output_words), np.uint64)
    combine_into(out, order, filters, XorSets.of(sets.tolist()))
    np.testing.assert_array_equal(to_bits(out[order]), oracle(filters, sets))
    assert not np.delete(out, order, axis=0).any()


@settings(deadline=None)  # a new shape of arrays costs nothing, but the first call compiles
@given(
    n=st.integers(0, 140),
    words=st.integers(1, 6),
    output_words=st.integers(1, 6),
    t=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_the_oracle(n: int, words: int, output_words: int, t: int, seed: int) -> None:
    filters = random_filters(n, words, seed)
    before = filters.copy()
    sets = diffusion_sets(seed.to_bytes(32, "little"), 64 * words, t, 64 * output_words)
    np.testing.assert_array_equal(to_bits(diffuse(filters, sets)), oracle(filters, sets))
    np.testing.assert_array_equal(filters, before)


@settings(deadline=None)
@given(bits=st.integers(1, 300), t=st.integers(1, 20), output=st.integers(1, 300), key=st.binary())
def test_every_input_bit_is_used_equally_often(bits: int, t: int, output: int, key: bytes) -> None:
    t = min(t, bits)
    sets = diffusion_sets(key, bits, t, output)
    assert sets.shape == (output, t)
    assert all(len(set(row)) == t for row in sets.tolist())
    used = np.bincount(sets.ravel(), minlength=bits)
    assert len(used) == bits
    assert used.max() - used.min() <= 1


def test_a_set_of_all_bits_is_dealt_out_again_and_again() -> None:
    sets = diffusion_sets(KEY, 7, 7, 10)
    assert all(sorted(row) == list(range(7)) for row in sets.tolist())


def test_another_key_has_other_sets() -> None:
    one, same, other = (diffusion_sets(key, 2048, 6, 2048) for key in (KEY, KEY, KEY[::-1]))
    np.testing.assert_array_equal(one, same)
    assert np.mean(one == other) < 0.01
    shared = {frozenset(row) for row in one.tolist()} & {frozenset(row) for row in other.tolist()}
    assert not shared


def test_refills_are_shuffled_anew() -> None:
    """Or output bits a whole pool apart would be made of the same input bits."""
    sets = diffusion_sets(KEY, 60, 6, 100)
    counts = Counter(frozenset(row) for row in sets.tolist())
    assert max(counts.values()) == 1


def test_input_bits_are_paired_at_random() -> None:
    """Two input bits meet in one set as often as chance has it."""
    meetings = np.zeros((64, 64))
    for number in range(300):
        for row in diffusion_sets(number.to_bytes(4, "little"), 64, 4, 64):
            meetings[np.ix_(row, row)] += 1
    pairs = meetings[np.triu_indices(64, 1)]
    expected = 300 * 64 * 6 / len(pairs)
    statistic = ((pairs - expected) ** 2 / expected).sum()
    assert abs(statistic - len(pairs)) < 6 * np.sqrt(2 * len(pairs))


@pytest.mark.parametrize("t", [1, 4, 6, 8])
@pytest.mark.parametrize("fraction", [0.02, 0.05, 0.1, 0.3])
def test_near_filters_come_to_the_published_distance(t: int, fraction: float) -> None:
    """Armknecht, Heng and Schnell (2023): a fraction d becomes (1 - (1 - 2d)^t) / 2."""
    bits, n = 2048, 300
    rng = np.random.default_rng(t)
    left = rng.integers(0, 2, (n, bits), dtype=np.uint8)
    right = left.copy()
    changed = round(bits * fraction)
    for row in range(n):
        right[row, rng.choice(bits, changed, replace=False)] ^= 1
    sets = diffusion_sets(KEY, bits, t, bits)
    packed = (np.packbits(side, axis=1, bitorder="little").view("<u8") for side in (left, right))
    one, other = (to_bits(diffuse(side.astype(np.uint64), sets)) for side in packed)
    measured = float(np.mean(one != other))
    assert abs(measured - (1 - (1 - 2 * changed / bits) ** t) / 2) < 0.004


def test_diffusion_costs_less_than_tokens(draw_up: Callable[..., Agreement]) -> None:
    """By a factor of about ten; processor time, the least of three runs."""
    under = draw_up(scheme=Scheme.published("standard/1"))
    rng = np.random.default_rng(1)
    letters = np.array(list("aeiouklmnrst"))
    rows = [
        {
            "record_id": str(i),
            "given_name": "".join(rng.choice(letters, 7)),
            "family_name": "".join(rng.choice(letters, 9)),
            "birth_date": f"{1930 + i % 90}-0{1 + i % 9}-{10 + i % 18}",
        }
        for i in range(2048)
    ]
    table = Records.from_rows(rows, role="sought").table
    hardening = Hardening(under.scheme.passes[0], Keys.throwaway(under, seed=1))
    filters = random_filters(2048, 32, 1)
    made, places = np.empty_like(filters), np.arange(2048)

    def seconds(work: Callable[[], object]) -> float:
        def once() -> float:
            start = time.thread_time()
            work()
            return time.thread_time() - start

        return min(once() for _ in range(3))

    views = views_of(under.scheme.passes[:1])
    tokens = seconds(lambda: Vocabulary(views).tokenise(table))
    work = partial(hardening.harden, filters, lambda _: NO_CONTENTS, made, places)
    assert seconds(work) < tokens
