"""What tokens tell where nothing hides them: counted and weighed right, and the nearest found."""

import numpy as np
import pytest

from benchmarks.attacks.populations import people, records_of
from benchmarks.peers.sets import generated
from benchmarks.profiles.ceiling import (
    LONGER,
    Counted,
    Counting,
    Weights,
    fitted,
    longer,
    told_by_form,
)
from benchmarks.profiles.space import VIEWS_TO_CHOOSE
from benchmarks.profiles.yardsticks import Yardsticks, true_pairs
from encoders.tokens import Vocabulary
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme


@pytest.fixture(scope="module")
def counted() -> list[Counted]:
    counting = Counting()
    for records in (*true_pairs(generated(300, 1500, 5), 5), records_of(people(400, 6))):
        counting.add(records)
    return counting.counted()


def test_counts_are_those_of_the_sets_of_tokens() -> None:
    records = records_of(people(60, 3)), records_of(people(60, 4))
    counting, vocabulary = Counting(), Vocabulary(VIEWS_TO_CHOOSE)
    tokens = []
    for one in records:
        counting.add(one)
        tokens.append(vocabulary.tokenise(one.table).tokens)
    left, right = counting.counted()
    rows, others = np.array([0, 7, 59, 7]), np.array([3, 7, 0, 12])
    counts = left.beside(right, rows, others)
    for at, (row, other) in enumerate(zip(rows, others, strict=True)):
        for number, view in enumerate(VIEWS_TO_CHOOSE):
            mine, yours = {*tokens[0][view].of(row)}, {*tokens[1][view].of(other)}
            assert counts[at, number] == len(mine & yours)
            assert counts[at, len(VIEWS_TO_CHOOSE) + number] == -len(mine ^ yours)


def test_the_nearest_are_those_of_all_pairs(counted: list[Counted]) -> None:
    persons = counted[2]
    generator = np.random.default_rng(1)
    weights = Weights(*generator.random((2, len(VIEWS_TO_CHOOSE))))
    rows, others = np.triu_indices(len(persons), 1)
    scores = weights.score(persons.beside(persons, rows, others))
    best = np.argsort(-scores)[:50]
    found = weights.nearest(persons, 50)
    assert found[2] == pytest.approx(scores[best])
    assert {*zip(*found[:2], strict=True)} == {*zip(rows[best], others[best], strict=True)}


def test_weights_tell_true_pairs_from_strangers(counted: list[Counted]) -> None:
    left, right, strangers = counted
    weights = fitted((left, right), strangers, 1)
    assert min(weights.both.min(), weights.apart.min()) >= 0
    every = np.arange(len(left))
    scores = weights.score(left.beside(right, every, every))
    *_, nearest = weights.nearest(strangers, 400)
    assert (scores > nearest[-1]).mean() > 0.95  # where one person resembles two others
    assert (scores > nearest[40]).mean() > 0.7
    again = fitted((left, right), strangers, 1)
    assert np.array_equal(again.both, weights.both)
    assert np.array_equal(again.apart, weights.apart)


def test_a_graph_tells_those_whose_place_in_it_nobody_shares() -> None:
    pair, path, star = [(0, 1)], [(2, 3), (3, 4)], [(5, 6), (5, 7), (5, 8)]
    # Ends of a pair, of a path, and rays of a star are alike; so are all who resemble nobody.
    assert told_by_form(20, *np.array(pair).T) == 0
    assert told_by_form(20, *np.array(pair + path).T) == 1
    assert told_by_form(20, *np.array(pair + path + star).T) == 2
    # The middles of two paths are alike; a ray on a ray tells all but the ends that are alike.
    assert told_by_form(20, *np.array([*path, (12, 13), (13, 14)]).T) == 0
    assert told_by_form(20, *np.array([*star, (8, 9)]).T) == 3


def test_longer_fingerprints_find_as_many_and_hide_no_more() -> None:
    # Of full records they hide something; of those of whom little is known, who show more, nothing
    # that can be told from chance: 34.7 becomes 24 to 52 among 5,000.
    (default,) = Scheme.published(DEFAULT_SCHEME).passes
    assert longer(default, *LONGER[0]) == default
    yardsticks = Yardsticks([generated(300, 1500, 5)], 400, 5)
    short, long = (yardsticks.measure([longer(default, *one)]) for one in (LONGER[0], LONGER[3]))
    assert long.degree < short.degree
    assert 0.7 < long.evidence / short.evidence < 1.5
    assert abs(long.found["tracing"] - short.found["tracing"]) < 0.05
