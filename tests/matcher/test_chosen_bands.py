"""Bands that an agreement chose in place of a model's own."""

from collections.abc import Callable

import numpy as np
import pytest

from matcher.decisions.evidence import EvidenceModel
from matcher.decisions.refinement.weights import RefinementModel
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError
from matcher.formats.scheme import Scheme
from matcher.formats.thresholds import ChosenBands, Stage

DrawUp = Callable[..., Agreement]

SCHEME = Scheme.published("standard/2")
OWN = EvidenceModel.of(SCHEME)
REFINED = RefinementModel.published()


def chosen(stage: Stage = "passes", **fields: object) -> ChosenBands:
    usual = {
        "model_digest": (OWN if stage == "passes" else REFINED).digest,
        "strong": 40.0,
        "possible": 30.0,
        "registered": 50_000,
    }
    return ChosenBands.model_validate({"stage": stage} | usual | fields)


def under(draw_up: DrawUp, *thresholds: ChosenBands) -> Agreement:
    return draw_up(scheme=SCHEME).model_copy(update={"thresholds": thresholds})


def test_without_a_choice_the_models_own_hold(draw_up: DrawUp) -> None:
    assert EvidenceModel.under(under(draw_up)) == OWN
    assert RefinementModel.under(under(draw_up, chosen("passes"))) == REFINED


def test_the_agreements_bands_take_the_place_of_the_models(draw_up: DrawUp) -> None:
    agreement = under(draw_up, chosen("passes"), chosen("attributes", strong=50.0))
    model = EvidenceModel.under(agreement)
    assert model.bands_of(np.array([45.0, 35.0, 20.0]), 50_000).tolist() == [0, 1, 2]
    assert model.bands_of(np.array([40.9, 30.9]), 100_000).tolist() == [1, 2]
    assert model.bands.weak == OWN.bands.weak
    assert model.model_copy(update={"bands": OWN.bands}) == OWN
    assert RefinementModel.under(agreement).bands.strong == 50.0


def test_who_holds_little_is_never_strong_whatever_was_chosen(draw_up: DrawUp) -> None:
    model = EvidenceModel.under(under(draw_up, chosen(strong=22.0, possible=20.0)))
    alike = np.zeros((2, len(SCHEME.passes)), dtype=np.int32)
    level = np.array([1, 2], dtype=np.uint8)
    found = model.model_copy(update={"intercept": 60.0}).scores(alike, level, level)
    assert model.bands_of(found, 50_000).tolist() == [1, 0]


def test_a_choice_for_another_model_stops_the_comparison(draw_up: DrawUp) -> None:
    other = chosen(model_digest="sha256:" + "0" * 64)
    with pytest.raises(AgreementError, match=r"were chosen for model sha256:0+; this release"):
        EvidenceModel.under(under(draw_up, other))


@pytest.mark.parametrize(
    "fields", [{"strong": 30.0}, {"possible": 14.5}, {"possible": OWN.bands.weak}]
)
def test_what_can_be_no_bands_is_refused(draw_up: DrawUp, fields: dict[str, object]) -> None:
    with pytest.raises(AgreementError, match="are no bands"):
        EvidenceModel.under(under(draw_up, chosen(**fields)))


def test_a_stage_has_one_choice(draw_up: DrawUp) -> None:
    fields = under(draw_up, chosen(), chosen(strong=41.0)).model_dump(mode="json")
    with pytest.raises(ValueError, match="each stage once"):
        Agreement.model_validate(fields)


def test_an_agreement_without_a_choice_says_nothing_of_it(draw_up: DrawUp) -> None:
    assert "thresholds" not in draw_up().model_dump()
