"""`kinmatch demo --service`: two societies and the linkage unit's service, over HTTP on loopback.

The service and its worker are processes of their own; every step is one command of a society or of
the operator. However the demo ends, it stops all that it started, the private database too.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import pandas as pd
import tomli_w
from rich.table import Table

from encoders.client.connection import Connection, read_token
from encoders.client.generated import Operations
from encoders.client.transport import HttpTransport
from matcher.cli import console
from matcher.cli.demonstration import MEETING, SEEKING, UNIT, begin_anew, intake_of
from matcher.formats.errors import KinmatchError
from matcher.formats.terms import Terms
from matcher.store.postgres import PrivateServer

_SIZE: Final = ("--requests", "200", "--register", "1000", "--seed", "1")
_PURPOSE: Final = "family-tracing"
_PATIENCE: Final = 60.0
_STOP_SECONDS: Final = 20.0
_POLL: Final = 0.3
_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


def service_demo(out: Path) -> None:
    """Run the whole way over HTTP, and leave nothing running.

    Args:
        out: Folder for everything the demo writes.

    Raises:
        KinmatchError: A command refused, or something did not come in time.
        OutputError: The folder holds something that no demo made, or can't be made.
    """
    folder = out.absolute() / "service"
    begin_anew(folder)
    start = time.perf_counter()
    with ExitStack() as stack:
        stack.enter_context(_ended_in_order())
        office = _Office(folder, secrets.token_urlsafe(24))
        stack.callback(_stop_database, folder / UNIT)
        _draw_up(office)
        service = stack.enter_context(_running_unit(office))
        stack.callback(_hear_no_signal)
        _introduce(office, service)
        submitted = {society: _submit(office, society) for society in _SIDES}
        office.run("nightly", "--data-folder", UNIT, "--json", sealed=True)
        refined = {society: _refine(office, society) for society in _SIDES}
        found = {society: _results(office, society) for society in _SIDES}
        disclosed = _confirm_best(office, found)
    console.out.print(_table(submitted, refined, found, disclosed, time.perf_counter() - start))


@dataclass(frozen=True)
class _Side:
    """What a society brings along."""

    file: str
    role: str


_SIDES: Final = {
    SEEKING: _Side("requests.csv", "sought"),
    MEETING: _Side("register.csv", "registered"),
}


@dataclass(frozen=True, repr=False)
class _Office:
    """Where the demo's commands run: one folder, one passphrase, and no settings of anybody's."""

    folder: Path
    passphrase: str
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        settings = self.folder / "kinmatch.toml"
        # The night is run by hand, and its results show at once.
        told = {"data_folder": UNIT, "night_hour": "never", "results_hour": 0}
        settings.write_text(tomli_w.dumps(told), encoding="utf-8")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("KINMATCH_")}
        object.__setattr__(self, "environment", kept | {"KINMATCH_CONFIG": str(settings)})

    def run(self, *words: str, sealed: bool = False) -> str:
        """Run one command, and give what it printed.

        Raises:
            KinmatchError: It refused.
        """
        console.say(f"$ kinmatch {' '.join(words)}")
        process = self.start(*words, sealed=sealed, out=subprocess.PIPE)
        try:
            printed, _ = process.communicate()
        finally:
            _stop(process)
        if process.returncode not in (0, console.ROWS_LEFT_OUT):
            raise KinmatchError("The demo stops here: the command above was refused.")
        return str(printed)

    def start(
        self, *words: str, sealed: bool = False, out: int | None = None, err: int | None = None
    ) -> Any:
        """Start a command; what it prints goes where this process's does, or to descriptors."""
        command, descriptors = [sys.executable, "-m", "matcher.cli", *words], []
        if sealed:
            reading, writing = os.pipe()
            os.write(writing, f"{self.passphrase}\n".encode() * 2)
            os.close(writing)
            descriptors.append(reading)
            command += ["--passphrase-fd", str(reading)]
        try:
            # Of its own session: Ctrl-C is for the demo, which then stops all in order.
            return subprocess.Popen(  # noqa: S603 - our own command line, words of our own
                command, stdout=out, stderr=err, text=True, pass_fds=descriptors,
                cwd=self.folder, env=self.environment, start_new_session=True,
            )  # fmt: skip
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does, so that it stops what it started."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in _ENDING}
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hear_no_signal() -> None:
    """Let nothing interrupt the stopping, however impatient somebody is."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _stop(process: Any) -> None:
    """Stop a process in order, and at last by force."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stop_database(data_folder: Path) -> None:
    """Stop the private database, which a command that was interrupted leaves running."""
    if (data_folder / "database").exists():
        with suppress(KinmatchError):
            PrivateServer(data_folder / "database").stop()


def _draw_up(office: _Office) -> None:
    """Make data, identities, the agreement and, by an exchange, the societies' keys."""
    office.run("dataset", "tracing", "--out", "data", *_SIZE)
    for who in (SEEKING, MEETING, UNIT):
        office.run(
            *("identity", "new", who, "--out", f"{who}.identity.json"),
            *("--public", f"{who}.public.json"),
            sealed=True,
        )
    today = date.today()
    last = today + timedelta(days=365)
    terms = Terms.of_fiction(permutations(_SIDES, 2), [_PURPOSE], today, last)
    terms.write(office.folder / "terms.toml")
    office.run(
        *("agreement", "new", "--out", "agreement.toml", "--linkage-unit", f"{UNIT}.public.json"),
        *("--party", f"{SEEKING}.public.json", "--party", f"{MEETING}.public.json"),
        *("--purpose", _PURPOSE, "--legal-basis", "vital-interest", "--retention-days", "365"),
        *("--valid-from", str(today), "--valid-until", str(last), "--terms", "terms.toml"),
    )
    under, keys = ("--agreement", "agreement.toml"), f"{SEEKING}.keys.json"
    mine = (*under, "--identity", f"{SEEKING}.identity.json")
    theirs = (*under, "--identity", f"{MEETING}.identity.json")
    pending = ("--pending", f"{MEETING}.pending.json")
    office.run("keys", "new", "agreement.toml", "--out", keys, sealed=True)
    asking = ("keys", "ask", "agreement.toml", *theirs[2:], *pending)
    office.run(*asking, "--out", "ask.json", sealed=True)
    offering = ("keys", "offer", "ask.json", *mine, "--keys", keys)
    office.run(*offering, "--out", "offer.json", sealed=True)
    office.run(
        *("keys", "accept", "offer.json", *theirs, *pending),
        *("--keys", f"{MEETING}.keys.json", "--out", "confirmation.json"),
        sealed=True,
    )
    confirming = ("keys", "confirm", "confirmation.json", *under, "--keys", keys)
    office.run(*confirming, "--offer", "offer.json", sealed=True)


@contextmanager
def _running_unit(office: _Office) -> Iterator[str]:
    """Make the linkage unit, and have its service and worker running; give the address."""
    office.run("config", "init", "--data-folder", UNIT, sealed=True)
    port = str(_free_port())
    serving = ("serve", "--data-folder", UNIT, "--port", port)
    working = ("worker", "--data-folder", UNIT)
    with ExitStack() as stack:
        for words, sealed in ((serving, False), (working, True)):
            console.say(f"$ kinmatch {' '.join(words)} &")
            log = stack.enter_context((office.folder / f"{words[0]}.log").open("w"))
            process = office.start(*words, sealed=sealed, out=log.fileno(), err=log.fileno())
            stack.callback(_stop, process)
        yield f"http://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _introduce(office: _Office, service: str) -> None:
    """Let the linkage unit know the agreement and a tracing officer of each society."""
    office.run("agreement", "admit", "agreement.toml", "--data-folder", UNIT)
    for society in _SIDES:
        user = office.run(
            *("user", "add", f"an officer of {society}", "--role", "tracing-officer"),
            *("--society", society, "--data-folder", UNIT),
        ).strip()
        office.run(
            *("user", "train", user, "--course", "demonstration", "--data-folder", UNIT),
            *("--valid-until", str(date.today() + timedelta(days=365))),
        )
        office.run("token", "new", user, "--out", f"{society}.token", "--data-folder", UNIT)
        told = {"service": service, "token_file": f"{society}.token"}
        settings = office.folder / f"{society}.toml"
        settings.write_text(tomli_w.dumps(told), encoding="utf-8")


def _submit(office: _Office, society: str) -> dict[str, Any]:
    """Encode a society's records, but those that a gate refuses, and send them."""
    side = _SIDES[society]
    intake = intake_of(office.folder / "data" / side.file, side.role, society, office.folder)
    encoded = json.loads(
        office.run(
            *("encode", f"data/{side.file}", "--role", side.role, "--intake", str(intake)),
            *("--agreement", "agreement.toml", "--keys", f"{society}.keys.json"),
            *("--identity", f"{society}.identity.json", "--out", f"{society}.envelope"),
            *("--references", f"{society}.references.parquet", "--json"),
            sealed=True,
        )
    )
    sending = ("submit", f"{society}.envelope", "--society", f"{society}.toml", "--wait")
    batch = json.loads(office.run(*sending, "--json"))
    return {"refused": encoded["refused"], "records": batch["records"]}


def _refine(office: _Office, society: str) -> dict[str, Any]:
    """Answer what the linkage unit asks after the night, once it asks."""
    with _connected(office, society) as operations:
        _await("request for refinement", lambda: bool(operations.refinements_listed().items))
    side = _SIDES[society]
    told: dict[str, Any] = json.loads(
        office.run(
            *("refine", f"data/{side.file}", "--role", side.role, "--agreement", "agreement.toml"),
            *("--keys", f"{society}.keys.json", "--identity", f"{society}.identity.json"),
            *("--references", f"{society}.references.parquet", "--out", f"{society}.answers"),
            *("--intake", f"{society}.intake/intake.toml"),
            *("--ledger", f"{society}.ledger.json", "--society", f"{society}.toml", "--yes"),
            "--json",
            sealed=True,
        )
    )
    return told


def _results(office: _Office, society: str) -> pd.DataFrame:
    """Fetch a society's candidates, once the refinement is weighed."""

    def is_weighed() -> bool:
        page = operations.candidates_listed(limit=100)
        return all(one.refinement == "scored" for one in page.items)

    with _connected(office, society) as operations:
        _await("refined candidate", is_weighed)
    office.run(
        *("results", "--agreement", "agreement.toml", "--society", f"{society}.toml"),
        *("--references", f"{society}.references.parquet", "--out", f"{society}.results.csv"),
    )
    return pd.read_csv(office.folder / f"{society}.results.csv", dtype={"record_id": str})


def _confirm_best(office: _Office, found: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Let both societies confirm the best candidate; give what each was told of the other."""
    best = found[SEEKING].iloc[0]
    for society in _SIDES:
        office.run(
            *("decide", str(best["candidate_id"]), "confirm", "--version", str(best["version"])),
            *("--safeguarding-cleared", "--person-consulted", "--society", f"{society}.toml"),
        )
    return {
        society: office.run(
            "disclosure", str(best["candidate_id"]), "--society", f"{society}.toml"
        ).strip()
        for society in _SIDES
    }


@contextmanager
def _connected(office: _Office, society: str) -> Iterator[Operations]:
    connection = Connection.read(office.folder / f"{society}.toml")
    token = read_token(office.folder / f"{society}.token")
    with HttpTransport(connection.service, token) as transport:
        yield Operations(transport)


def _await(what: str, has_come: Callable[[], bool]) -> None:
    """Ask until something is there.

    Raises:
        KinmatchError: It did not come in time.
    """
    end = time.monotonic() + _PATIENCE
    while not has_come():
        if time.monotonic() > end:
            raise KinmatchError(f"The demo stops here: no {what} came; see serve.log, worker.log.")
        time.sleep(_POLL)


def _table(
    submitted: dict[str, dict[str, Any]],
    refined: dict[str, dict[str, Any]],
    found: dict[str, pd.DataFrame],
    disclosed: dict[str, str],
    seconds: float,
) -> Table:
    table = Table("", *_SIDES)

    def add(label: str, values: Sequence[object]) -> None:
        table.add_row(label, *map(str, values))

    add("records taken in", [one["records"] for one in submitted.values()])
    refusals = [_listed(one["refused"]) for one in submitted.values()]
    add("records that a gate refused", refusals)
    add("candidates released for refinement", [one["released"] for one in refined.values()])
    for band in ("strong", "possible", "weak"):
        add(f"{band} candidates", [int((one["band"] == band).sum()) for one in found.values()])
    add("after both confirmed, told", list(disclosed.values()))
    add("seconds, all steps", [f"{seconds:.0f}", ""])
    return table


def _listed(refused: dict[str, int]) -> str:
    return "\n".join(f"{count:,}: {rule}" for rule, count in refused.items()) or "none"
