"""The life of a candidate: what nights and two societies' decisions make of it."""

from typing import Final

from matcher.store.states.lifecycle import Lifecycle

CANDIDATE: Final = Lifecycle(
    name="candidate",
    first="new",
    moves={
        ("new", "age"): "open",
        ("new", "confirm_first"): "half_confirmed",
        ("new", "reject"): "rejected",
        ("new", "change"): "new",
        ("open", "confirm_first"): "half_confirmed",
        ("open", "reject"): "rejected",
        ("open", "change"): "new",
        ("half_confirmed", "confirm_second"): "confirmed",
        ("half_confirmed", "retract"): "open",
        ("half_confirmed", "reject"): "rejected",
        ("half_confirmed", "change"): "new",
        # A rejection stays whatever later nights find, until one of the two records changes.
        ("rejected", "reconsider"): "open",
        ("rejected", "change"): "new",
    },
)
"""`change` is the night in which one of the two records has changed and they still look alike.
`age` is the night after the one that found it. A candidate that leaves, because a record did or
because the records no longer look alike, has no state: nothing of it is kept."""

UNDECIDED: Final = ("new", "open")
"""States in which nobody has decided anything."""
