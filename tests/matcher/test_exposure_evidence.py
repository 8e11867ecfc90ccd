"""What all distances say of who is who: against its definition, what was planted, and plaintext."""

from collections.abc import Callable
from math import lgamma

import numpy as np
import pytest
from exposure_cases import everybody, random_filters
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.attacks.evidence import evidence_over_entropy
from benchmarks.attacks.fingerprints import encoded_by
from benchmarks.attacks.populations import people, records_of
from matcher.exposure import columns, measure
from matcher.exposure.columns import products_of_bits
from matcher.exposure.evidence import Evidence, evidence, told_by
from matcher.formats.scheme import Scheme


def signs(filters: np.ndarray) -> np.ndarray:
    return 1 - 2.0 * np.unpackbits(filters.view(np.uint8), axis=1, bitorder="little")


def plainly_told(filters: np.ndarray) -> np.ndarray:
    """What every pair tells, as the definition has it, shape (n, n)."""
    ones = signs(filters)
    alike = ones @ ones.T
    mean = alike[np.triu_indices(len(filters), 1)].mean()
    noise = (1 - ones.mean(axis=0) ** 4).sum()
    told = ((alike - mean) ** 2 / noise - 1) / 2 if noise else np.zeros_like(alike)
    np.fill_diagonal(told, 0)
    return np.asarray(told)


def at(filters: np.ndarray, size: int | None = None) -> Evidence:
    """The figure of all records of one pass, at their number or at another."""
    n = len(filters)
    told = told_by(filters, np.arange(n), threads=2)
    (found,) = evidence(told, n, (size or n,))
    return found


@pytest.mark.parametrize("stripe", [1, 64 * 5 * 64, 1 << 24])
@pytest.mark.parametrize("n", [1, 64, 200, 8192 + 65])
def test_every_two_bits_are_multiplied_once(
    n: int, stripe: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_STRIPE", stripe)
    filters = random_filters(n, 320, 0.3, seed=n)
    ones = signs(filters)
    found = np.zeros((320, 320))
    sums = np.zeros(320)
    for first, of_bits, products in products_of_bits(filters, threads=2):
        last = first + products.shape[1]
        found[:last, first:last] = products
        sums[first:last] = of_bits
    np.testing.assert_array_equal(found, np.triu(ones.T @ ones, 1))
    np.testing.assert_array_equal(sums, ones.sum(axis=0))


@settings(deadline=None, max_examples=40)
@given(
    n=st.integers(2, 120),
    words=st.integers(1, 6),
    share=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    twins=st.integers(0, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_is_told_equals_the_plain_definition(
    n: int, words: int, share: float, twins: int, seed: int
) -> None:
    filters = random_filters(n, 64 * words, share, seed)
    filters[: min(n, twins)] = filters[0]
    plain = plainly_told(filters)
    rows = np.sort(np.random.default_rng(seed).permutation(n)[: n // 2 + 1])
    found = told_by(filters, rows, threads=1)
    assert found.pairs == n * (n - 1) // 2
    assert found.nats == pytest.approx(plain.sum() / 2, rel=1e-9, abs=1e-6)
    np.testing.assert_allclose(found.by_row, plain.sum(axis=1)[rows], rtol=1e-9, atol=1e-6)
    again = told_by(filters, rows, threads=3)
    assert (again.nats, again.by_row.tolist()) == (found.nats, found.by_row.tolist())


@pytest.mark.parametrize("share", [0.5, 0.3, 0.05])
def test_records_with_nothing_in_common_tell_nothing(share: float) -> None:
    found = [at(random_filters(150, 256, share, seed)) for seed in range(100)]
    values = np.array([one.value for one in found])
    assert abs(values.mean()) < 3 * values.std() / 10
    if share == 0.5:  # where bits are uneven, heavy records resemble each other a little
        assert values.std() == pytest.approx(0.5 / (np.log(150) - 1), rel=0.2)
    assert sum(one.low <= 0 <= one.high for one in found) >= 88  # 95 expected


def resembling(n: int, alike: int, seed: int) -> np.ndarray:
    """Filters of 512 bits, two and two with `alike` words in common: a correlation of alike / 8."""
    filters = random_filters(n, 512, seed=seed)
    filters[1::2, :alike] = filters[::2, :alike]
    return filters


@pytest.mark.parametrize("alike", [2, 4, 8])
def test_a_planted_correlation_is_recovered(alike: int) -> None:
    n, share = 600, 1 / 599
    correlation = alike / 8
    variance = share * correlation**2 - (share * correlation) ** 2
    # Of the pairs that are alike, only the rest of the bits is noise.
    noise = 1 - share * correlation
    planted = (512 * variance + noise - 1) / 2 * n * (n - 1) / 2 / lgamma(n + 1)
    found = [at(resembling(n, alike, seed)) for seed in range(20)]
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx(planted, rel=0.03, abs=0.06)
    assert sum(one.low <= planted <= one.high for one in found) >= 17
    assert all(one.low > 0 for one in found)


def clustered(n: int, seed: int) -> np.ndarray:
    """Filters of which some resemble many others, and most few."""
    filters = random_filters(n, 256, seed=seed)
    cluster = np.random.default_rng(seed).geometric(0.02, n) % 400
    filters[:, :1] = random_filters(400, 256, seed=99)[cluster, :1]
    return filters


def test_the_interval_holds_the_figure_at_another_size_about_as_often_as_it_says() -> None:
    truth = at(clustered(8000, 0)).value
    held, widths = 0, []
    for seed in range(1, 61):
        found = at(clustered(400, seed), size=8000)
        held += found.low <= truth <= found.high
        widths.append((found.high - found.low) / truth)
    assert held >= 51  # 57 of 60 expected
    assert np.mean(widths) < 1.5  # and not by saying nothing


def test_it_grows_as_pairs_do_over_names() -> None:
    filters = resembling(400, 6, seed=3)
    told = told_by(filters, np.arange(400), threads=1)
    one, other = evidence(told, 400, (400, 10**6))
    times = (10**6 * (10**6 - 1) / 2 / lgamma(10**6 + 1)) / (400 * 399 / 2 / lgamma(401))
    assert other.value == pytest.approx(times * one.value)
    assert other.low == pytest.approx(times * one.low)


def test_passes_add_up_and_who_lacks_one_tells_nothing_there() -> None:
    first = resembling(600, 6, seed=4)
    second = resembling(600, 6, seed=5)
    present = np.arange(600) % 3 > 0
    second[~present] = 0
    report = measure({"one": everybody(first), "two": (second, present)}, at_size=6000)
    for figure in ("evidence_over_entropy", "evidence_at_size"):
        whole = getattr(report.together, figure)
        parts = [getattr(one, figure) for one in report.passes.values()]
        assert whole.value == pytest.approx(sum(one.value for one in parts))
        assert whole.high - whole.low < sum(one.high - one.low for one in parts)
    plain = plainly_told(second[present]).sum() / 2
    assert report.passes["two"].evidence_over_entropy.value == pytest.approx(plain / lgamma(601))
    alone = measure({"two": (second, present)})
    assert alone.together.evidence_over_entropy.value == pytest.approx(plain / lgamma(401))


def test_who_stands_twice_tells_a_lot_and_one_fingerprint_for_all_nothing() -> None:
    filters = random_filters(500, 512, seed=6)
    before = at(filters).value
    filters[1] = filters[0]
    assert at(filters).value - before == pytest.approx(512 / 2 / lgamma(501), rel=0.1)
    same = at(np.repeat(filters[:1], 50, axis=0))
    assert same.value == 0
    assert same.low == -same.high < 0


def test_two_records_refuse_nothing() -> None:
    for filters in (random_filters(2, 512), np.repeat(random_filters(1, 512), 2, axis=0)):
        assert at(filters, size=10**6).low < 0


@pytest.fixture(scope="module")
def both() -> Callable[[str, int, int], tuple[Evidence, float]]:
    """The figure as it is measured, and as plaintext lets expect it."""

    def look(label: str, size: int, seed: int) -> tuple[Evidence, float]:
        scheme = Scheme.published(label)
        held = encoded_by(records_of(people(size, seed)), scheme, seed).passes
        report = measure({name: (one.bits, one.present) for name, one in held.items()})
        expected = evidence_over_entropy(scheme, size, seed)
        return report.together.evidence_over_entropy, expected

    return look


@pytest.mark.parametrize(
    ("label", "size"), [("standard/2", 1000), ("standard/2", 3000), ("high/1", 3000)]
)
def test_it_is_what_plaintext_lets_expect_and_up_to_three_tenths_less(
    both: Callable[[str, int, int], tuple[Evidence, float]], label: str, size: int
) -> None:
    found, expected = both(label, size, 7)
    assert found.low < 1.05 * expected
    assert found.high > 0.7 * expected
    assert (found.high - found.low) / 2 < 0.35 * expected  # it does say something
