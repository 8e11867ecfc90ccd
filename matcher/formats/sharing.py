"""The sharing decision tree: may data of persons be given to a recipient?

Questions are data, in the order in which they are asked; each answer leads to the next question or
to an outcome: permit, refuse, aggregate only, or inform the person instead. Societies answer them,
and the linkage unit keeps every answer and holds to the outcome (`matcher.protection.sharing`).

After the decision tree of the UNHCR technical note on sharing personal protection data (2020); the
wording is ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from matcher.formats.errors import ParameterError

Outcome = Literal["permit", "refuse", "aggregate-only", "inform-the-person-instead"]
OUTCOMES: Final = ("permit", "refuse", "aggregate-only", "inform-the-person-instead")

EXCEPTIONAL: Final = ("ground", "exceptional")
"""The answer that needs one case, with its risk and its recipient assessed."""

EACH_RECORD: Final = ("ground", "each-record")
"""The answer that only a whole batch can have."""


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


def _yes_or_no(name: str, text: str, *, yes: str, no: str) -> Question:
    return Question(name, text, {"yes": yes, "no": no})


_QUESTIONS: Final = (
    _yes_or_no(
        "purpose-specific",
        "Is there one specific purpose: a named service with a benefit to this person?",
        yes="aggregate-enough", no="refuse",
    ),
    _yes_or_no(
        "aggregate-enough",
        "Would aggregates, in which nobody can be told, be enough for it?",
        yes="aggregate-only", no="which-purpose",
    ),
    Question(
        "which-purpose",
        "Is it a service to this person, of indirect benefit to many, or not humanitarian?",
        {"service": "ground", "indirect": "aggregate-only", "not-humanitarian": "refuse"},
    ),
    Question(
        "ground",
        "What does it rest on: the person's consent, a child's assent with its caregiver's "
        "consent, best interests that were assessed, an exceptional circumstance, or nothing; "
        "or, of a whole batch, what was decided for each record before it was encoded?",
        {
            "consent": "minimum-data",
            "assent": "minimum-data",
            "best-interests": "minimum-data",
            "each-record": "minimum-data",
            "exceptional": "one-case",
            "none": "inform-the-person-instead",
        },
    ),
    _yes_or_no(
        "one-case",
        "Is the exceptional circumstance that of this one case, and was its risk assessed?",
        yes="minimum-data", no="refuse",
    ),
    _yes_or_no(
        "minimum-data",
        "Is it the least data with which the purpose can be reached?",
        yes="recipient-secure", no="refuse",
    ),
    _yes_or_no(
        "recipient-secure",
        "Was the recipient assessed, and keeps the data safe?",
        yes="benefit-above-risk", no="refuse",
    ),
    _yes_or_no(
        "benefit-above-risk",
        "Is the benefit to the person greater than the risk?",
        yes="permit", no="inform-the-person-instead",
    ),
)  # fmt: skip

TREE: Final[Mapping[str, Question]] = MappingProxyType({one.name: one for one in _QUESTIONS})
"""Every question by its name, in the order in which they are asked."""

FIRST: Final = _QUESTIONS[0].name
"""The question that comes first."""

Asking = Callable[[Question], str]
"""Asked a question; gives an answer."""


@dataclass(frozen=True)
class Way:
    """A way through the tree.

    Attributes:
        answers: Each question that was asked with its answer, in order.
        outcome: Where it led, one of `OUTCOMES`.
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
    if len(way.answers) < len(answers):
        asked = ", ".join(name for name, _ in way.answers)
        raise ParameterError(f"There are answers that were not asked for; asked were {asked}.")
    return way


def answers_of_fiction(ground: str) -> dict[str, str]:
    """Give answers that permit, about people who do not exist: demonstrations and tests.

    Args:
        ground: What it rests on, as the question `ground` has it; neither exceptional nor none.
    """
    return {
        "purpose-specific": "yes",
        "aggregate-enough": "no",
        "which-purpose": "service",
        "ground": ground,
        "minimum-data": "yes",
        "recipient-secure": "yes",
        "benefit-above-risk": "yes",
    }
