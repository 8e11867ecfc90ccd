"""The life of a run: what one night does under one agreement."""

from typing import Final

from matcher.store.states.lifecycle import Lifecycle

RUN: Final = Lifecycle(
    name="run",
    first="planned",
    moves={
        ("planned", "compare"): "comparing",
        ("planned", "abandon"): "abandoned",
        # A night that was cut off goes on where it was, if there is still the same to compare.
        ("comparing", "compare"): "comparing",
        ("comparing", "publish"): "published",
        ("comparing", "abandon"): "abandoned",
    },
)
"""Nothing of a run is seen before `published`; an `abandoned` one never is."""

UNFINISHED: Final = RUN.before("abandon")
"""States of a run that was begun and is to be finished or abandoned."""
