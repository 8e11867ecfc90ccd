"""Key monitoring indicators of data protection, answered from evidence where there is some.

There are nine for societies and six for delegations, six and four of them foundational
(`indicators.toml`, which says whose the wording is). A society's level follows from its answers, in
this order: `not reported` where one is missing; `none` where none is met; `low` where a
foundational one is not met; `medium` where all foundational ones are but not all; else `full`.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from matcher.formats.errors import InputError
from matcher.formats.identity import Slug

Level = Literal["full", "medium", "low", "none", "not reported"]

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""How far a society or delegation complies, best first."""

Body = Literal["society", "delegation"]


class Indicator(BaseModel):
    """One indicator.

    Attributes:
        name: Stable name.
        question: What is asked.
        society: Whether it is `foundational` for societies, or `other`; None if not asked of them.
        delegation: The same for delegations.
        evidence: What the linkage unit can answer it from; None if nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    question: str
    society: Literal["foundational", "other"] | None = None
    delegation: Literal["foundational", "other"] | None = None
    evidence: str | None = None

    def weight(self, body: Body) -> str | None:
        """Whether it is foundational for a body, or other; None if it is not asked of it."""
        return self.society if body == "society" else self.delegation


def _read() -> tuple[Indicator, ...]:
    content = files("matcher.protection").joinpath("indicators.toml").read_text(encoding="utf-8")
    return tuple(map(Indicator.model_validate, tomllib.loads(content)["indicators"]))


INDICATORS: Final = _read()
"""All indicators, in the order of reports."""


class Answers(BaseModel):
    """What a body says of itself, in a TOML file of a year.

    Attributes:
        format: Format name and version.
        body: `society` or `delegation`.
        name: Which.
        year: The year.
        answers: Yes or no by indicator; what is left out is not answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["kinmatch-answers/1"]
    body: Body
    name: Slug
    year: int
    answers: dict[str, bool] = {}

    @classmethod
    def read(cls, path: Path) -> "Answers":
        """Read a file of answers.

        Raises:
            InputError: It can't be read, or answers what is not asked of the body.
        """
        try:
            found = cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError):
            raise InputError(
                f"{path}: no file of answers ('kinmatch-answers/1' with body, name, year and "
                "answers); write one by 'kinmatch indicators form'."
            ) from None
        unknown = set(found.answers) - {one.name for one in asked_of(found.body)}
        if unknown:
            raise InputError(
                f"{path}: answers what is not asked of a {found.body}; its indicators are "
                f"{', '.join(one.name for one in asked_of(found.body))}."
            )
        return found


@dataclass(frozen=True)
class Reported:
    """One body's answers in the year, with what they are from, and its level.

    Attributes:
        body: `society` or `delegation`.
        name: Which.
        answers: For each indicator yes, no, or None where nobody answered.
        from_evidence: The indicators that the linkage unit's evidence answered.
    """

    body: Body
    name: str
    answers: Mapping[str, bool | None]
    from_evidence: tuple[str, ...]

    @property
    def level(self) -> Level:
        """The level."""
        return level_of(self.answers, self.body)


def asked_of(body: Body) -> list[Indicator]:
    """The indicators that are asked of a kind of body."""
    return [one for one in INDICATORS if one.weight(body) is not None]


def level_of(answers: Mapping[str, bool | None], body: Body) -> Level:
    """Say how far a body complies, by the rule that stands at the head of this module.

    Args:
        answers: By indicator; one that is missing is not answered.
        body: What it is.
    """
    asked = asked_of(body)
    given = [answers.get(one.name) for one in asked]
    if None in given:
        return "not reported"
    if not any(given):
        return "none"
    if not all(answers[one.name] for one in asked if one.weight(body) == "foundational"):
        return "low"
    return "full" if all(given) else "medium"


def reported(answers: Answers, evidence: Mapping[str, bool]) -> Reported:
    """Put a body's own answers and the evidence together; evidence counts more.

    Args:
        answers: What the body says.
        evidence: What `evidence_of` found.
    """
    asked = [one.name for one in asked_of(answers.body)]
    return Reported(
        answers.body,
        answers.name,
        {name: evidence.get(name, answers.answers.get(name)) for name in asked},
        tuple(name for name in asked if name in evidence),
    )


_EVIDENCE: Final = {
    "focal-point": """
    SELECT EXISTS (
      SELECT FROM kinmatch.duties JOIN kinmatch.users ON users.id = duties.user_id
      WHERE users.society = :society AND users.active AND duty = 'focal-point'
        AND since <= :on AND (until IS NULL OR until >= :on)
    )""",
    "legal-basis": "SELECT true FROM kinmatch.records WHERE society = :society LIMIT 1",
    "training": """
    SELECT bool_and(EXISTS (
      SELECT FROM kinmatch.trainings WHERE user_id = users.id AND valid_until >= :on
    )) FROM kinmatch.users WHERE society = :society AND active""",
    "archiving-policy": """
    SELECT bool_and(barred IS DISTINCT FROM 'overdue') FROM kinmatch.records
    WHERE society = :society""",
    "sharing-agreements": """
    SELECT bool_or(valid_from <= :on AND valid_until >= :on AND document -> 'terms' <> 'null')
    FROM kinmatch.agreements JOIN kinmatch.agreement_parties AS party
      ON party.agreement = agreement_id WHERE party.society = :society""",
}


def evidence_of(session: Session, society: str, on: date) -> dict[str, bool]:
    """Answer what the linkage unit can see of a society; what it can't is left out.

    Args:
        session: A transaction `as_unit`.
        society: The society.
        on: The day.
    """
    found: dict[str, bool | None] = {
        name: session.scalar(text(query), _given(query, society, on))
        for name, query in _EVIDENCE.items()
    }
    return {name: said for name, said in found.items() if said is not None}


def _given(query: str, society: str, on: date) -> dict[str, Any]:
    given = {"society": society, "on": on}
    return {name: value for name, value in given.items() if f":{name}" in query}


def totals(bodies: Sequence[Reported], body: Body) -> dict[Level, int]:
    """How many bodies of a kind have each level."""
    counts = Counter(one.level for one in bodies if one.body == body)
    return {level: counts[level] for level in LEVELS}
