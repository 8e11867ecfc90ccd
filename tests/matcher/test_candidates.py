"""Finding candidates, against every pair looked at one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.decisions.candidates import Candidates, Side, find_candidates, pairs_within_reach
from matcher.decisions.evidence import ABSENT, EvidenceModel
from matcher.formats.knowledge import HIGHEST
from matcher.formats.vocabulary import BANDS

MODEL = EvidenceModel.model_validate(
    {
        "format": "kinmatch-model/1",
        "scheme": "tiny/1",
        "calibrated_on": "nothing",
        "reach": {"one": 50, "two": 20},
        "compares": {"one": ["birth", "name"], "two": ["name"]},
        "intercept": 13.0,
        "curves": {
            "one": {"distances": [0, 40, 64], "bits": [9.0, 3.0, -1.0]},
            "two": {"distances": [0, 32], "bits": [6.0, 0.0]},
        },
        "bands": {
            "strong": 21.0,
            "possible": 18.0,
            "weak": 15.0,
            "false_per_pair": {"strong": 1e-9, "possible": 1e-7},
            "registered": 1_000_000,
        },
    }
)
WORDS = {"one": 2, "two": 1}
KNOWN = np.array([2, 2, 1, 0], np.uint8)


def side(rng: np.random.Generator, people: list[int], noise: float) -> Side:
    """Fingerprints of people who are known by number; the same number is nearly the same bits."""
    made = {}
    for name, words in WORDS.items():
        bits = np.zeros((len(people), words), np.uint64)
        for row, person in enumerate(people):
            own = np.random.default_rng(person).random(64 * words) < 0.5
            flipped = own ^ (rng.random(64 * words) < noise)
            bits[row] = np.packbits(flipped, bitorder="little").view("<u8")
        present = rng.random(len(people)) < 0.8
        bits[~present] = 0
        made[name] = (bits, present)
    return Side(made, rng.choice(KNOWN, len(people)))


def oracle(left: Side, right: Side, top: int) -> list[tuple[int, int, float, str, list[int]]]:
    """The candidates, pair by pair: left, right, score, band and distances."""
    found = []
    for i in range(len(left)):
        of_row = []
        for j in range(len(right)):
            distances = []
            for name in WORDS:
                (a, in_a), (b, in_b) = left.passes[name], right.passes[name]
                both = in_a[i] and in_b[j]
                distances.append(int(np.bitwise_count(a[i] ^ b[j]).sum()) if both else ABSENT)
            reached = any(
                d != ABSENT and d <= MODEL.reach[name]
                for d, name in zip(distances, WORDS, strict=True)
            )
            score = float(
                MODEL.scores(np.array([distances], np.int32), left.known[[i]], right.known[[j]])[0]
            )
            bands = MODEL.bands
            for band in BANDS:
                if reached and score >= getattr(bands, band):
                    of_row.append((i, j, score, band, distances))
                    break
        of_row.sort(key=lambda one: (-one[2], one[1]))
        found += of_row[:top]
    return sorted(found, key=lambda one: (-one[2], one[0], one[1]))


def listed(found: Candidates) -> list[tuple[int, int, float, str, list[int]]]:
    return [
        (int(i), int(j), float(score), BANDS[band], distances.tolist())
        for i, j, score, band, distances in zip(
            found.left, found.right, found.scores, found.bands, found.distances, strict=True
        )
    ]


@settings(deadline=None, max_examples=40)
@given(
    left=st.lists(st.integers(0, 8), max_size=14),
    right=st.lists(st.integers(0, 8), max_size=14),
    top=st.integers(1, 4),
    noise=st.sampled_from([0.0, 0.05, 0.2]),
    seed=st.integers(0, 99),
)
def test_equals_every_pair_looked_at(
    left: list[int], right: list[int], top: int, noise: float, seed: int
) -> None:
    """Without noise people come up many times with equal scores, so that ties are decided too."""
    rng = np.random.default_rng(seed)
    sides = side(rng, left, noise), side(rng, right, noise)
    found = find_candidates(*sides, MODEL, top=top, register=99)
    assert listed(found) == oracle(*sides, top)
    assert len(found) == len(found.scores)
    assert found.distances.shape == (len(found), 2)
    assert (found.left.dtype, found.distances.dtype, found.bands.dtype) == (
        np.int64,
        np.int32,
        np.int8,
    )


def test_one_near_pass_is_enough_and_an_absent_one_says_nothing() -> None:
    same = np.full((1, 2), 7, np.uint64), np.array([True])
    near = np.zeros((1, 1), np.uint64), np.array([True])
    far = np.full((1, 1), 2**64 - 1, np.uint64), np.array([True])
    lacking = np.zeros((1, 1), np.uint64), np.array([False])
    everything = np.array([HIGHEST], np.uint8)
    left = Side({"one": same, "two": near}, everything)
    for two, distance, score in ((near, 0, 28.0), (far, 64, 22.0), (lacking, ABSENT, 22.0)):
        right = Side({"one": same, "two": two}, everything)
        found = find_candidates(left, right, MODEL, top=1, register=99)
        assert listed(found) == [(0, 0, score, "strong", [0, distance])]


def test_threads_change_nothing() -> None:
    rng = np.random.default_rng(5)
    people = rng.integers(0, 60, 400).tolist()
    sides = side(rng, people, 0.1), side(rng, people[::-1], 0.1)
    one, two = (
        find_candidates(*sides, MODEL, top=3, register=99, threads=threads) for threads in (1, 2)
    )
    assert len(one) > 500
    for field in ("left", "right", "distances", "scores", "bands"):
        np.testing.assert_array_equal(getattr(one, field), getattr(two, field))


@pytest.mark.parametrize(("left", "right"), [(0, 5), (5, 0), (0, 0)])
def test_an_empty_side_has_no_candidates(left: int, right: int) -> None:
    rng = np.random.default_rng(1)
    sides = side(rng, list(range(left)), 0.0), side(rng, list(range(right)), 0.0)
    assert len(find_candidates(*sides, MODEL, top=3, register=99)) == 0
    rows, columns, distances = pairs_within_reach(*sides, MODEL.reach)
    assert (rows.shape, columns.shape, distances.shape) == ((0,), (0,), (0, 2))


def test_people_without_any_fingerprint_are_no_candidates() -> None:
    passes = {
        name: (np.zeros((3, words), np.uint64), np.zeros(3, np.bool_))
        for name, words in WORDS.items()
    }
    nobody = Side(passes, np.full(3, 255, np.uint8))
    assert len(find_candidates(nobody, nobody, MODEL, top=3, register=99)) == 0
