"""What an attack achieved, with the bound up to which chance could have hidden more."""

from dataclasses import dataclass, field
from typing import Any

from scipy.stats import beta

from matcher.formats.errors import ParameterError

CONFIDENCE = 0.95
"""Two-sided confidence of the bounds."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one attack on one population.

    Attributes:
        attack: The attack's short name, `A1` to `A5`.
        variant: What the attacker knows or does differently.
        target: What was attacked: a scheme and pass, or a kind of filter.
        records: Fingerprints attacked.
        known: Records whose plaintext the attacker holds.
        tried: Persons or values who could have been identified: the denominator.
        right: Those who were, by the attacker's best start.
        claimed: Those the attacker was sure of (0 where the attack has no such notion).
        claimed_right: Those of them who were identified rightly.
        seed: The seed of population, keys and attack.
        seconds: How long it took; two outcomes that differ in this alone are equal.
    """

    attack: str
    variant: str
    target: str
    records: int
    known: int
    tried: int
    right: int
    seed: int
    claimed: int = 0
    claimed_right: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def rate(self) -> float:
        """The share identified, 0 to 1; 0 where there was nobody to identify."""
        return self.right / self.tried if self.tried else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval that the rate lies in, at `CONFIDENCE`."""
        return clopper_pearson(self.right, self.tried)

    def as_data(self) -> dict[str, Any]:
        """Give the outcome as data for JSON."""
        low, high = self.bounds
        return {
            "attack": self.attack,
            "variant": self.variant,
            "target": self.target,
            "records": self.records,
            "known": self.known,
            "tried": self.tried,
            "right": self.right,
            "rate": round(self.rate, 6),
            "low": round(low, 6),
            "high": round(high, 6),
            "claimed": self.claimed,
            "claimed_right": self.claimed_right,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
        }


def clopper_pearson(right: int, tried: int) -> tuple[float, float]:
    """Give the exact interval of a share (Clopper and Pearson, Biometrika 26, 1934).

    Args:
        right: Successes.
        tried: Trials; where there were none, nothing is known and the interval is 0 to 1.

    Returns:
        Lower and upper bound at `CONFIDENCE`, two-sided.

    Raises:
        ParameterError: There are fewer trials than successes, or fewer than none of either.
    """
    if not 0 <= right <= tried:
        raise ParameterError("Successes must be 0 or more, and no more than the trials.")
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, right, tried - right + 1)) if right else 0.0
    high = float(beta.ppf(1 - tail, right + 1, tried - right)) if right < tried else 1.0
    return low, high
