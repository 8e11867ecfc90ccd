"""Distances to scores, bands and levels; and the models that come with published schemes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matcher.decisions.evidence import ABSENT, EvidenceModel
from matcher.decisions.information import LITTLE, caps
from matcher.formats.errors import AgreementError
from matcher.formats.knowledge import BITS, ENDS, HIGHEST
from matcher.formats.scheme import Scheme, published
from matcher.formats.vocabulary import BANDS, LEVELS

BANDS_OF: dict[str, Any] = {
    "strong": 22.0,
    "possible": 16.0,
    "weak": 0.0,
    "false_per_pair": {"strong": 1e-9, "possible": 1e-7},
    "registered": 1_000_000,
}
FIELDS: dict[str, Any] = {
    "format": "kinmatch-model/1",
    "scheme": "tiny/1",
    "calibrated_on": "nothing",
    "reach": {"one": 40, "two": 20},
    "compares": {"one": ["name", "birth"], "two": ["name", "mother"]},
    "intercept": 1.0,
    "curves": {
        "one": {"distances": [0, 10, 50], "bits": [12.0, 8.0, -2.0]},
        "two": {"distances": [0, 20], "bits": [5.0, 0.0]},
    },
    "bands": BANDS_OF,
}


def model_with(**changes: Any) -> EvidenceModel:
    return EvidenceModel.model_validate({**FIELDS, **changes})


MODEL = model_with()


def scores(model: EvidenceModel, given: np.ndarray, known: int = HIGHEST) -> np.ndarray:
    """The scores of pairs of two persons of one level; the highest, by default."""
    both = np.full(len(given), known, np.uint8)
    return model.scores(given, both, both)


def distances(*rows: tuple[int, int]) -> np.ndarray:
    return np.array(rows, np.int32).reshape(-1, 2)


@pytest.mark.parametrize(
    ("pair", "weights"),
    [
        ((0, 0), (12.0, 5.0)),
        ((10, 20), (8.0, 0.0)),
        ((5, 4), (10.0, 4.0)),  # half way, a fifth of the way
        ((30, 10), (3.0, 2.5)),
        ((50, 64), (-2.0, 0.0)),  # flat beyond the last knot
        ((128, 64), (-2.0, 0.0)),
        ((ABSENT, 0), (0.0, 5.0)),
        ((ABSENT, ABSENT), (0.0, 0.0)),
    ],
)
def test_weights_follow_the_curve(pair: tuple[int, int], weights: tuple[float, float]) -> None:
    np.testing.assert_allclose(MODEL.weights(distances(pair)), [weights])
    if pair != (ABSENT, ABSENT):
        assert scores(MODEL, distances(pair)).tolist() == [1.0 + sum(weights)]


def test_where_nothing_was_compared_the_score_is_below_every_band() -> None:
    nothing = scores(MODEL, distances((ABSENT, ABSENT)))
    assert nothing < 0
    assert MODEL.bands_of(nothing).tolist() == [len(BANDS)]


@given(st.tuples(st.integers(-1, 128), st.integers(-1, 64)))
def test_a_given_name_and_a_year_never_make_more_than_weak(pair: tuple[int, int]) -> None:
    certain = model_with(intercept=60.0)
    found = scores(certain, distances(pair), 0)
    assert certain.bands_of(found)[0] >= BANDS.index("weak")
    assert certain.bands_of(scores(certain, distances((0, 0)))).tolist() == [0]


@pytest.mark.parametrize("label", published())
def test_a_level_comes_up_to_the_same_band_under_every_model(label: str) -> None:
    """And a record whose whole content can't pass a band's least score is of the level below."""
    bands = EvidenceModel.of(Scheme.published(label)).bands
    little, much, everything = caps(bands.strong)
    assert little == LITTLE < bands.possible <= ENDS[0]
    assert ENDS[0] < much <= bands.strong <= ENDS[1]
    assert everything == np.inf


def test_of_two_levels_the_lesser_bounds_a_pair() -> None:
    certain = model_with(intercept=60.0)
    every = np.arange(HIGHEST + 1, dtype=np.uint8)
    left, right = (side.ravel() for side in np.meshgrid(every, every))
    found = certain.scores(distances(*[(0, 0)] * len(left)), left, right)
    least = np.minimum(left, right)
    assert (found < caps(certain.bands.strong)[least]).all()
    alone = [scores(certain, distances((0, 0)), int(level))[0] for level in every]
    assert alone == sorted(set(alone))
    assert found.tolist() == [alone[level] for level in least]


def test_what_no_present_pass_holds_was_not_compared() -> None:
    """Whatever both hold, the one pass that both have compares names and mothers."""
    certain = model_with(intercept=60.0)
    (without,) = scores(certain, distances((ABSENT, 0)))
    assert without < BITS["name"][-1] + BITS["mother"][-1]
    assert without + BITS["birth"][-1] - 1 < scores(certain, distances((0, 0)))[0]


@given(st.lists(st.tuples(st.integers(-1, 128), st.integers(-1, 64)), max_size=30))
def test_an_absent_pass_weighs_nothing_and_nearer_never_weighs_less(
    pairs: list[tuple[int, int]],
) -> None:
    weights = MODEL.weights(distances(*pairs))
    assert weights.shape == (len(pairs), 2)
    for (one, two), row in zip(pairs, weights, strict=True):
        assert one != ABSENT or row[0] == 0
        assert two != ABSENT or row[1] == 0
        if one > 0:
            assert MODEL.weights(distances((one - 1, two)))[0, 0] >= row[0]


def test_scores_have_three_decimals() -> None:
    thirds = model_with(curves={**FIELDS["curves"], "two": {"distances": [0, 3], "bits": [1, 0]}})
    assert scores(thirds, distances((10, 1), (10, 2))).tolist() == [9.667, 9.333]


@pytest.mark.parametrize(
    ("score", "band"),
    [(99, 0), (22, 0), (21.999, 1), (16, 1), (15.999, 2), (0, 2), (-0.001, 3), (-50, 3)],
)
def test_a_score_on_a_band_is_in_it(score: float, band: int) -> None:
    found = MODEL.bands_of(np.array([score]))
    assert found.tolist() == [band]
    assert found.dtype == np.int8
    assert len(BANDS) == 3


@pytest.mark.parametrize(
    ("pair", "levels"),
    [
        ((10, 0), ("agree", "close")),  # exactly 8 bits
        ((11, 19), ("close", "close")),
        ((42, 20), ("differ", "differ")),  # exactly 0 bits
        ((ABSENT, ABSENT), ("absent", "absent")),
    ],
)
def test_levels(pair: tuple[int, int], levels: tuple[str, str]) -> None:
    found = MODEL.levels(distances(pair))
    assert found.dtype == np.int8
    assert tuple(LEVELS[level] for level in found[0]) == levels


@pytest.mark.parametrize(("register", "more"), [(1, 0), (1_000_000, 0), (4_000_000, 2)])
def test_more_registered_persons_ask_for_more(register: int, more: float) -> None:
    bands = MODEL.bands.at(register)
    assert (bands.strong, bands.possible, bands.weak) == (22 + more, 16 + more, 0)
    assert MODEL.bands_of(np.array([22 + more, 21.9 + more]), register).tolist() == [0, 1]


def test_no_pairs() -> None:
    assert scores(MODEL, distances()).shape == (0,)
    assert MODEL.levels(distances()).shape == (0, 2)
    assert MODEL.bands_of(np.empty(0)).shape == (0,)


@pytest.mark.parametrize(
    "changes",
    [
        {"curves": {"one": {"distances": [0, 10], "bits": [1.0]}}},
        {"curves": {"one": {"distances": [0], "bits": [1.0]}}},
        {"curves": {"one": {"distances": [10, 10], "bits": [1.0, 0.0]}}},
        {"curves": {"one": {"distances": [0, 10], "bits": [0.0, 1.0]}}},
        {"bands": BANDS_OF | {"strong": 16.0}},
        {"bands": BANDS_OF | {"weak": 16.0}},
        {"bands": BANDS_OF | {"possible": 14.5}},  # what a given name, a year and the sex can tell
        {"compares": {"one": ["name"]}},
        {"compares": {"one": ["name"], "two": ["shoe size"]}},
        {"format": "kinmatch-model/2"},
        {"surprise": 1},
    ],
)
def test_a_model_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model_with(**changes)


def test_the_digest_tells_models_apart() -> None:
    assert MODEL.digest == model_with().digest
    assert MODEL.digest != model_with(intercept=1.5).digest
    assert MODEL.digest.startswith("sha256:")


@pytest.mark.parametrize("label", published())
def test_every_published_scheme_has_a_model_of_its_own_passes(label: str) -> None:
    scheme = Scheme.published(label)
    model = EvidenceModel.of(scheme)
    assert model.scheme == label
    assert list(model.passes) == [part.name for part in scheme.passes] == list(model.reach)
    for part in scheme.passes:
        assert 0 < model.reach[part.name] < part.output_bits / 2
        assert model.curves[part.name].distances[0] == 0
    # All passes at a random distance are weak at most, all equal are strong.
    random = np.array([[part.output_bits // 2 for part in scheme.passes]], np.int32)
    assert model.bands_of(scores(model, random))[0] >= BANDS.index("weak")
    assert model.bands_of(scores(model, np.zeros_like(random))).tolist() == [0]


def test_a_scheme_without_a_model_is_refused(tiny_scheme: Scheme) -> None:
    with pytest.raises(AgreementError, match="no evidence model for scheme tiny/1"):
        EvidenceModel.of(tiny_scheme)
