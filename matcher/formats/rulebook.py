"""The data-protection rules that a program applies, read from the one table `rulebook.toml`.

A rule is data: what is required, why (its citations), what would mend a refusal, and who may
override it. The code that applies a rule is its gate; the table names it, and tests hold the two
together. `docs/data-protection.md` is made from this table by `matcher.formats.rulepage`.

Both sides read the table, so it lies with the formats. It holds no code, and this module decides
nothing: it says which rules there are and how a refusal reads.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from matcher.formats.errors import GateError, ParameterError

FORMAT: Final = "kinmatch-rulebook/1"
"""The format's name and version, which the table carries."""

Side = Literal["society", "linkage-unit", "both"]
When = Literal[
    "agree", "admit", "check", "encode", "submit", "accept", "match", "list", "refine", "decide",
    "disclose", "notify", "keep", "access", "request", "report",
]  # fmt: skip
"""When a gate is passed; the ways of a record first, then what is done about records."""

Role = Literal[
    "staff-in-charge", "focal-point", "advisory-group", "commission", "data-protection-officer"
]
"""Who may be allowed to override a rule."""

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
_Sentence = Annotated[str, StringConstraints(pattern=r"^[A-Z][^\n]*[.]$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(_Part):
    """A published text that rules come from.

    Attributes:
        title: Its title.
        issuer: Who issued it.
        places: What citations name of it: its own `articles`; or `subjects` that it speaks of,
            where the text was not at hand.
        year: When; None where that is not known.
    """

    title: _Line
    issuer: _Line
    places: Literal["articles", "subjects"]
    year: int | None = Field(default=None, ge=1900, le=2100)


class Citation(_Part):
    """Where a rule comes from.

    Attributes:
        document: The key of a document of the table.
        place: The article, section or subject there.
    """

    document: str
    place: _Line


class Rule(_Part):
    """One rule that a program can apply.

    Attributes:
        name: Stable name: a subject, a dot, and what of it.
        side: Who applies it.
        when: On which occasions.
        sentence: What is required, as a sentence.
        mends: What would mend a refusal, as a sentence.
        override: Who may override it, with name, role and reason; nobody if empty.
        gate: The code that applies it, as `module:function`.
        citations: Where it comes from, one or more.
    """

    name: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$")]
    side: Side
    when: Annotated[tuple[When, ...], Field(min_length=1)]
    sentence: _Sentence
    mends: _Sentence
    override: tuple[Role, ...] = ()
    gate: Annotated[str, Field(pattern=r"^[a-z_.]+:[A-Za-z_]+$")]
    citations: Annotated[tuple[Citation, ...], Field(min_length=1)]


class Rulebook(_Part):
    """The whole table.

    Attributes:
        format: Format name and version.
        documents: Every document that is cited, by its key.
        rules: Every rule, in the order in which readers meet them.
    """

    format: Literal["kinmatch-rulebook/1"]
    documents: dict[str, Document]
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError("a rule stands twice")
        cited = {citation.document for rule in self.rules for citation in rule.citations}
        if cited != set(self.documents):
            raise ValueError("every document must be cited, and every citation be of a document")
        return self


def _read() -> Rulebook:
    text = files("matcher.formats").joinpath("rulebook.toml").read_text(encoding="utf-8")
    return Rulebook.model_validate(tomllib.loads(text))


RULEBOOK: Final = _read()
"""The table that comes with this release."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.name: rule for rule in RULEBOOK.rules})
"""Every rule by its name, in the table's order."""


class Override(_Part):
    """One person's decision that a rule shall not stop one action; make it with `Override.by`.

    It ends in the audit log, or in the society's own signed protocol.

    Attributes:
        rule: The rule that is overridden.
        name: Who decided.
        role: In which role.
        reason: Why; it must not hold what tells of the person concerned.
        on: The day.
    """

    rule: str
    name: _Line
    role: Role
    reason: Annotated[_Line, Field(min_length=10)]
    on: date

    def __repr__(self) -> str:
        return f"<override of {self.rule} by {self.role} on {self.on}>"  # no name, no reason

    @model_validator(mode="after")
    def _allowed(self) -> Self:
        rule = RULES.get(self.rule)
        if rule is None:
            raise ValueError("no such rule")
        if self.role not in rule.override:
            raise ValueError(f"may be overridden by {overriders(rule)}")
        return self

    @classmethod
    def by(cls, *, rule: str, name: str, role: str, reason: str, on: date) -> Self:
        """Take a person's decision.

        Raises:
            GateError: The rule may not be overridden by this role, or by nobody.
            ParameterError: There is no such rule, or the name or the reason (10 characters or
                more) is missing.
        """
        held = rule_named(rule)
        if role not in held.override:
            raise GateError(rule, f"This rule may be overridden by {overriders(held)}.")
        try:
            return cls.model_validate(
                {"rule": rule, "name": name, "role": role, "reason": reason, "on": on}
            )
        except ValueError:
            raise ParameterError(
                f"An override of {rule} needs a name, and a reason of 10 to 1,000 characters."
            ) from None


def overriders(rule: Rule) -> str:
    """Say who may override a rule, in words."""
    return " or ".join(role.replace("-", " ") for role in rule.override) or "nobody"


def rule_named(name: str) -> Rule:
    """Give a rule.

    Raises:
        ParameterError: There is none of this name.
    """
    rule = RULES.get(name)
    if rule is None:
        raise ParameterError(f"There is no data-protection rule '{name}'.")
    return rule


def refuse(name: str, detail: str = "") -> GateError:
    """Make the refusal of a rule, to be raised by its gate.

    Args:
        name: The rule.
        detail: A sentence on what was found: a file, a row, a field; never a value of a record.

    Returns:
        The error: what was found, what is required, what would mend it, and the rule's name.
    """
    rule = rule_named(name)
    return GateError(name, " ".join(filter(None, (detail, rule.sentence, rule.mends))))
