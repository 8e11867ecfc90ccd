"""Commands of people's rights at the linkage unit: what is taken back, its proof, breaches."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.operating import DataFolder, loaded
from matcher.cli.options import AgreementOption, JsonFlag
from matcher.cli.passphrases import PassphraseFd

NoticeFile = Annotated[Path, typer.Argument(show_default=False, help="The society's notice.")]


def apply_notice(
    notice: NoticeFile,
    agreement: AgreementOption,
    data_folder: DataFolder = None,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Suspend, resume, renew, withdraw or delete the records that a society's notice names."""
    loaded("matcher.cli.rights_operations").apply(
        notice, agreement, data_folder, passphrase_fd, as_json
    )


def prove_deleted(
    notice: NoticeFile,
    agreement: AgreementOption,
    archive: Annotated[
        Path | None, typer.Option(help="A backup's archive to look into as well.")
    ] = None,
    data_folder: DataFolder = None,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Show that nothing is left of what a notice deleted, in the store and in an archive.

    Exit status 2 says that something is left.
    """
    loaded("matcher.cli.rights_operations").prove(
        notice, agreement, archive, data_folder, passphrase_fd, as_json
    )


class Lost(StrEnum):
    """What a breach may be of."""

    TOKEN = "token"  # noqa: S105  # a word
    SOCIETY = "society"
    MACHINE = "machine"
    BATCH = "batch"
    KEY = "key"


def breach(
    kind: Annotated[Lost, typer.Argument(show_default=False, help="What was lost.")],
    subject: Annotated[
        str,
        typer.Argument(
            show_default=False,
            help="Which: a token's or batch's id; a society's name; 'linkage-unit'; for a key "
            "'store', or an agreement's id, or ID:EPOCH.",
        ),
    ],
    start: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of the window.")
    ],
    end: Annotated[
        datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of the window.")
    ],
    people: Annotated[
        Path | None,
        typer.Option(help="Folder for each society's list of the references concerned."),
    ] = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Take stock of a breach: whose and what data, which risks, whom to tell, what to do."""
    window = start.date(), end.date()
    loaded("matcher.cli.rights_operations").breach(
        kind.value, subject, window, people, data_folder, as_json
    )


def indicators_form(
    body: Annotated[str, typer.Argument(show_default=False, help="society or delegation.")],
    name: Annotated[str, typer.Argument(show_default=False, help="Its name, as in agreements.")],
    year: Annotated[int, typer.Argument(min=2000, max=2100, show_default=False)],
) -> None:
    """Print a form for a body's answers to the key monitoring indicators, to be filled in."""
    loaded("matcher.cli.rights_operations").form(body, name, year)


def indicators_report(
    answers: Annotated[
        list[Path], typer.Argument(show_default=False, help="Files of answers, of one year.")
    ],
    out: Annotated[Path, typer.Option(help="The report, without its ending: .html and .csv.")],
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the yearly report on the indicators; what the linkage unit can see counts more."""
    loaded("matcher.cli.rights_operations").report(answers, out, data_folder, as_json)
