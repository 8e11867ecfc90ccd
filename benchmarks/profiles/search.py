"""Looking for better schemes by simulated annealing.

After Kirkpatrick, Gelatt and Vecchi, "Optimization by simulated annealing", Science 220 (1983): a
step is kept where it finds more, or where it is little worse and the search is still warm. What
passes the budget of what all resemblances may say pays for it.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from benchmarks.profiles.space import Passes, neighbour
from benchmarks.profiles.yardsticks import Figures, Yardsticks

_WARMTH = 0.012  # in recall, at the beginning
_PRICE = 0.3  # recall that is paid for e times the budget
_MISSED = 3.0  # recall of all sets that is paid for recall of one below what it must be
_DEGREE = 6.0  # what a degree of one weighs as: schemes with more of it betray more at one evidence
_SECOND_CHANGE = 0.5  # the share of steps that change two things


def search(
    start: Passes,
    yardsticks: Yardsticks,
    *,
    budget: float,
    least: Mapping[str, float],
    steps: int,
    seed: int,
    progress: Callable[[int, Figures], None] = lambda _number, _best: None,
) -> Passes:
    """Search from a scheme's passes for those that find most within a budget.

    Args:
        start: Where to begin; every pass is hardened by diffusion alone.
        yardsticks: What is measured.
        budget: The evidence (`Figures.evidence`) that costs nothing, and six times the degree.
        least: The share of some sets' true pairs that is to be found, whatever it costs others.
        steps: How many schemes are looked at.
        seed: Same start, yardsticks and seed, same end.
        progress: Told after every step its number and the best figures so far.
    """
    generator = np.random.default_rng(seed)
    here = best = start
    here_worth = best_worth = worth(yardsticks.measure(start), budget, least)
    for number, warmth in enumerate(_cooling(steps), 1):
        there = neighbour(here, generator)
        if generator.random() < _SECOND_CHANGE:
            there = neighbour(there, generator)
        there_worth = worth(yardsticks.measure(there), budget, least)
        if generator.random() < np.exp(min(0.0, (there_worth - here_worth) / warmth)):
            here, here_worth = there, there_worth
        if here_worth > best_worth:
            best, best_worth = here, here_worth
        progress(number, yardsticks.measure(best))
    return best


def worth(figures: Figures, budget: float, least: Mapping[str, float]) -> float:
    """Weigh what is found: the mean share, less what is missing of `least`, and what is over."""
    found = float(np.mean(list(figures.found.values())))
    missed = sum(max(0.0, share - figures.found[name]) for name, share in least.items())
    shown = max(figures.evidence, _DEGREE * figures.degree, 1e-9)
    return found - _MISSED * missed - _PRICE * max(0.0, float(np.log(shown / budget)))


def _cooling(steps: int) -> Iterator[float]:
    for step in range(steps):
        yield _WARMTH * (1 - step / steps) + 1e-5
