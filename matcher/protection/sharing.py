"""The sharing decision tree: may data of one person be given to one recipient?

Questions are data, in the order in which they are asked; each answer leads to the next question or
to an outcome: permit, refuse, aggregate only, or inform the person instead. Every answer on the way
is kept, with who gave it and when, whatever the outcome.

Where neither consent, assent nor best interests can be had, an exceptional circumstance may stand
in: for one case, with its risk and its recipient assessed. It never covers more than that case.

After the decision tree of the UNHCR technical note on sharing personal protection data (2020); the
wording is ours.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, ParameterError
from matcher.formats.rulebook import refuse
from matcher.store import audit
from matcher.store.models import SharingDecision, Society

Outcome = Literal["permit", "refuse", "aggregate-only", "inform-the-person-instead"]
OUTCOMES: Final = ("permit", "refuse", "aggregate-only", "inform-the-person-instead")


@dataclass(frozen=True)
class Question:
    """A question of the tree.

    Attributes:
        name: Its name.
        text: What is asked.
        leads: For each possible answer the name of the next question, or an outcome.
    """

    name: str
    text: str
    leads: Mapping[str, str]


_QUESTIONS: Final = (
    Question(
        "purpose-specific",
        "Is there one specific purpose: a named service with a benefit to this person?",
        {"yes": "aggregate-enough", "no": "refuse"},
    ),
    Question(
        "aggregate-enough",
        "Would aggregates, in which nobody can be told, be enough for it?",
        {"yes": "aggregate-only", "no": "which-purpose"},
    ),
    Question(
        "which-purpose",
        "Is it a service to this person, of indirect benefit to many, or not humanitarian?",
        {"service": "ground", "indirect": "aggregate-only", "not-humanitarian": "refuse"},
    ),
    Question(
        "ground",
        "What does it rest on: the person's consent, a child's assent with its caregiver's "
        "consent, best interests that were assessed, an exceptional circumstance, or nothing?",
        {
            "consent": "minimum-data",
            "assent": "minimum-data",
            "best-interests": "minimum-data",
            "exceptional": "one-case",
            "none": "inform-the-person-instead",
        },
    ),
    Question(
        "one-case",
        "Is the exceptional circumstance that of this one case, and was its risk assessed?",
        {"yes": "minimum-data", "no": "refuse"},
    ),
    Question(
        "minimum-data",
        "Is it the least data with which the purpose can be reached?",
        {"yes": "recipient-secure", "no": "refuse"},
    ),
    Question(
        "recipient-secure",
        "Was the recipient assessed, and keeps the data safe?",
        {"yes": "benefit-above-risk", "no": "refuse"},
    ),
    Question(
        "benefit-above-risk",
        "Is the benefit to the person greater than the risk?",
        {"yes": "permit", "no": "inform-the-person-instead"},
    ),
)

TREE: Final[Mapping[str, Question]] = MappingProxyType({one.name: one for one in _QUESTIONS})
"""Every question by its name, in the order in which they are asked."""

FIRST: Final = _QUESTIONS[0].name
"""The question that comes first."""

Asking = Callable[[Question], str]
"""Asked a question; gives an answer."""

_CASE: Final = re.compile(r"[0-9a-f]{32}")
_LEAST_ASSESSMENT: Final = 20


@dataclass(frozen=True)
class Way:
    """A way through the tree.

    Attributes:
        answers: Each question that was asked with its answer, in order.
        outcome: Where it led.
    """

    answers: tuple[tuple[str, str], ...]
    outcome: str


def walk(ask: Asking) -> Way:
    """Go through the tree.

    Raises:
        ParameterError: An answer is none of those that the question has.
    """
    answers: list[tuple[str, str]] = []
    at = FIRST
    while at in TREE:
        question = TREE[at]
        answer = ask(question)
        if answer not in question.leads:
            raise ParameterError(
                f"The answer to '{at}' must be one of {', '.join(question.leads)}."
            )
        answers.append((at, answer))
        at = question.leads[answer]
    return Way(tuple(answers), at)


def walk_given(answers: Mapping[str, str]) -> Way:
    """Go through the tree with answers that were written down before.

    Raises:
        ParameterError: An answer is missing or none of the question's, or one was not asked for.
    """

    def given(question: Question) -> str:
        if question.name not in answers:
            raise ParameterError(f"There is no answer to '{question.name}': {question.text}")
        return answers[question.name]

    way = walk(given)
    if unasked := sorted(set(answers) - {name for name, _ in way.answers}):
        raise ParameterError(f"Answers that were not asked for: {', '.join(unasked)}.")
    return way


def record(
    session: Session,
    way: Way,
    *,
    society: str,
    subject: str,
    recipient: str,
    by: str,
    role: str,
    on: date,
    risk: str = "",
) -> SharingDecision:
    """Keep a way through the tree: who went it, when, and each answer.

    Args:
        session: A transaction `as_unit`.
        way: The way.
        society: Whose data it is about.
        subject: The case, as 32 hexadecimal digits: a record's reference or a candidate's id.
        recipient: Who would get the data: an organisation, no person.
        by: Who decided.
        role: In which role.
        on: The day.
        risk: In an exceptional circumstance, the assessment of its risk and of the recipient.

    Raises:
        GateError: An exceptional circumstance is not of one case, or not assessed.
        AbsentError: There is no such society.
    """
    if session.get(Society, society) is None:
        raise AbsentError(f"There is no society {society} here.")
    if ("ground", "exceptional") in way.answers:
        require_one_case(way, subject, risk)
    row = SharingDecision(
        society=society, subject=subject, recipient=recipient,
        answers={"way": [list(answer) for answer in way.answers], "risk": risk},
        outcome=way.outcome, decided_by=by, role=role, decided_on=on,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.append(
        session, "sharing.decide", f"sharing {row.id}", society=society,
        details={"outcome": way.outcome, "role": role},
    )  # fmt: skip
    return row


def require_one_case(way: Way, subject: str, risk: str) -> None:
    """Let an exceptional circumstance pass that is of one case, its risk and recipient assessed.

    Raises:
        GateError: It is for more than one case, or nothing was assessed.
    """
    if ("one-case", "no") in way.answers or not _CASE.fullmatch(subject):
        raise refuse(
            "sharing.exceptional-one-case", "What it is for is not the reference of one case."
        )
    if len(risk.strip()) < _LEAST_ASSESSMENT:
        raise refuse("sharing.exceptional-one-case", "Risk and recipient were not assessed.")


def require_permitted(way: Way) -> None:
    """Let pass what the tree permits.

    Raises:
        GateError: Its outcome is another one, which the message names.
    """
    if way.outcome != "permit":
        name, answer = way.answers[-1]
        raise refuse(
            "sharing.tree-permits", f"The outcome is '{way.outcome}', since '{name}': {answer}."
        )


def decisions(session: Session, society: str | None = None) -> list[SharingDecision]:
    """Give the ways that were kept, the newest first; of one society, if it is given."""
    query = select(SharingDecision).order_by(SharingDecision.decided_on.desc(), SharingDecision.id)
    if society is not None:
        query = query.where(SharingDecision.society == society)
    return list(session.scalars(query))
