"""The parts of the lab that have a right answer."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest

from benchmarks.attacks import fingerprints, key_compromise, soft_matching
from benchmarks.attacks.alignment import NOTHING, Values, align
from benchmarks.attacks.charts import Bar, bars
from benchmarks.attacks.fingerprints import (
    as_bits,
    encoded_by,
    encoded_under,
    undefended,
    unhardened,
    weighted_tokens,
)
from benchmarks.attacks.outcome import Outcome, clopper_pearson
from benchmarks.attacks.populations import (
    Register,
    held_in,
    households,
    minors,
    misspelt,
    overlapping,
    people,
    records_of,
)
from benchmarks.attacks.similarity import Correlations, Dice, Expected, Likeness, expected
from encoders.hardening import combine, xor_sets
from encoders.passes import views_of
from encoders.tokens import ViewOf, Vocabulary
from matcher.formats.errors import ParameterError
from matcher.formats.scheme import Salt, Scheme, published
from matcher.formats.steps import (
    Balancing,
    Diffusion,
    Permutation,
    Resampling,
    Response,
    Rule90,
    Step,
    StratifiedDiffusion,
    Stratum,
    WindowedXor,
    XorFold,
)


@pytest.fixture(scope="module")
def standard() -> Scheme:
    return Scheme.published("standard/1")


def random_filters(n: int, bits: int, share: float, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).random((n, bits)) < share
    return np.packbits(drawn, axis=1, bitorder="little").view(np.uint64)


def test_the_interval_is_clopper_and_pearsons() -> None:
    # Known: 0 of 10 gives 1 - 0.025^(1/10); 5 of 10 gives 0.1871 to 0.8129.
    assert clopper_pearson(0, 10) == pytest.approx((0, 1 - 0.025 ** (1 / 10)))
    assert clopper_pearson(10, 10) == pytest.approx((0.025 ** (1 / 10), 1))
    assert clopper_pearson(5, 10) == pytest.approx((0.18709, 0.81291), abs=1e-5)
    assert clopper_pearson(0, 0) == (0, 1)
    with pytest.raises(ParameterError):
        clopper_pearson(3, 2)


def test_outcomes_that_differ_in_seconds_alone_are_equal() -> None:
    one = Outcome("A1", "v", "t", 10, 10, 10, 5, 0, seconds=1.0)
    assert one == Outcome("A1", "v", "t", 10, 10, 10, 5, 0, seconds=2.0)
    assert one != Outcome("A1", "v", "t", 10, 10, 10, 6, 0, seconds=1.0)


@pytest.mark.parametrize("register", Register)
def test_the_overlap_is_who_it_says(register: Register) -> None:
    records, knowledge = overlapping(300, 120, 5, register)
    assert len(records) == len(knowledge.records) == 300
    assert (knowledge.truth >= 0).sum() == 120
    shared = np.flatnonzero(knowledge.truth >= 0)
    columns = [name for name in records.table.column_names if name != "record_id"]
    ours = records.take(shared).table.select(columns).to_pylist()
    theirs = knowledge.records.take(knowledge.truth[shared]).table.select(columns).to_pylist()
    assert ours == theirs
    ids = set(records.column("record_id").to_pylist())
    assert not ids & set(knowledge.records.column("record_id").to_pylist())


def test_households_differ_in_given_name_sex_and_birth_alone() -> None:
    before = people(1000, 5)
    frame = households(before)
    assert sorted(frame["record_id"]) == sorted(before["record_id"])
    by_address = frame.groupby("residence")
    assert by_address.size().value_counts().to_dict() == dict.fromkeys(range(1, 5), 100)
    own = {"record_id", "given_name", "other_names", "sex", "birth_date", "age", "age_on"}
    others = [name for name in frame.columns if name not in own | {"calendar", "residence"}]
    assert (by_address[others].nunique() == 1).all().all()
    unchanged = frame.set_index("record_id")[[*own - {"record_id"}]]
    pd.testing.assert_frame_equal(
        unchanged.sort_index(), before.set_index("record_id")[unchanged.columns].sort_index()
    )


def test_minors_are_told_apart_by_no_birth() -> None:
    before = people(200, 5)
    frame = minors(before)
    assert set(frame["sex"]) == {"m"}
    assert frame["birth_date"].value_counts().to_dict() == {str(2008 + at): 40 for at in range(5)}
    assert not (frame[["age", "age_on", "calendar"]] != "").any().any()
    others = frame.columns.difference(["sex", "birth_date", "age", "age_on", "calendar"])
    pd.testing.assert_frame_equal(frame[others], before[others])


def test_a_sparse_register_holds_name_sex_and_birth() -> None:
    frame = held_in(Register.SPARSE, people(200, 5))
    held = {name for name in frame.columns if (frame[name] != "").any()}
    assert not held & {"mother_name", "birth_place", "residence", "nationality", "other_names"}
    assert held > {"given_name", "father_name", "family_name", "sex", "birth_date"}


@pytest.mark.parametrize("label", published())
def test_tokens_made_once_are_encoded_to_the_same_bits(label: str) -> None:
    records = records_of(people(300, 5))
    for part in Scheme.published(label).passes:
        scheme = Scheme(name="searched", version=1, passes=(part,))
        asked = encoded_by(records, scheme, seed=3).passes[part.name]
        made = encoded_under(records, part, seed=3)
        np.testing.assert_array_equal(made.bits, asked.bits)
        np.testing.assert_array_equal(made.present, asked.present)


def test_no_view_of_the_same_records_is_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ViewOf] = []

    class Noting(Vocabulary):
        def __init__(self, views: Iterable[ViewOf]) -> None:
            wanted = list(views)
            made.extend(wanted)
            super().__init__(wanted)

    monkeypatch.setattr(fingerprints, "Vocabulary", Noting)
    records, passes = records_of(people(50, 5)), Scheme.published("standard/2").passes
    for part in passes * 2:
        weighted_tokens(records, part)
    assert sorted(made) == sorted(views_of(passes))
    weighted_tokens(records_of(people(50, 5)), passes[0])
    assert len(made) == len(views_of(passes)) + len(views_of(passes[:1]))


def test_misspelling_changes_about_the_share_asked_for() -> None:
    _, knowledge = overlapping(500, 500, seed=6)
    garbled = misspelt(knowledge, 0.3, seed=1)
    pairs = zip(knowledge.records.table.to_pylist(), garbled.records.table.to_pylist(), strict=True)
    changed = [sum(a[c] != b[c] for c in a) for a, b in pairs]
    assert max(changed) == 1
    assert 0.2 < np.mean(changed) < 0.35


def test_what_plaintext_lets_expect_is_what_fingerprints_show(standard: Scheme) -> None:
    records = records_of(people(500, 8))
    for scheme, see in ((standard, Correlations), (undefended(standard), Dice)):
        encoded = encoded_by(records, scheme, 8).passes
        for part in scheme.passes[1:3]:
            prints = encoded[part.name]
            seen = see(prints.bits, prints.present).whole()
            told = Expected(weighted_tokens(records, part), prints.present, part).whole()
            assert (np.isnan(seen) == np.isnan(told)).all()
            assert np.isnan(seen[~prints.present]).all()
            alike = np.triu(told > 0.1, 1)
            assert np.corrcoef(seen[alike], told[alike])[0, 1] > 0.8
            if part.hardening:  # Dice of filters has chance in it, which the attacks subtract
                assert abs((seen - told)[alike].mean()) < 1.5 / np.sqrt(part.output_bits)


@pytest.mark.parametrize(
    "hardening",
    [
        (Diffusion(t=4, bits=2048),),
        (XorFold(), Permutation()),
        (WindowedXor(window=3), Balancing()),
        (Rule90(), Response(per_mille=100)),
    ],
    ids=lambda steps: " ".join(one.step for one in steps),
)
def test_plaintext_lets_expect_salts_and_every_step(
    standard: Scheme, hardening: tuple[Step, ...]
) -> None:
    """An attacker who knows the scheme reckons with all that is in it, but the keys."""
    salt = (Salt(attribute="sex", view="sex.code/1"),)
    part = standard.passes[1]
    attributes = tuple(one.model_copy(update={"salt": salt}) for one in part.attributes)
    part = part.model_copy(update={"attributes": attributes, "hardening": hardening})
    scheme = Scheme(name="other", version=1, passes=(part,))
    records = records_of(people(400, 8))
    prints = encoded_by(records, scheme, 8).passes[part.name]
    seen = Correlations(prints.bits, prints.present).whole()
    told = Expected(weighted_tokens(records, part), prints.present, part).whole()
    alike = np.triu(told > 0.1, 1)
    assert alike.sum() > 50
    assert np.corrcoef(seen[alike], told[alike])[0, 1] > 0.8
    assert abs((seen - told)[alike].mean()) < 0.05


def test_plaintext_lets_expect_what_strata_multiply(standard: Scheme) -> None:
    """Also where a further step follows, and where a stratum is all that two records share."""
    part = standard.passes[1]
    strata = (
        Stratum(attributes=("name", "sex"), bits=1024, t=2),
        Stratum(attributes=("birth",), bits=1024, t=1),
    )
    step = StratifiedDiffusion(strata=strata, bits=4096)
    part = part.model_copy(update={"floor": 300, "hardening": (step, Resampling())})
    records = records_of(people(400, 8))
    scheme = Scheme(name="other", version=1, passes=(part,))
    prints = encoded_by(records, scheme, 8).passes[part.name]
    seen = Correlations(prints.bits, prints.present).whole()
    told = expected(records, prints.present, part)
    alike = np.triu(told.whole() > 0.05, 1)
    assert alike.sum() > 50
    assert np.corrcoef(seen[alike], told.whole()[alike])[0, 1] > 0.8
    assert abs((seen - told.whole())[alike].mean()) < 0.02
    assert told.at(*np.nonzero(alike)) == pytest.approx(told.whole()[alike], abs=1e-5)


def test_near_pairs_are_those_of_the_whole_matrix() -> None:
    records = records_of(people(700, 4))  # more than are compared at once
    scheme = Scheme.published("standard/2")
    part, bare = scheme.passes[1], undefended(scheme).passes[1]
    filters = encoded_by(records, scheme, 4).passes[part.name].bits
    present = np.arange(700) % 7 > 0
    tokens = weighted_tokens(records, part)
    for likeness, lowest in (
        (Correlations(filters, present), 0.06),
        (Dice(filters, present), 0.53),
        (Expected(tokens, present, part), 0.06),
        (Expected(tokens, present, bare), 0.4),
    ):
        whole = likeness.whole()
        lower, higher = np.nonzero(np.triu(whole > lowest, 1))
        near = likeness.near(lowest)
        assert 20 < len(lower) < 50_000
        assert np.array_equal(near, (lower, higher))
        assert likeness.at(*near) == pytest.approx(whole[near], abs=1e-5)
        assert np.isnan(likeness.at(np.array([1]), np.array([0]))).all()


def test_scatter_is_that_of_the_whole_matrix() -> None:
    records = records_of(people(700, 4))  # more than are compared at once
    part = Scheme.published("standard/2").passes[1]
    present = np.arange(700) % 7 > 0
    likeness = Expected(weighted_tokens(records, part), present, part)
    pairs, variance = likeness.scatter()
    told = likeness.whole()[np.triu_indices(700, 1)]
    assert pairs == 600 * 599 / 2
    assert variance == pytest.approx(np.nanvar(told.astype(np.float64)), rel=1e-6)
    assert Expected(weighted_tokens(records, part), np.zeros(700, bool), part).scatter() == (0, 0)


def test_alignment_finds_a_permutation_by_likeness() -> None:
    generator = np.random.default_rng(3)
    values = generator.random((40, 12))
    order = generator.permutation(40)
    traits = -np.arange(40.0)[:, None] / 10
    noisy = traits + generator.normal(scale=0.3, size=traits.shape)
    likeness = values @ values.T
    hidden = Values(noisy[order], likeness[np.ix_(order, order)])
    assert (align(hidden, Values(traits, likeness), seed=0) == order).mean() > 0.9
    few = align(hidden, Values(traits[:10], likeness[:10, :10]), seed=0)
    assert (few != NOTHING).sum() == 10


def random_likeness(n: int, seed: int, spread: float) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(scale=spread, size=(n, n)).astype(np.float32)
    return np.triu(drawn, 1) + np.triu(drawn, 1).T


class Given(Likeness):
    """Likenesses as they are given."""

    def __init__(self, whole: np.ndarray, present: np.ndarray) -> None:
        super().__init__(present)
        self._all = whole

    def _block(self, rows: slice, columns: slice) -> np.ndarray:
        return self._all[rows, columns].copy()

    def _pairs(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return self._all[left, right]


def test_soft_matching_finds_what_no_single_pair_shows() -> None:
    """From a tenth of right answers on, where no likeness comes up to the noise of one."""
    n, bits = 300, 1024
    generator = np.random.default_rng(5)
    told = random_likeness(n, 1, 0.6 / np.sqrt(bits))
    truth = generator.permutation(n)
    seen = told[np.ix_(truth, truth)] + random_likeness(n, 2, 1 / np.sqrt(bits))
    present = np.ones(n, dtype=np.bool_)
    first = np.full(n, -1)
    first[:30] = truth[:30]
    hidden, known = Given(seen, present), Given(told, present)
    assert any(
        (answer == truth).mean() > 0.9
        for answer in soft_matching.match([hidden], [known], [bits], first)
    )
    nothing = Given(random_likeness(n, 3, 1 / np.sqrt(bits)), present)
    others = np.arange(30, n)
    for guessed in soft_matching.match([nothing], [known], [bits], first):
        assert (guessed == truth)[others].mean() < 0.03


def test_who_is_known_stays_so_and_nobody_else_is_him() -> None:
    n = 60
    flat = Given(np.zeros((n, n), dtype=np.float32), np.ones(n, dtype=np.bool_))
    given = np.full(n, -1)
    given[:20] = np.arange(n)[::-1][:20]
    answers = soft_matching.match_others([flat], [flat], [64], given)
    assert np.array_equal(answers[:20], given[:20])
    assert not set(answers[20:]) & set(given[:20])


def test_what_a_batch_shows_is_not_contradicted() -> None:
    n = 60
    flat = Given(np.zeros((n, n), dtype=np.float32), np.ones(n, dtype=np.bool_))
    some = np.arange(n) % 3 > 0
    lacking = Given(np.zeros((n, n), dtype=np.float32), some)
    levels = np.arange(n) // 20
    wrong = (np.arange(n) + 1) % n  # a first answer that all that is shown speaks against
    sides = [flat, lacking], [flat, lacking]
    for answers in soft_matching.match(*sides, [64, 64], wrong, (levels, levels)):
        assert (levels[answers] == levels).all()
        assert (some[answers] == some).all()


def test_diffusion_is_solved_from_known_records() -> None:
    before = random_filters(600, 256, 0.3, 4)
    after = combine(before, xor_sets(Diffusion(t=6, bits=256), 256, b"k" * 32))
    learnt = key_compromise.undiffuse(before, after, 400, seed=1, target="t")
    assert learnt.rate == 1
    too_few = key_compromise.undiffuse(before, after, 100, seed=1, target="t")
    assert 0.4 < too_few.rate < 0.8


def test_unhardened_keeps_the_floor_and_undefended_does_not(standard: Scheme) -> None:
    records = records_of(people(200, 9))
    part = standard.passes[2]
    for scheme, lowest in ((unhardened(standard), part.floor), (undefended(standard), 0)):
        prints = encoded_by(records, scheme, 1).passes[part.name]
        weights = as_bits(prints.bits[prints.present]).sum(axis=1)
        assert weights.min() >= lowest
        assert lowest or weights.min() < part.floor


def test_a_chart_is_one_element_that_loads_nothing() -> None:
    row = Bar("x & y", 2.0, "200 %", False, 0.5, 0.1, 0.9, note="<known>")
    drawn = bars("a <title>", [row], most=1.0)
    assert drawn.startswith("<svg")
    assert "x &amp; y" in drawn
    assert "a &lt;title&gt;" in drawn
    assert "&lt;known&gt;" in drawn
    assert "http" not in drawn
