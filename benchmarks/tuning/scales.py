"""How far apart two people's fingerprints are: what nearness is measured against.

Under diffusion all that is not close looks random, so that two people's fingerprints of m bits are
m / 2 apart on average, with a standard deviation of √m / 2. Where nothing is diffused, two people
share whatever their records share, and how far apart they are is measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from matcher.decisions.candidates import Side, distances_of
from matcher.decisions.evidence import ABSENT
from matcher.formats.scheme import Pass, Scheme
from matcher.formats.steps import Diffusion, StratifiedDiffusion
from matcher.scoring.sampling import spread

_SAMPLED = 1_000  # rows of either side, of which all pairs are looked at
_LEAST_SIGMA = 1.0  # bits


@dataclass(frozen=True)
class Scale:
    """Distances of two people under one pass, in bits.

    Attributes:
        chance: Their mean.
        sigma: Their standard deviation.
    """

    chance: float
    sigma: float

    @classmethod
    def of_diffused(cls, part: Pass) -> Self:
        """Give the scale of a pass that is diffused: that of random filters."""
        return cls(part.output_bits / 2, float(np.sqrt(part.output_bits) / 2))

    def below(self, deviations: float) -> int:
        """Give the distance so many standard deviations below the mean."""
        return int(self.chance - deviations * self.sigma)

    def nearness(self, distances: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        """Say how many standard deviations below the mean distances are."""
        return np.asarray((self.chance - distances) / self.sigma, dtype=np.float64)


Scales = Mapping[str, Scale]
"""For each pass of a scheme its scale, in the scheme's order."""


def scales_of(scheme: Scheme, sides: Sequence[tuple[Side, Side]]) -> Scales:
    """Give the scale of every pass.

    Args:
        scheme: The scheme.
        sides: Sets of two sides, on which the passes that are not diffused are measured: of each
            at most a thousand rows of either side, evenly spread. True pairs among them are so few
            that they change nothing.
    """
    diffused = {part.name for part in scheme.passes if _is_diffused(part)}
    others = [part.name for part in scheme.passes if part.name not in diffused]
    measured = dict(zip(others, _measured(others, sides), strict=True)) if others else {}
    return {
        part.name: Scale.of_diffused(part) if part.name in diffused else measured[part.name]
        for part in scheme.passes
    }


def _is_diffused(part: Pass) -> bool:
    return any(isinstance(step, Diffusion | StratifiedDiffusion) for step in part.hardening)


def _measured(names: Sequence[str], sides: Sequence[tuple[Side, Side]]) -> list[Scale]:
    seen = np.concatenate([_sampled(left, right, names) for left, right in sides])
    scales = []
    for column in seen.T:
        held = column[column != ABSENT]
        sigma = float(held.std()) if len(held) else 0.0
        scales.append(Scale(float(held.mean()) if len(held) else 0.0, max(sigma, _LEAST_SIGMA)))
    return scales


def _sampled(left: Side, right: Side, names: Sequence[str]) -> npt.NDArray[np.int32]:
    some, others = (spread(len(side), _SAMPLED) for side in (left, right))
    rows = np.repeat(some, len(others)), np.tile(others, len(some))
    return distances_of(left, right, *rows, names)
