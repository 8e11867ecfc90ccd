"""The life of a batch, from the first word of it to the end of its fingerprints."""

from typing import Final

from matcher.store.states.lifecycle import Lifecycle

BATCH: Final = Lifecycle(
    name="batch",
    first="registered",
    moves={
        ("registered", "receive"): "receiving",
        ("registered", "withdraw"): "withdrawn",
        ("registered", "expire"): "expired",
        ("receiving", "finish"): "validating",
        ("receiving", "withdraw"): "withdrawn",
        ("receiving", "expire"): "expired",
        ("validating", "accept"): "accepted",
        ("validating", "refuse"): "refused",
        ("validating", "withdraw"): "withdrawn",
        ("validating", "expire"): "expired",
        # An accepted batch leaves for one of three reasons, and the night then takes its records,
        # candidates and fingerprints away.
        ("accepted", "supersede"): "superseded",
        ("accepted", "withdraw"): "withdrawn",
        ("accepted", "expire"): "expired",
        ("refused", "destroy"): "destroyed",
        ("superseded", "destroy"): "destroyed",
        ("withdrawn", "destroy"): "destroyed",
        ("expired", "destroy"): "destroyed",
    },
)
"""`accepted` alone takes part in a night; `destroyed` holds no fingerprint and no record."""

LEAVING: Final = BATCH.before("destroy")
"""States of a batch that the next night clears away."""
