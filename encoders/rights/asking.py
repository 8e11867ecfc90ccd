"""One request of a person's: its steps, the rules they keep, and the day by which it is answered.

A request is never changed, only followed by a step. A step names who took it and in which role;
reasons are codes, and no words about the person stand here. One month to answer, and two more
where that is said in time, are article 12(3) of the General Data Protection Regulation, as 30 and
60 days. The exceptions to deletion are the five of its article 17(3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, Literal, get_args

from matcher.formats.errors import ParameterError, StateError
from matcher.formats.rulebook import refuse

Kind = Literal["access", "correction", "objection", "deletion", "complaint"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""What a person can ask for."""

ROLES: Final = ("staff", "focal-point", "data-protection-officer", "advisory-group", "commission")
"""Who may take a step."""

GROUNDS: Final = (
    "rights-of-others",
    "safety-of-a-person",
    "important-public-interest",
    "legal-claims",
    "confidential-humanitarian-work",
)
"""On what ground access may be restricted."""

EXCEPTIONS: Final = (
    "freedom-of-expression",
    "legal-obligation",
    "public-health",
    "archive-or-research",
    "legal-claims",
)
"""On what ground a record may be kept though its person asks for deletion."""

ANSWER: Final = timedelta(days=30)
EXTENSION: Final = timedelta(days=60)

_LEVELS: Final = ("staff", "advisory-group", "commission")
_ANSWERING: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"staff": ROLES, "advisory-group": _LEVELS[1:], "commission": _LEVELS[2:]}
)
_ANY: Final = ("verify", "extend", "escalate")
_STEPS: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        "access": (*_ANY, "answer", "restrict", "refuse"),
        "correction": (*_ANY, "encode-anew", "refuse"),
        "objection": (*_ANY, "uphold", "dismiss"),
        "deletion": (*_ANY, "ask-freely", "suspect-pressure", "delete", "keep"),
        "complaint": (*_ANY, "answer", "refuse"),
    }
)
_ENDS: Final = (
    "answer",
    "restrict",
    "refuse",
    "encode-anew",
    "uphold",
    "dismiss",
    "delete",
    "keep",
)
_CODES: Final[Mapping[tuple[Kind, str], tuple[str, ...]]] = MappingProxyType(
    {
        ("access", "restrict"): GROUNDS,
        ("access", "refuse"): GROUNDS,
        ("deletion", "keep"): EXCEPTIONS,
    }
)


@dataclass(frozen=True)
class Step:
    """What somebody did about a request.

    Attributes:
        on: The day.
        what: One of the steps of its kind.
        name: Who did it.
        role: In which role, one of `ROLES`.
        code: Where access is restricted or refused one of `GROUNDS`, with `keep` one of
            `EXCEPTIONS`; else None.
    """

    on: date
    what: str
    name: str
    role: str
    code: str | None = None


@dataclass(frozen=True)
class Request:
    """A request and what was done about it; shows its number and kind.

    Attributes:
        number: Its number in the register, from 1.
        kind: One of `KINDS`.
        records: Ids of the records that it is about.
        received: The day on which it came.
        steps: What was done, in order.
    """

    number: int
    kind: Kind
    records: tuple[str, ...]
    received: date
    steps: tuple[Step, ...] = ()

    def __repr__(self) -> str:
        return f"<request {self.number}: {self.kind}>"

    @property
    def due(self) -> date:
        """The day by which it must be answered."""
        extended = any(step.what == "extend" for step in self.steps)
        return self.received + ANSWER + (EXTENSION if extended else timedelta(0))

    @property
    def is_open(self) -> bool:
        """Whether it is not answered yet; a complaint that is taken further is open again."""
        return not self.steps or self._last_of((*_ENDS, "escalate")) not in _ENDS

    @property
    def level(self) -> str:
        """Who has it now: staff, the advisory group, or the commission."""
        taken_further = sum(step.what == "escalate" for step in self.steps)
        return _LEVELS[min(taken_further, len(_LEVELS) - 1)]

    @property
    def state(self) -> str:
        """What was done last; `received` if nothing was."""
        return self.steps[-1].what if self.steps else "received"

    def then(self, step: Step) -> "Request":
        """Give the request with another step.

        Raises:
            ParameterError: The step is none of this kind's, or its name, role or code is missing.
            StateError: The request is answered, or the step is before the last one.
            GateError: A rule is not kept.
        """
        _require_sound(step, self)
        if not self.is_open and step.what != "escalate":
            raise StateError(f"Request {self.number} is answered; it can only be taken further.")
        if step.on < max([self.received, *(one.on for one in self.steps)]):
            raise StateError("A step can't be before the one that it follows.")
        if step.what in _ENDS:
            self._require_verified()
            self._require_level(step)
        if step.what == "delete":
            self._require_free()
        if step.what == "extend" and (step.on > self.due or self._has("extend")):
            raise refuse("rights.answered-in-time", f"Request {self.number} can't be extended now.")
        if step.what == "escalate" and self.level == _LEVELS[-1]:
            raise StateError("The commission has it already; nobody is above.")
        return replace(self, steps=(*self.steps, step))

    def _require_verified(self) -> None:
        """Refuse to answer anybody who was not verified to be the person, or to speak for them."""
        if not self._has("verify"):
            raise refuse("rights.identity-verified", f"Request {self.number} has no such step.")

    def _require_level(self, step: Step) -> None:
        """Refuse that those answer from whom the person took the request further."""
        if step.role not in _ANSWERING[self.level]:
            raise refuse(
                "rights.answered-at-its-level", f"Request {self.number} is with the {self.level}."
            )

    def _require_free(self) -> None:
        """Refuse a deletion of which nobody asked about pressure, or behind which there is some."""
        if self._last_of(("ask-freely", "suspect-pressure")) != "ask-freely":
            raise refuse("rights.deletion-freely-asked", f"Request {self.number} must wait.")

    def _has(self, what: str) -> bool:
        return any(step.what == what for step in self.steps)

    def _last_of(self, kinds: tuple[str, ...]) -> str | None:
        return next((one.what for one in reversed(self.steps) if one.what in kinds), None)


def _require_sound(step: Step, request: Request) -> None:
    possible = _STEPS[request.kind]
    if step.what not in possible:
        raise ParameterError(f"A step of this kind must be one of {', '.join(possible)}.")
    if step.role not in ROLES or not step.name.strip():
        raise ParameterError(f"A step needs a name, and a role: one of {', '.join(ROLES)}.")
    codes = _CODES.get((request.kind, step.what), ())
    if codes and step.code not in codes:
        raise refuse("rights.named-ground", f"It must be one of {', '.join(codes)}.")
    if not codes and step.code is not None:
        raise ParameterError(f"'{step.what}' of this kind takes no code.")


def in_order(requests: tuple[Request, ...], today: date) -> list[Request]:
    """Give the open requests, those that are overdue first, then the one that is due first."""
    waiting = [one for one in requests if one.is_open]
    return sorted(waiting, key=lambda one: (one.due >= today, one.due, one.number))
