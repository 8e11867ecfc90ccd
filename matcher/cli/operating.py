"""Commands of the linkage unit's operator; what they do is in `matcher.cli.operations`.

That module needs the extra `service` and takes a moment to load, so it is loaded when one of these
commands is called, and never for a tracing unit.
"""

from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from matcher.cli.options import JsonFlag
from matcher.cli.passphrases import PassphraseFd
from matcher.formats.errors import StoreError

DataFolder = Annotated[
    Path | None, typer.Option(help="The linkage unit's data folder; else as the settings say.")
]


def _operations() -> Any:
    return loaded("matcher.cli.operations")


def loaded(module: str) -> Any:
    """Load a module that needs the extra `service`.

    Raises:
        StoreError: What it needs is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"This needs '{error.name}', which is not installed: install kinmatch with its extra "
            "'service'."
        ) from None


def nightly(
    data_folder: DataFolder = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today if not given.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell the plan and its cost; change nothing.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Compare all records anew.")] = False,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Clear away what is over, compare what is new with what is held, and publish it."""
    day = None if on is None else on.date()
    _operations().nightly(data_folder, day, dry_run, full, passphrase_fd, as_json)


def worker(data_folder: DataFolder = None, passphrase_fd: PassphraseFd = None) -> None:
    """Check what societies have sent, and run the night at its hour, until told to stop.

    It opens the keys of the fingerprints and the linkage unit's identity. SIGTERM lets it finish
    what it has begun; a night ends after the piece it is at, and goes on with the next worker.
    """
    loaded("matcher.cli.working").work(data_folder, passphrase_fd)


def audit_verify(data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Look at the whole audit log; exit status 2 says that something is wrong with it."""
    _operations().audit_verify(data_folder, as_json)


def audit_sign(data_folder: DataFolder = None) -> None:
    """Sign the audit log up to its last entry, as every night does."""
    _operations().audit_sign(data_folder)


def backup(
    out: Annotated[Path, typer.Argument(show_default=False, help="The archive to write.")],
    data_folder: DataFolder = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Write all that the linkage unit holds, but the keys, into one encrypted archive."""
    _operations().backup(out, data_folder, passphrase_fd)


def restore(
    archive: Annotated[Path, typer.Argument(show_default=False, help="The archive to read.")],
    data_folder: DataFolder = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Set up an empty linkage unit from an archive; what was destroyed since stays destroyed."""
    _operations().restore(archive, data_folder, passphrase_fd)


def config_check(data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Tell what the settings are, and what is wrong with them."""
    _operations().config_check(data_folder, as_json)


def config_init(data_folder: DataFolder = None, passphrase_fd: PassphraseFd = None) -> None:
    """Make what is missing: data folder, keys, database; or bring the database up to date."""
    _operations().config_init(data_folder, passphrase_fd)
