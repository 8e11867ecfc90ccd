"""Which roles are compared with which: the rule that makes two records a pair worth comparing."""

COMPARED: tuple[tuple[str, str], ...] = (
    ("sought", "registered"),
    ("sought", "enquirer"),
    ("sought", "sought"),
)
"""Role in one society's batch, role in the other's.

- Who is sought may have been met: both directions of a corridor are run.
- Who is sought may be seeking: so two people who seek each other meet. Both directions.
- Two may seek one person, as brothers their mother; each side is the other's, so once is enough.

An enquirer is not looked for among the registered: nobody asked. Kin are compared only around a
pair (`matcher.decisions.kin`).
"""


def is_mutual(roles: tuple[str, str]) -> bool:
    """Tell whether one direction of a comparison says all that the other would."""
    return roles[0] == roles[1]
