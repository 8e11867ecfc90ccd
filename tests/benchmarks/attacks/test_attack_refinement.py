"""A3 on a refinement: it works under one key for all, and finds nothing under a key for each."""

import pytest

from benchmarks.attacks import refined
from benchmarks.attacks.forenames import Forenames

SIZE = 2_000


@pytest.fixture(scope="module")
def populations() -> tuple[Forenames, Forenames]:
    return Forenames.of_people(SIZE, 0), Forenames.of_people(SIZE, 1)


def test_under_one_key_names_are_found(populations: tuple[Forenames, Forenames]) -> None:
    outcome = refined.attack(*populations, seed=0, one_key=True)
    assert outcome.tried > 20
    assert outcome.rate > 0.25


def test_under_a_key_for_each_candidate_none_is(
    populations: tuple[Forenames, Forenames],
) -> None:
    outcome = refined.attack(*populations, seed=0, one_key=False)
    assert outcome.right <= 1
