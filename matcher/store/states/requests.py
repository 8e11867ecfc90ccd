"""The life of a request for data by who is no humanitarian."""

from typing import Final

from matcher.store.states.lifecycle import Lifecycle

REQUEST: Final = Lifecycle(
    name="request",
    first="refused",
    moves={
        ("refused", "bring"): "before_commission",
        ("before_commission", "grant"): "granted",
        ("before_commission", "refuse"): "refused_by_commission",
    },
)
"""A request is refused from the first moment; only an authority's can be brought further."""
