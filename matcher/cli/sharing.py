"""Commands of a society about the sharing decision tree: what is asked, and what it answers."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from encoders.client.generated import AgreementAnswers, CandidateAnswers
from matcher.cli import console
from matcher.cli.connecting import Service, with_service
from matcher.cli.options import JsonFlag
from matcher.formats.errors import ParameterError
from matcher.formats.sharing import TREE, Question, Way, walk, walk_given
from matcher.formats.tomlfile import parse_toml

AnswersOption = Annotated[
    Path | None,
    typer.Option(help="TOML file: each question's name = its answer; asked for if not given."),
]
RiskOption = Annotated[
    str, typer.Option(help="In an exceptional circumstance: risk and recipient as assessed.")
]


@with_service
def sharing_answer(
    service: Service,
    candidate: Annotated[
        str | None,
        typer.Argument(show_default=False, help="The candidate's id, before you confirm it."),
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="The version of the candidate that you looked at.")
    ] = None,
    agreement: Annotated[
        str | None, typer.Option(help="The agreement's id, before the first batch under it.")
    ] = None,
    answers: AnswersOption = None,
    risk: RiskOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Go through the sharing decision tree: for an agreement, or for one candidate.

    Every answer is kept at the linkage unit; the newest way counts. Exit status 0 where it is
    permitted, 2 with the outcome where it is not.
    """
    if (candidate is None) == (agreement is None) or (candidate is None) != (version is None):
        raise ParameterError("Give a candidate with its --version, or an --agreement.")
    way = way_by(answers)
    told = dict(way.answers)
    with service.connected() as operations:
        if candidate is not None and version is not None:
            said = CandidateAnswers(answers=told, version=version, risk=risk)
            kept = operations.sharing_of_candidate(candidate, said)
        else:
            kept = operations.sharing_of_agreement(str(agreement), AgreementAnswers(answers=told))
    if as_json:
        console.print_json(kept.model_dump(mode="json"))
    else:
        console.say(f"To {kept.recipient}: {kept.outcome}.")
    if kept.outcome != "permit":
        raise typer.Exit(console.REFUSED)


def sharing_questions(as_json: JsonFlag = False) -> None:
    """Show the tree: every question, and where each answer leads."""
    if as_json:
        console.print_json(
            {name: {"text": one.text, "leads": dict(one.leads)} for name, one in TREE.items()}
        )
        return
    table = Table("question", "is asked", "answer", "leads to")
    for name, one in TREE.items():
        for place, (answer, leads) in enumerate(one.leads.items()):
            table.add_row(*((name, one.text) if not place else ("", "")), answer, leads)
    console.out.print(table)


def way_by(answers: Path | None) -> Way:
    """Go through the tree by a file of answers, or by asking on the terminal.

    Raises:
        ParameterError: Answers are not those of the questions, or there is no terminal.
    """
    return walk(_asked) if answers is None else walk_given(_written(answers))


def _asked(question: Question) -> str:
    if not sys.stdin.isatty():
        raise ParameterError("There is no terminal to ask on; give the answers with --answers.")
    answer: str = typer.prompt(f"{question.text} [{' / '.join(question.leads)}]", err=True)
    return answer.strip()


def _written(path: Path) -> dict[str, str]:
    answers = parse_toml(path, "answers")
    if not all(isinstance(answer, str) for answer in answers.values()):
        raise ParameterError(f"{path}: every answer must be a text, such as 'yes'.")
    return answers
