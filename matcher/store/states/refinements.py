"""The life of a refinement: the second stage of one candidate, which both societies release."""

from typing import Final

from matcher.store.states.lifecycle import Lifecycle

REFINEMENT: Final = Lifecycle(
    name="refinement",
    first="requested",
    moves={
        ("requested", "release_first"): "half_released",
        ("requested", "refuse"): "refused",
        ("requested", "expire"): "expired",
        ("half_released", "release_second"): "released",
        ("half_released", "refuse"): "refused",
        ("half_released", "expire"): "expired",
        ("released", "score"): "scored",
        ("released", "expire"): "expired",
    },
)
"""One-time keys are spent once `scored`, `refused` or `expired`; a further one is a new one."""
