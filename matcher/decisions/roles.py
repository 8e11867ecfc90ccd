"""Which roles are compared with which: the rule that makes two records a pair worth comparing."""

COMPARED: tuple[tuple[str, str], ...] = (("sought", "registered"),)
"""Role in one society's batch, role in the other's. Both directions of a corridor are run."""
