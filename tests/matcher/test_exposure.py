"""The exposure meter against a plain count, planted neighbours, and figures worked out by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from exposure_cases import Passes, everybody, random_filters
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.exposure import check_exposure, measure, measure_batches
from matcher.exposure import meter as meter_module
from matcher.exposure.degree import degrees
from matcher.exposure.neighbours import count_neighbours
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, Rows, read_batch, write_batch
from matcher.formats.errors import AgreementError, GateError, ParameterError
from matcher.formats.scheme import Attribute, Pass, Scheme, View

DrawUp = Callable[..., Agreement]


def plain_scores(filters: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The deviations of every pair, as the definition has them; NaN where not comparable."""
    bits = np.unpackbits(filters.view(np.uint8), axis=1, bitorder="little").astype(float)
    m, weights = bits.shape[1], bits.sum(axis=1)
    expected = np.outer(weights, weights) / m
    rest = m - weights
    variance = np.outer(weights, weights) * np.outer(rest, rest) / (m * m * (m - 1))
    scores = np.full(variance.shape, np.nan)
    says = variance > 0
    scores[says] = (bits @ bits.T - expected)[says] / np.sqrt(variance[says])
    scores[~present] = scores[:, ~present] = np.nan
    np.fill_diagonal(scores, np.nan)
    return scores


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(2, 150),
    words=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    share=st.sampled_from([0.02, 0.2, 0.5]),
    seed=st.integers(0, 2**32 - 1),
)
def test_counts_equal_the_plain_definition(
    n: int, words: list[int], share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    passes: Passes = {}
    for number, length in enumerate(words):
        filters = random_filters(n, 64 * length, share, seed + number)
        twin = rng.integers(0, n, n // 4)
        filters[: len(twin)] = filters[twin]  # some that resemble others
        present = rng.random(n) < 0.8
        filters[~present] = 0
        passes[str(number)] = (filters, present)
    scores = np.array([plain_scores(*one) for one in passes.values()])
    close = np.abs(scores - 5) < 1e-4
    compared = (~np.isnan(scores)).sum(axis=0)
    total = np.nan_to_num(scores).sum(axis=0) / np.sqrt(np.maximum(compared, 1))
    if close.any() or (np.abs(total - 5) < 1e-4).any():
        return  # a float of half the length may fall on the other side
    rows = np.sort(rng.permutation(n)[: rng.integers(1, n + 1)])
    found = count_neighbours(passes, rows, threads=2)
    for number, counts in enumerate(found.by_pass.values()):
        np.testing.assert_array_equal(counts, (scores[number] > 5).sum(axis=1)[rows])
    together = (scores > 5).any(axis=0) | (total > 5)
    np.testing.assert_array_equal(found.together, together.sum(axis=1)[rows])


def test_neighbours_that_were_planted() -> None:
    filters = random_filters(400, 1024, seed=1)
    assert measure({"one": everybody(filters)}).together.degree.value == 0
    filters[10:13] = filters[10]  # three of one fingerprint
    filters[20, :8] = filters[21, :8]  # half of the bits alike
    report = measure({"one": everybody(filters)}, at_size=4000)
    for found in (report.passes["one"], report.together):
        assert found.degree.value == pytest.approx((3 * 2 + 2) / 400)
        assert found.degree_at_size.value == pytest.approx(8 / 400 * 3999 / 399)
        assert (found.records, found.sampled, found.at_size) == (400, 400, 4000)
        assert (found.duplicates, found.smallest_group, found.most_neighbours) == (3, 1, 2)
        assert found.share_with_neighbours == pytest.approx(5 / 400)
        assert found.prosecutor_risk == 1
        assert found.marketer_risk == pytest.approx((395 + 3 / 3 + 2 / 2) / 400)


def test_passes_that_show_little_each_show_more_together() -> None:
    """About three deviations in each of four passes are six in all together."""
    passes: Passes = {}
    for number in range(4):
        filters = random_filters(300, 2048, seed=number)
        alike = np.unpackbits(filters[0].view(np.uint8))
        alike[150:] = np.random.default_rng(number).integers(0, 2, 1898, dtype=np.uint8)
        filters[1] = np.packbits(alike).view(np.uint64)
        passes[str(number)] = everybody(filters)
    report = measure(passes)
    assert [one.degree.value for one in report.passes.values()] == [0] * 4
    assert report.together.degree.value == pytest.approx(2 / 300)


def test_an_absent_pass_is_no_resemblance() -> None:
    filters = random_filters(300, 512, seed=2)
    present = np.arange(300) % 3 > 0
    filters[~present] = 0
    other = everybody(random_filters(300, 512, seed=3))
    report = measure({"one": (filters, present), "two": other}, at_size=3000)
    assert report.passes["one"].records == 200
    assert report.passes["one"].duplicates == 0
    assert report.together.records == 300
    assert report.together.degree.value == 0
    # Of 3,000 records, 2,000 would have the pass.
    chance = report.passes["two"].degree_at_size.by_chance / 2999
    assert report.passes["one"].degree_at_size.by_chance == pytest.approx(1999 * chance)


def test_a_pass_that_hardly_anybody_has_is_left_out() -> None:
    one = random_filters(50, 128), np.arange(50) == 7
    assert list(measure({"one": one, "two": everybody(random_filters(50, 128))}).passes) == ["two"]


def test_uneven_bits_and_weights_are_seen() -> None:
    even = measure({"p": everybody(random_filters(500, 512, seed=2))}).passes["p"].bits
    assert even is not None
    assert even.length == 512
    assert even.entropy > 0.99
    assert abs(even.gini) < 0.05
    assert abs(even.correlation) < 0.002
    assert even.weight == pytest.approx(256, abs=2)
    assert even.weight_spread == pytest.approx(1, abs=0.1)
    uneven = random_filters(500, 512, seed=2)
    uneven[:250, 4:] = 0  # half of them hold less, and half of their bits go together
    seen = measure({"p": everybody(uneven)}).passes["p"].bits
    assert seen is not None
    assert seen.weight_spread > 3
    assert seen.gini > even.gini + 0.1
    assert seen.correlation > 0.05


def test_bits_are_counted_over_blocks_as_over_all() -> None:
    filters = random_filters(9000, 640, 0.3, seed=5)
    found = measure({"p": everybody(filters)}).passes["p"].bits
    bits = np.unpackbits(filters.view(np.uint8), axis=1, bitorder="little").astype(float)
    frequency = bits.mean(axis=0)
    entropy = -(frequency * np.log2(frequency) + (1 - frequency) * np.log2(1 - frequency))
    gini = np.abs(frequency[:, None] - frequency).mean() / 2 / frequency.mean()
    correlation = np.corrcoef(bits[:, :512], rowvar=False)[np.triu_indices(512, 1)]
    assert found is not None
    assert found.entropy == pytest.approx(entropy.mean())
    assert found.gini == pytest.approx(gini)
    chance = np.sqrt(2 / np.pi / 9000)
    assert found.correlation == pytest.approx(np.abs(correlation).mean() - chance, abs=1e-6)


def planted(n: int, seed: int) -> np.ndarray:
    """Filters with clusters: a resemblance is likelier for some records than for others."""
    filters = random_filters(n, 256, seed=seed)
    cluster = np.random.default_rng(seed).geometric(0.02, n) % 400
    shared = random_filters(400, 256, seed=99)
    filters[:, :3] = shared[cluster, :3]
    return filters


def test_the_interval_holds_the_truth_about_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(meter_module, "SAMPLED", 150)
    truth = measure({"p": everybody(planted(6000, 0))}).together.degree.value / 5999
    held = 0
    for seed in range(1, 61):
        report = measure({"p": everybody(planted(500, seed))}, at_size=6000)
        degree = report.together.degree_at_size
        assert report.together.sampled == 150
        assert degree.low < degree.value < degree.high
        held += degree.low <= truth * 5999 <= degree.high
    assert held >= 51  # 57 of 60 expected


def test_no_neighbour_found_is_no_promise() -> None:
    (found,) = degrees(np.zeros(100, dtype=np.int64), 100, (100,))
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(-np.log(0.025) / (100 * 99 / 2) * 99)  # Poisson's upper end
    sampled, whole = degrees(np.zeros(10, dtype=np.int64), 1000, (1000, 10**6))
    assert whole.high == pytest.approx(sampled.high * (10**6 - 1) / 999)
    assert sampled.by_chance == pytest.approx(999 * 2.8665e-7, rel=1e-4)


def test_the_figures_are_the_same_whatever_the_threads() -> None:
    passes = {"a": everybody(planted(700, 1)), "b": everybody(random_filters(700, 128, 0.1, 2))}
    told: list[int] = []
    one, other = (measure(passes, threads=n, progress=told.append) for n in (1, 3))
    assert one == other
    assert told == [233, 466, 700] * 2


@pytest.mark.parametrize(("n", "at_size"), [(1, None), (0, None), (5, 1)])
def test_what_can_not_be_measured_is_refused(n: int, at_size: int | None) -> None:
    with pytest.raises(ParameterError):
        measure({"p": everybody(random_filters(n, 64))}, at_size=at_size)


# Batches, and the ceiling on them.


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    name = Attribute(name="name", views=(View(name="name.bigrams/1", each=2, most=20),))
    part = Pass(name="one", attributes=(name,), needs=(("name",),), bits=512, floor=0)
    return Scheme(name="open", version=1, passes=(part,))


def write(path: Path, under: Agreement, society: str, filters: np.ndarray) -> Batch:
    count = len(filters)
    references = np.zeros((count, 16), dtype=np.uint8)
    references[:, 14:] = np.arange(count, dtype=">u2").view(np.uint8).reshape(-1, 2)
    rows = Rows(
        references=references,
        roles=np.zeros(count, dtype=np.int8),
        relations=np.full(count, -1, dtype=np.int8),
        known=np.zeros(count, dtype=np.uint8),
        cases=np.zeros((count, 16), dtype=np.uint8),
        has_case=np.zeros(count, dtype=np.bool_),
        fingerprints={"one": everybody(filters)},
    )
    write_batch(path, society=society, agreement=under, groups=[rows])
    return read_batch(path, under)


def alike(n: int, seed: int) -> np.ndarray:
    """Filters of which the first third resembles each other."""
    filters = random_filters(n, 512, seed=seed)
    filters[: n // 3, :5] = filters[0, :5]
    return filters


def test_a_batch_beyond_the_ceiling_is_refused_by_name(
    draw_up: DrawUp, scheme: Scheme, tmp_path: Path
) -> None:
    under = draw_up(scheme=scheme, exposure_ceiling=2.5)
    quiet = write(tmp_path / "a", under, "red-one", random_filters(300, 512, seed=1))
    loud = write(tmp_path / "b", under, "red-one", alike(300, 2))
    passed = check_exposure(quiet, under)
    assert passed is not None
    assert passed.together.degree.value < 0.1
    with pytest.raises(
        GateError, match=r"red-one.* 300 .*resemble.*allows 2.5.*exposure.within-ceiling"
    ):
        check_exposure(loud, under)
    sparing = draw_up(scheme=scheme, evidence_ceiling=1.0, agreement_id=under.agreement_id)
    assert check_exposure(quiet, sparing) is not None
    with pytest.raises(GateError, match=r"300 .*distances would say.*allows 1\."):
        check_exposure(loud, sparing)
    open_to_all = draw_up(scheme=scheme, agreement_id=under.agreement_id)
    assert check_exposure(loud, open_to_all) is None


def test_what_is_held_counts(draw_up: DrawUp, scheme: Scheme, tmp_path: Path) -> None:
    """A society's other batches are looked at, those of others make the whole larger."""
    under = draw_up(scheme=scheme, exposure_ceiling=20.0)
    batch = write(tmp_path / "a", under, "red-one", alike(90, 3))
    again = write(tmp_path / "b", under, "red-one", alike(90, 3))
    other = write(tmp_path / "c", under, "red-two", random_filters(900, 512, seed=4))
    alone = check_exposure(batch, under)
    assert alone is not None
    assert alone.together.degree.value == pytest.approx(30 * 29 / 90, rel=0.05)
    both = measure_batches([batch, again])
    assert both.together.records == 180
    assert both.together.duplicates == 180
    with pytest.raises(GateError, match="990 records"):
        check_exposure(batch, under, held=[other])
    assert check_exposure(batch, under, held=[batch]) == alone  # not held against itself


def test_a_lone_record_resembles_nobody(draw_up: DrawUp, scheme: Scheme, tmp_path: Path) -> None:
    under = draw_up(scheme=scheme, exposure_ceiling=0.001)
    assert check_exposure(write(tmp_path / "a", under, "red-one", alike(1, 1)), under) is None
    assert (
        check_exposure(write(tmp_path / "b", under, "red-one", random_filters(0, 512)), under)
        is None
    )


@pytest.mark.parametrize("ceiling", ["exposure_ceiling", "evidence_ceiling"])
def test_the_ceiling_is_a_term_of_the_agreement(
    draw_up: DrawUp, tmp_path: Path, ceiling: str
) -> None:
    plain, limited = draw_up(), draw_up(**{ceiling: 0.5})
    assert ceiling not in plain.model_dump()
    assert plain.digest != limited.digest
    limited.write(tmp_path / "agreement.toml")
    assert Agreement.read(tmp_path / "agreement.toml") == limited
    for wrong in (0, -1, float("inf"), float("nan"), "1"):
        with pytest.raises(AgreementError, match=f"'{ceiling}' must be a number"):
            draw_up(**{ceiling: wrong})
