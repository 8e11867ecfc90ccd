"""What comparing an attribute may come to, finer than the four levels that a caseworker sees."""

from typing import Final

_NAME: Final = (
    ("absent", "absent"),
    ("unlike", "differ"),
    ("hardly alike", "differ"),
    ("little alike", "differ"),
    ("rather alike", "close"),
    ("alike", "close"),
    ("very alike", "agree"),
    ("same letters", "agree"),
    ("alike elsewhere", "close"),
    ("same elsewhere", "agree"),
    ("nothing elsewhere", "absent"),
)
_GIVEN: Final = (*_NAME[:8], ("in the other's family name", "differ"), ("swapped", "agree"))
_PLACE: Final = (
    ("absent", "absent"),
    ("other country", "differ"),
    ("same country", "close"),
    ("same region", "close"),
    ("same town", "agree"),
    ("other words", "differ"),
    ("alike in words", "close"),
    ("same words", "agree"),
    ("alike address", "close"),
    ("very alike address", "agree"),
    ("same address", "agree"),
)
_CODE: Final = (("absent", "absent"), ("other", "differ"), ("same", "agree"))

OUTCOMES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "given": _GIVEN,
    **dict.fromkeys(("father", "grandfather", "family", "mother"), _NAME),
    "birth_year": (
        ("absent", "absent"),
        ("far", "differ"),
        ("three to six years", "differ"),
        ("two years", "close"),
        ("one year", "close"),
        ("a digit", "close"),
        ("within an estimate", "agree"),
        ("same", "agree"),
    ),
    "birth_day": (
        ("absent", "absent"),
        ("other", "differ"),
        ("same day of another month", "differ"),
        ("other day of the same month", "close"),
        ("same month", "close"),
        ("day and month swapped", "close"),
        ("a day apart", "close"),
        ("same", "agree"),
    ),
    "sex": _CODE,
    "nationality": _CODE,
    "birth_place": _PLACE,
    "residence": _PLACE,
    "separation": (
        ("absent", "absent"),
        ("years apart", "differ"),
        ("two years apart", "differ"),
        ("a year apart", "close"),
        ("other months of a year", "close"),
        ("years that can meet", "agree"),
        ("months apart", "close"),
        ("same month", "agree"),
        ("days apart", "agree"),
        ("same day", "agree"),
    ),
    "separation_place": _PLACE,
}  # fmt: skip
"""For each attribute its outcomes: a name and a level of `matcher.formats.vocabulary.LEVELS`."""

NAMES: Final = ("given", "father", "grandfather", "family", "mother")
"""The attributes that are names, and so have frequency classes."""


def code(attribute: str, outcome: str) -> int:
    """Give the number of an outcome."""
    return [name for name, _ in OUTCOMES[attribute]].index(outcome)
