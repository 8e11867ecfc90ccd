"""What the gates of a person are given: what is said of the person, and what the society asks.

A gate is a function of these two that gives the field at fault, or None. It never sees a name, and
where it looks at what is alike for many people it is asked once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from encoders.protection.events import Standing
from encoders.protection.law import LawProfile

Age = Literal["child", "adult", "either", "unknown"]
"""What the record tells of a person's age: surely below or above majority, or not surely."""


class Told(NamedTuple):
    """What is said of one person.

    Attributes:
        role: The role.
        age: What the birth tells.
        enquirer_is_child: Whether the enquirer of the person's case is a child.
        enquirer_stopped: Whether the enquirer of the person's case said no to matching.
        said: Pairs of a field of the entry and its value, sorted.
        for_many: The fields of these that were said for many people at once.
        standing: How things stand after what the person said.
        doubtful: Whether something said can't be read.
    """

    role: str
    age: Age
    enquirer_is_child: bool
    enquirer_stopped: bool
    said: tuple[tuple[str, str], ...]
    for_many: frozenset[str]
    standing: Standing
    doubtful: bool


@dataclass(frozen=True)
class Setting:
    """What holds for all people of a file.

    Attributes:
        law: The society's law profile.
        accepted: The legal bases that the agreement accepts; None where no agreement is given.
        today: The day.
    """

    law: LawProfile
    accepted: frozenset[str] | None
    today: date


class Entry:
    """What is said of a person, by field.

    Attributes:
        told: The whole of it.
    """

    def __init__(self, told: Told) -> None:
        self.told = told
        self._said: Mapping[str, str] = dict(told.said)

    def __repr__(self) -> str:
        return f"<entry of a {self.told.role} person>"

    def get(self, field: str) -> str | None:
        """Give what is said in a field; None if nothing is."""
        return self._said.get(field)

    def day(self, field: str) -> date | None:
        """Give the day that is said in a field; None if there is none."""
        said = self._said.get(field)
        return None if said is None else date.fromisoformat(said)

    def first_missing(self, *fields: str) -> str | None:
        """Give the first of some fields in which nothing is said; None if all say something."""
        return next((field for field in fields if field not in self._said), None)

    def first_not_past(self, today: date, *days: str) -> str | None:
        """Give the first of some fields that holds no day until today; None if all hold one."""
        return next((name for name in days if (self.day(name) or date.max) > today), None)

    @property
    def is_sensitive(self) -> bool:
        """Whether the record counts as sensitive: so does every record of which nothing is said."""
        return self.get("data_kind") != "ordinary"

    @property
    def is_child(self) -> bool:
        """Whether the person counts as a child: also who may be one, unless judged not to be."""
        if self.told.age == "child" or self.get("child") == "yes":
            return True
        return self.told.age == "either" and self.get("child") != "no"


Gate = Callable[[Entry, Setting], str | None]
"""Gives the field at fault, as the report names it; None lets the person pass."""
