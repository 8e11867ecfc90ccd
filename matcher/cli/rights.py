"""Commands of people's rights: at the linkage unit, what is taken back and what shows that."""

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.operating import DataFolder, loaded
from matcher.cli.passphrases import PassphraseFd
from matcher.cli.society import AgreementOption, JsonFlag

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
