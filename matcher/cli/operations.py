"""What the operator's commands do: the store opened, the night run, results told."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any, Final

import typer
from rich.table import Table

from matcher.cli import console
from matcher.cli.passphrases import Passphrases
from matcher.formats.errors import KinmatchError, StoppedError, StoreError
from matcher.formats.files import make_folder
from matcher.nightly.comparing import seconds_of
from matcher.nightly.night import Limits, Outcome, plans_of, run_night
from matcher.settings import Settings, config_file
from matcher.store import audit, refinements
from matcher.store.backup import restore_archive, write_archive
from matcher.store.database import Store, open_store, upgrade_database
from matcher.store.journal import Journal
from matcher.store.keeping_up import catch_up
from matcher.vault import StoreKeys

_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


def nightly(
    data_folder: Path | None,
    on: date | None,
    dry_run: bool,
    full: bool,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Run a night, or tell its plan."""
    settings = Settings.load(data_folder=data_folder)
    day = on or date.today()
    with open_store(settings, store_keys(settings, Passphrases(passphrase_fd))) as store:
        if dry_run:
            _tell_plans(store, day, full, as_json)
            return
        catch_up(store, Journal(settings.protection_journal))
        try:
            with _stopped_by_signal() as stopping, _pairs_counted(store, day, full) as advance:
                outcomes = run_night(
                    store,
                    on=day,
                    limits=Limits(settings.most_pairs, settings.most_candidates),
                    top=settings.top,
                    full=full,
                    threads=settings.threads,
                    advance=advance,
                    stopping=stopping,
                )
        except StoppedError as stopped:
            _sign(store, settings)
            console.say(str(stopped))
            raise typer.Exit(console.TRY_LATER) from None
        _sign(store, settings)
        awaited = _awaited(store, settings, outcomes)
    _tell_outcomes(outcomes, awaited, as_json)
    if any(outcome.refused for outcome in outcomes):
        raise typer.Exit(console.REFUSED)


@contextmanager
def _stopped_by_signal() -> Iterator[Callable[[], bool]]:
    """Let SIGTERM and Ctrl-C end the night after the tile that it is at; a second one ends it now.

    Yields:
        Whether one has come.
    """
    told = threading.Event()
    before = {number: signal.getsignal(number) for number in _ENDING}

    def as_before() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(_number: int, _frame: FrameType | None) -> None:
        told.set()
        as_before()

    for number in _ENDING:
        signal.signal(number, stop)
    try:
        yield told.is_set
    finally:
        as_before()


@contextmanager
def _pairs_counted(store: Store, day: date, full: bool) -> Iterator[Any]:
    """Show how many pairs have been compared; what leaves tonight is still in the total."""
    total = sum(plan.pairs for plan in plans_of(store, on=day, full=full) if plan.new)
    done = 0
    with console.counting("pairs", total) as counted:

        def advance(pairs: int) -> None:
            nonlocal done
            done += pairs
            counted(done)

        yield advance


def _tell_plans(store: Store, day: date, full: bool, as_json: bool) -> None:
    plans = [
        plan.summary() | {"seconds": round(seconds_of(plan, store.fingerprints), 1)}
        for plan in plans_of(store, on=day, full=full)
    ]
    if as_json:
        console.print_json({"on": str(day), "plans": plans})
        return
    table = Table("agreement", "full", "new", "held", "pairs", "about")
    for plan in plans:
        table.add_row(
            plan["agreement"], "yes" if plan["full"] else "no", f"{plan['new']:,}",
            f"{plan['held']:,}", f"{plan['pairs']:,}", f"{plan['seconds']:,.0f} s",
        )  # fmt: skip
    console.out.print(table)


def _awaited(store: Store, settings: Settings, outcomes: list[Outcome]) -> dict[str, int]:
    """How many candidates await refinement, under each agreement that the night was about."""
    with store.as_unit() as session:
        return {
            one.agreement: refinements.awaited(session, one.agreement, settings.refine_from)
            for one in outcomes
        }


def _tell_outcomes(outcomes: list[Outcome], awaited: dict[str, int], as_json: bool) -> None:
    if as_json:
        console.print_json(
            [
                one.plan
                | {"candidates": one.candidates, "refused": one.refused}
                | {"awaiting_refinement": awaited[one.agreement]}
                for one in outcomes
            ]
        )
        return
    if not outcomes:
        console.say("There was nothing new to compare.")
        return
    names = "new candidates", "changed", "gone", "await refinement"
    table = Table("agreement", "new records", "pairs", *names)
    for one in outcomes:
        counts = one.candidates or {}
        told = [f"{counts[name]:,}" if counts else "-" for name in ("new", "changed", "gone")]
        told.append(f"{awaited[one.agreement]:,}")
        table.add_row(one.agreement, f"{one.plan['new']:,}", f"{one.plan['pairs']:,}", *told)
    console.out.print(table)
    for one in outcomes:
        if one.refused:
            console.say(f"{one.agreement}: refused. {one.refused}")


def audit_verify(data_folder: Path | None, as_json: bool) -> None:
    """Verify the audit log."""
    settings = Settings.load(data_folder=data_folder)
    require_file(settings.audit_key)
    key = audit.signing_key(settings.audit_key).public_key()
    with open_store(settings, None) as store, store.as_unit() as session:
        found = audit.verify(session, key, settings.checkpoints)
    if as_json:
        console.print_json(
            {
                "entries": found.entries,
                "checkpoints": found.checkpoints,
                "signed_to": found.signed_to,
                "findings": [{"number": one.number, "what": one.what} for one in found.findings],
            }
        )
    else:
        console.say(
            f"{found.entries:,} entries, signed up to entry {found.signed_to:,} by "
            f"{found.checkpoints:,} checkpoints."
        )
        for one in found.findings:
            console.say(one.what)
    if found.findings:
        raise typer.Exit(console.REFUSED)


def audit_sign(data_folder: Path | None) -> None:
    """Sign the audit log."""
    settings = Settings.load(data_folder=data_folder)
    with open_store(settings, None) as store:
        number = _sign(store, settings)
    console.say(f"Signed up to entry {number:,}; keep a copy of {settings.checkpoints} elsewhere.")


def _sign(store: Store, settings: Settings) -> int:
    with store.as_unit() as session:
        return audit.sign(session, audit.signing_key(settings.audit_key), settings.checkpoints)


def backup(out: Path, data_folder: Path | None, passphrase_fd: int | None) -> None:
    """Write an archive."""
    settings = Settings.load(data_folder=data_folder)
    passphrase = console.read_passphrase(passphrase_fd, confirm=True)
    with open_store(settings, None) as store:
        count = write_archive(store, settings, out, passphrase)
    console.say(
        f"{out}: the database and {count:,} batches. Keep {settings.store_keys} and "
        f"{settings.audit_key} too, elsewhere and in their newest version alone."
    )


def restore(archive: Path, data_folder: Path | None, passphrase_fd: int | None) -> None:
    """Restore an archive."""
    settings = Settings.load(data_folder=data_folder)
    passphrases = Passphrases(passphrase_fd)
    keys = store_keys(settings, passphrases)
    passphrase = console.read_passphrase(passphrase_fd, confirm=False)
    gone = restore_archive(settings, keys, archive, passphrase)
    console.say(
        f"{settings.data_folder}: restored. {gone:,} batches were destroyed since the archive was "
        "written, and leave in the next night."
    )


def config_check(data_folder: Path | None, as_json: bool) -> None:
    """Look at the settings, the keys and the database."""
    settings = Settings.load(data_folder=data_folder)
    problems = [*_key_problems(settings), *_database_problems(settings)]
    told = {
        name: "set" if name.endswith("_url") and value is not None else value
        for name, value in settings.model_dump(mode="json").items()
    }
    if as_json:
        console.print_json({"file": str(config_file()), "settings": told, "problems": problems})
    else:
        for name, value in told.items():
            console.out.print(f"{name} = {value}", markup=False, highlight=False)
        for problem in problems:
            console.say(problem)
    if problems:
        raise typer.Exit(console.REFUSED)


def _key_problems(settings: Settings) -> Iterator[str]:
    for path in (settings.store_keys, settings.audit_key):
        if not path.exists():
            yield f"{path}: is not there; run 'kinmatch config init', or restore it from its copy."
        elif os.name == "posix" and path.stat().st_mode & 0o077:
            yield f"{path}: others can read it; run 'chmod 600' on it."
    if settings.database_url is not None and settings.service_database_url is None:
        yield (
            "KINMATCH_SERVICE_DATABASE_URL is not set: give the service a login of its own that is "
            "a member of kinmatch_service alone."
        )


def _database_problems(settings: Settings) -> Iterator[str]:
    private = settings.data_folder / "database"
    if settings.database_url is None and not private.exists():
        yield f"{private}: there is no database yet; run 'kinmatch config init'."
        return
    try:
        with open_store(settings, None) as store, store.as_unit():
            pass
    except KinmatchError as error:
        yield str(error)


def config_init(data_folder: Path | None, passphrase_fd: int | None) -> None:
    """Make what is missing."""
    settings = Settings.load(data_folder=data_folder)
    make_folder(settings.data_folder)
    if not settings.store_keys.exists():
        console.say(f"{settings.store_keys}: a passphrase for the keys of the fingerprints.")
        StoreKeys.new(settings.store_keys, console.read_passphrase(passphrase_fd, confirm=True))
    audit.signing_key(settings.audit_key)
    upgrade_database(settings)
    console.say(f"{settings.data_folder}: ready. Keep copies of {settings.store_keys} elsewhere.")


def store_keys(settings: Settings, passphrases: Passphrases) -> StoreKeys:
    """Open the keys of the fingerprints.

    Raises:
        StoreError: There are none.
        KeyFileError: No passphrase opens them.
    """
    path = settings.store_keys
    require_file(path)
    return passphrases.open(path, lambda passphrase: StoreKeys.open(path, passphrase))


def require_file(path: Path) -> None:
    """Refuse to go on without a file of the linkage unit's.

    Raises:
        StoreError: It is not there.
    """
    if not path.exists():
        raise StoreError(
            f"{path}: is not there. Run 'kinmatch config init' for a new linkage unit, or restore "
            "the file from its copy."
        )
