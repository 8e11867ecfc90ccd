"""The command that makes texts for people, and for a society to fill in."""

from pathlib import Path
from typing import Annotated

import typer

from encoders.protection.law import LawProfile
from encoders.templates import NAMES, languages, make
from matcher.cli import console
from matcher.cli.options import AgreementOption
from matcher.formats.agreement import Agreement
from matcher.formats.files import written_whole


def template(
    name: Annotated[str, typer.Argument(show_default=False, help=f"One of {', '.join(NAMES)}.")],
    agreement: AgreementOption,
    law: Annotated[Path, typer.Option(help="The society's law profile.")],
    language: Annotated[str, typer.Option(help=f"Language: {' or '.join(languages())}.")] = "en",
    out: Annotated[
        Path | None, typer.Option(help="The Markdown file to write; printed if not given.")
    ] = None,
) -> None:
    """Make a text from an agreement and a law profile: notices, policies, scripts, checklists."""
    text = make(name, Agreement.read(agreement), LawProfile.read(law), language=language)
    if out is None:
        typer.echo(text, nl=False)
        return
    with written_whole(out) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")
    console.say(f"{out}: fill in what stands in [brackets].")
