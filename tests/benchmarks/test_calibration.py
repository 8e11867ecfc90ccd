"""Calibration: on data whose likelihood ratios are known, the model comes near to them."""

import numpy as np
import pytest

from benchmarks.tuning.calibration import KNOTS, REACH_SIGMA, Labelled, calibrate, with_bands
from benchmarks.tuning.scales import Scale, scales_of
from matcher.decisions.candidates import Fingerprints, Side, pairs_within_reach
from matcher.decisions.evidence import ABSENT, EvidenceModel
from matcher.decisions.information import LITTLE, MUCH
from matcher.formats.errors import ParameterError
from matcher.formats.knowledge import HIGHEST
from matcher.formats.scheme import Attribute, Pass, Scheme, View
from matcher.formats.steps import Diffusion
from matcher.formats.vocabulary import BANDS

PEOPLE, OTHERS = 1_500, 6_000  # pairs enough to measure bands on
_NAME = Attribute(name="name", views=(View(name="name.bigrams/1", each=2, most=20),))
_FACTS = tuple(  # as many as there are kinds of, so that no score is bounded by them
    _NAME.model_copy(update={"name": name})
    for name in ("name", "birth", "sex", "place", "mother", "nationality")
)
SCHEME = Scheme(
    name="trial",
    version=1,
    passes=tuple(
        Pass(
            name=name,
            attributes=_FACTS,
            needs=(("name",),),
            bits=bits,
            floor=0,
            hardening=(Diffusion(t=6, bits=bits),),
        )
        for name, bits in (("long", 512), ("short", 256))
    ),
)


def known_well(passes: dict[str, Fingerprints]) -> Side:
    """A side on which so much is known of everybody that it bounds no score."""
    return Side(passes, np.full(len(passes["long"][0]), HIGHEST, np.uint8))


def scores_of(model: EvidenceModel, distances: np.ndarray) -> np.ndarray:
    everything = np.full(len(distances), HIGHEST, np.uint8)
    return model.scores(distances, everything, everything)


def labelled(seed: int = 0, known_share: float = 0.85) -> Labelled:
    """Random filters; the first people of both sides are one person each, at a varying distance."""
    rng = np.random.default_rng(seed)
    left: dict[str, Fingerprints] = {}
    right: dict[str, Fingerprints] = {}
    for part in SCHEME.passes:
        bits = part.bits
        one = rng.random((PEOPLE, bits)) < 0.5
        noise = rng.uniform(0.2, 0.5, (PEOPLE, 1))
        same = one ^ (rng.random((PEOPLE, bits)) < noise)
        two = np.concatenate([same, rng.random((OTHERS, bits)) < 0.5])
        for into, filters in ((left, one), (right, two)):
            packed = np.packbits(filters, axis=1, bitorder="little").view("<u8").astype(np.uint64)
            present = rng.random(len(filters)) < known_share
            packed[~present] = 0
            into[part.name] = (packed, present)
    return Labelled(known_well(left), known_well(right), np.column_stack([np.arange(PEOPLE)] * 2))


@pytest.fixture(scope="module")
def seen() -> Labelled:
    return labelled()


@pytest.fixture(scope="module")
def model(seen: Labelled) -> EvidenceModel:
    return calibrate(SCHEME, [seen], "a trial")


def test_the_model_is_of_the_schemes_own_passes(model: EvidenceModel) -> None:
    assert model.scheme == "trial/1"
    assert model.calibrated_on == "a trial"
    assert list(model.passes) == list(model.reach) == ["long", "short"]
    for part in SCHEME.passes:
        assert model.reach[part.name] == int(part.bits / 2 - REACH_SIGMA * np.sqrt(part.bits) / 2)
        assert model.curves[part.name].distances[0] == 0
        sigmas = np.sqrt(part.bits)  # from a random pair to a distance of 0
        reachable = sum(knot < sigmas for knot in KNOTS)
        assert len(model.curves[part.name].distances) == reachable + 1


def test_nearer_is_always_more(model: EvidenceModel) -> None:
    for column, part in enumerate(SCHEME.passes):
        least = min(model.curves[part.name].distances)
        most = max(model.curves[part.name].distances)
        distances = np.full((most - least + 1, 2), ABSENT, np.int32)
        distances[:, column] = np.arange(least, most + 1)
        assert (np.diff(model.weights(distances)[:, column]) <= 0).all()


def test_scores_are_likelihood_ratios(seen: Labelled, model: EvidenceModel) -> None:
    """Of pairs with a score of s bits, 2**s times the prior odds are true: at every height."""
    unseen = labelled(seed=1)
    left, right, distances = pairs_within_reach(unseen.left, unseen.right, model.reach)
    true = left == right
    scores = scores_of(model, distances)
    prior = PEOPLE / (PEOPLE * (PEOPLE + OTHERS) - PEOPLE)
    probability = 1 / (1 + 1 / (prior * np.exp2(scores)))
    assert abs(probability.sum() / true.sum() - 1) < 0.1
    for low, high in ((0.02, 0.5), (0.5, 1.01)):
        these = (probability >= low) & (probability < high)
        assert these.sum() > 20
        assert abs(true[these].mean() - probability[these].mean()) < 0.12


def test_true_pairs_come_out_above_all_others(model: EvidenceModel) -> None:
    unseen = labelled(seed=2)
    left, right, distances = pairs_within_reach(unseen.left, unseen.right, model.reach)
    bands = model.bands_of(scores_of(model, distances))
    true = left == right
    strong = bands == BANDS.index("strong")
    assert true[strong].mean() > 0.99
    assert (strong & true).sum() > 0.5 * PEOPLE


def test_the_same_data_give_the_same_model(seen: Labelled, model: EvidenceModel) -> None:
    assert calibrate(SCHEME, [seen], "a trial").digest == model.digest


def test_several_sets_are_pooled(seen: Labelled, model: EvidenceModel) -> None:
    """A set that holds the same twice over says the same of distances."""
    told: list[str] = []
    twice = calibrate(SCHEME, [seen, seen], "a trial", progress=told.append)
    assert told == ["comparing set 1 of 2", "comparing set 2 of 2", "fitting"]
    distances = pairs_within_reach(seen.left, seen.right, model.reach)[2]
    # Where all pairs are true nothing bounds the score but the penalty: not compared.
    doubtful = scores_of(model, distances) < 14
    differences = (scores_of(twice, distances) - scores_of(model, distances))[doubtful]
    assert len(differences) > 300
    assert np.abs(differences).mean() < 0.3


def test_without_true_pairs_there_is_nothing_to_learn(seen: Labelled) -> None:
    nobody = Labelled(seen.left, seen.right, np.empty((0, 2), np.int64))
    for sets in ([nobody], []):
        with pytest.raises(ParameterError, match="No true pair"):
            calibrate(SCHEME, sets, "a trial")


def test_no_rate_makes_strong_what_little_can_tell(model: EvidenceModel) -> None:
    """Where no two persons come near each other, what two records may not share still bars it."""
    nobody = with_bands(model, np.zeros(0), 1e9).bands
    assert (nobody.possible, nobody.strong) == (LITTLE + 0.5, MUCH)
    twins = with_bands(model, np.full(50, MUCH + 3), 1e9).bands
    assert twins.possible < MUCH + 3 < twins.strong


def test_too_few_pairs_to_measure_bands_on() -> None:
    few = labelled()
    left = known_well({n: (b[:50], p[:50]) for n, (b, p) in few.left.passes.items()})
    with pytest.raises(ParameterError, match="have 375,000 pairs; give at least 10,000,000"):
        calibrate(SCHEME, [Labelled(left, few.right, few.pairs[:50])], "a trial")


def test_what_is_not_diffused_is_measured_and_reaches_as_far_as_it_tells() -> None:
    """Filters of which a share is common to everybody: two people are nearer than random ones."""
    rng = np.random.default_rng(1)
    passes = tuple(part.model_copy(update={"hardening": ()}) for part in SCHEME.passes)
    scheme = Scheme(name="bare", version=1, passes=passes)
    sides: list[dict[str, Fingerprints]] = [{}, {}]
    for part in passes:
        one = rng.random((PEOPLE + OTHERS, part.bits)) < 0.2
        one[:, : part.bits // 8] = True
        other = one ^ (rng.random(one.shape) < rng.uniform(0, 0.4, (len(one), 1)))
        for side, filters in zip(sides, (one[:PEOPLE], other), strict=True):
            packed = np.packbits(filters, axis=1, bitorder="little").view("<u8").astype(np.uint64)
            side[part.name] = (packed, np.ones(len(filters), np.bool_))
    left, right = map(known_well, sides)
    scales = scales_of(scheme, [(left, right)])
    for part in passes:
        assert scales[part.name].chance < 0.9 * part.bits / 2
    pairs = np.column_stack([np.arange(PEOPLE)] * 2)
    model = calibrate(scheme, [Labelled(left, right, pairs)], "a trial")
    for name, curve in model.curves.items():
        reach = model.reach[name]
        assert 0 < reach <= scales[name].below(REACH_SIGMA)
        told = model.intercept + np.interp([reach, 0], curve.distances, curve.bits)
        assert told[1] > told[0] >= 0


def test_the_scale_of_what_is_diffused_needs_no_data() -> None:
    assert scales_of(SCHEME, []) == {"long": Scale(256.0, 512**0.5 / 2), "short": Scale(128.0, 8.0)}
