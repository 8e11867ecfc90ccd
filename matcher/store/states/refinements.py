"""The life of a refinement: the second stage of some candidates, which both societies answer."""

from typing import Final

from matcher.store.states.lifecycle import Lifecycle

REFINEMENT: Final = Lifecycle(
    name="refinement",
    first="requested",
    moves={
        ("requested", "release_first"): "half_released",
        ("requested", "expire"): "expired",
        ("half_released", "release_second"): "released",
        ("half_released", "expire"): "expired",
        ("released", "score"): "scored",
        ("released", "expire"): "expired",
    },
)
"""One-time keys are spent once `scored` or `expired`; a further refinement is a new one.

A society that releases nothing answers so, and who sees the states can't tell."""
