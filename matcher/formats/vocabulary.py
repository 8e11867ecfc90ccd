"""Codes that a batch may hold: closed lists, so that no word of a society's own gets into one."""

from typing import Final

ROLES: Final = ("enquirer", "sought", "registered", "kin")
"""What a person is in a record. A batch holds the position here, so it is never edited."""

RELATIONS: Final = (
    "mother",
    "father",
    "parent",
    "daughter",
    "son",
    "child",
    "sister",
    "brother",
    "sibling",
    "wife",
    "husband",
    "spouse",
    "grandmother",
    "grandfather",
    "grandparent",
    "granddaughter",
    "grandson",
    "grandchild",
    "aunt",
    "uncle",
    "niece",
    "nephew",
    "cousin",
    "other",
    "half_sister",
    "half_brother",
    "half_sibling",
    "stepmother",
    "stepfather",
    "stepparent",
    "stepdaughter",
    "stepson",
    "stepchild",
    "stepsister",
    "stepbrother",
    "stepsibling",
    "adoptive_mother",
    "adoptive_father",
    "adoptive_parent",
    "adopted_daughter",
    "adopted_son",
    "adopted_child",
    "foster_mother",
    "foster_father",
    "foster_parent",
    "foster_daughter",
    "foster_son",
    "foster_child",
    "mother_in_law",
    "father_in_law",
    "parent_in_law",
    "daughter_in_law",
    "son_in_law",
    "child_in_law",
    "sister_in_law",
    "brother_in_law",
    "sibling_in_law",
    "guardian",
    "ward",
)
"""What a person is to the enquirer, or kin to the sought person.

A batch holds the position here, so a new code goes to the end.
"""

NO_RELATION: Final = -1
"""Stands among positions in `RELATIONS` for a relation that is not known."""

BANDS: Final = ("strong", "possible", "weak")
"""The words for a candidate's weight of evidence. They never mean its rank."""

LEVELS: Final = ("agree", "close", "differ", "absent")
"""The words for what one pass or attribute of a candidate says."""
