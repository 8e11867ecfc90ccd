"""What a society's notices make of a record, whether it is held here or comes again."""

from typing import Final

from matcher.store.states.lifecycle import Lifecycle

HOLD: Final = Lifecycle(
    name="record",
    first="free",
    moves={
        ("free", "renew"): "free",
        ("free", "suspend"): "suspended",
        ("free", "resume"): "free",
        ("free", "withdraw"): "withdrawn",
        ("free", "delete"): "deleted",
        ("suspended", "renew"): "suspended",
        ("suspended", "suspend"): "suspended",
        ("suspended", "resume"): "free",
        ("suspended", "withdraw"): "withdrawn",
        ("suspended", "delete"): "deleted",
        # Consent that was given anew lets a record come back, in a batch of its own.
        ("withdrawn", "resume"): "free",
        ("withdrawn", "suspend"): "withdrawn",
        ("withdrawn", "withdraw"): "withdrawn",
        ("withdrawn", "delete"): "deleted",
        ("deleted", "delete"): "deleted",
    },
)
"""A `free` record has no hold. `suspended` is neither compared nor shown; of one `withdrawn` or
`deleted` nothing is kept, nor taken in again, and only `deleted` is for ever."""

GONE: Final = ("withdrawn", "deleted")
"""States in which no fingerprint of the record may be here."""
