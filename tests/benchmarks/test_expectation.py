"""EM without labels, against the same calibration with labels: it must come to the same."""

import numpy as np
import pytest
from test_calibration import PEOPLE, SCHEME, labelled, scores_of

from benchmarks.tuning.calibration import Labelled, calibrate
from benchmarks.tuning.expectation import Unlabelled, calibrate_unlabelled
from matcher.decisions.candidates import Fingerprints, Side, pairs_within_reach
from matcher.decisions.evidence import EvidenceModel
from matcher.formats.errors import ParameterError


@pytest.fixture(scope="module")
def seen() -> Labelled:
    return labelled()


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def model(seen: Labelled, told: list[str]) -> EvidenceModel:
    sides = Unlabelled(seen.left, seen.right)
    return calibrate_unlabelled(SCHEME, sides, "nobody knows", progress=told.append)


def test_it_comes_to_what_labels_say(seen: Labelled, model: EvidenceModel) -> None:
    with_labels = calibrate(SCHEME, [seen], "a trial")
    unseen = labelled(seed=1)
    left, right, distances = pairs_within_reach(unseen.left, unseen.right, model.reach)
    mine, theirs = scores_of(model, distances), scores_of(with_labels, distances)
    assert np.corrcoef(mine, theirs)[0, 1] > 0.95
    doubtful = theirs < 14  # above, nothing bounds the scores but the penalty
    assert abs((mine - theirs)[doubtful].mean()) < 1
    strong = mine >= model.bands.strong
    assert (left == right)[strong].mean() > 0.99
    assert strong.sum() > 0.5 * PEOPLE


def test_it_finds_how_many_are_one_person(
    seen: Labelled, told: list[str], model: EvidenceModel
) -> None:
    near, other, _ = pairs_within_reach(seen.left, seen.right, model.reach)
    true = int((near == other).sum())
    last = [text for text in told if text.startswith("round")][-1]
    assert int(last.split()[3].replace(",", "")) == pytest.approx(true, rel=0.1)


def test_the_same_sides_give_the_same_model(seen: Labelled, model: EvidenceModel) -> None:
    again = calibrate_unlabelled(SCHEME, Unlabelled(seen.left, seen.right), "nobody knows")
    assert again.digest == model.digest


def part_of(side: Side, rows: slice) -> Side:
    passes: dict[str, Fingerprints] = {n: (b[rows], p[rows]) for n, (b, p) in side.passes.items()}
    return Side(passes, side.known[rows])


def test_a_small_register_is_refused(seen: Labelled) -> None:
    few = Unlabelled(seen.left, part_of(seen.right, slice(1000)))
    with pytest.raises(ParameterError, match="499,500 pairs"):
        calibrate_unlabelled(SCHEME, few, "nobody knows")


def test_sides_that_share_nobody_are_refused(seen: Labelled) -> None:
    strangers = Unlabelled(part_of(labelled(seed=5).left, slice(2)), seen.right)
    with pytest.raises(ParameterError, match="nothing to learn"):
        calibrate_unlabelled(SCHEME, strangers, "nobody knows")
