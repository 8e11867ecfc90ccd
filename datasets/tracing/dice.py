"""Random draws that stay the same on every platform and with every numpy.

Everything is made from uniform doubles of PCG64 alone, whose stream numpy promises to keep, by
arithmetic that is exact or correctly rounded everywhere.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

_Any = TypeVar("_Any", bound=np.generic)


class Dice:
    """A seeded source of arrays of draws.

    Args:
        seed: Any whole number that is not negative; same seed, same draws.
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def unit(self, *shape: int) -> Floats:
        """Draw uniform doubles from 0 (in) to 1 (out)."""
        return self._generator.random(shape)

    def share(self, probability: float | Floats, size: int) -> Bools:
        """Draw `size` times whether something with this probability (or these) happens."""
        return self.unit(size) < probability

    def whole(self, low: int, high: int, *shape: int) -> Ints:
        """Draw whole numbers from `low` to `high`, both in."""
        drawn: Ints = low + (self.unit(*shape) * (high - low + 1)).astype(np.int64)
        return drawn

    def choice(self, weights: npt.ArrayLike, size: int) -> Ints:
        """Draw `size` positions in a list of weights that need not add up to 1."""
        cumulated = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(cumulated, self.unit(size) * cumulated[-1], side="right")
        drawn: Ints = np.minimum(found, len(cumulated) - 1).astype(np.int64)
        return drawn

    def column(self, weights: npt.NDArray[np.int64]) -> Ints:
        """Draw one column of each row, by whole-number weights of shape (rows, columns).

        A row without any weight gets -1.
        """
        cumulated = np.cumsum(weights, axis=1)
        total = cumulated[:, -1]
        target = np.minimum((self.unit(len(weights)) * total).astype(np.int64), total - 1)
        found = (cumulated <= target[:, None]).sum(axis=1)
        return np.where(total > 0, found, -1).astype(np.int64)

    def some(self, items: npt.NDArray[_Any], count: int) -> npt.NDArray[_Any]:
        """Draw `count` of the items without repetition, in random order."""
        return items[np.argsort(self.unit(len(items)), kind="stable")[:count]]
