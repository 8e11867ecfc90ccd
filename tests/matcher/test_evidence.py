"""Distances to scores, bands and levels; and the models that come with published schemes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matcher.decisions.evidence import ABSENT, EvidenceModel
from matcher.formats.errors import AgreementError
from matcher.formats.scheme import Scheme, published
from matcher.formats.vocabulary import BANDS, LEVELS

FIELDS: dict[str, Any] = {
    "format": "kinmatch-model/1",
    "scheme": "tiny/1",
    "calibrated_on": "nothing",
    "reach": {"one": 40, "two": 20},
    "intercept": 1.0,
    "curves": {
        "one": {"distances": [0, 10, 50], "bits": [12.0, 8.0, -2.0]},
        "two": {"distances": [0, 20], "bits": [5.0, 0.0]},
    },
    "bands": {"strong": 12.0, "possible": 6.0, "weak": 0.0},
}


def model_with(**changes: Any) -> EvidenceModel:
    return EvidenceModel.model_validate({**FIELDS, **changes})


MODEL = model_with()


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
    assert MODEL.scores(distances(pair)).tolist() == [1.0 + sum(weights)]


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
    assert thirds.scores(distances((10, 1), (10, 2))).tolist() == [9.667, 9.333]


@pytest.mark.parametrize(
    ("score", "band"),
    [(99, 0), (12, 0), (11.999, 1), (6, 1), (5.999, 2), (0, 2), (-0.001, 3), (-50, 3)],
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


def test_no_pairs() -> None:
    assert MODEL.scores(distances()).shape == (0,)
    assert MODEL.levels(distances()).shape == (0, 2)
    assert MODEL.bands_of(np.empty(0)).shape == (0,)


@pytest.mark.parametrize(
    "changes",
    [
        {"curves": {"one": {"distances": [0, 10], "bits": [1.0]}}},
        {"curves": {"one": {"distances": [0], "bits": [1.0]}}},
        {"curves": {"one": {"distances": [10, 10], "bits": [1.0, 0.0]}}},
        {"curves": {"one": {"distances": [0, 10], "bits": [0.0, 1.0]}}},
        {"bands": {"strong": 6.0, "possible": 6.0, "weak": 0.0}},
        {"bands": {"strong": 8.0, "possible": 6.0, "weak": 6.0}},
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
    assert model.bands_of(model.scores(random))[0] >= BANDS.index("weak")
    assert model.bands_of(model.scores(np.zeros_like(random))).tolist() == [0]


def test_a_scheme_without_a_model_is_refused(tiny_scheme: Scheme) -> None:
    with pytest.raises(AgreementError, match="no evidence model for scheme tiny/1"):
        EvidenceModel.of(tiny_scheme)
