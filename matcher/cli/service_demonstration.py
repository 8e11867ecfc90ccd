"""`kinmatch demo --service`: two societies and the linkage unit's service, over HTTP on loopback.

The service and its worker are processes of their own; every step is one command of a society or of
the operator, and steps that need not wait for each other run at once. However the demo ends, it
stops all that it started, the private database too.
"""

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
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
from matcher.cli.demonstration_office import Office
from matcher.cli.protection_demonstration import show_protection
from matcher.formats.agreement import Agreement
from matcher.formats.errors import KinmatchError
from matcher.formats.sharing import answers_of_fiction
from matcher.formats.terms import Terms
from matcher.formats.vocabulary import BANDS
from matcher.store.postgres import PrivateServer

_SIZE: Final = ("--requests", "200", "--register", "1000", "--seed", "1")
_PURPOSE: Final = "family-tracing"
_PATIENCE: Final = 60.0
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
        stack.callback(_stop_database, folder / UNIT)
        office = stack.enter_context(Office(folder))
        stack.callback(_hear_no_signal)
        _draw_up(office)
        service, refused = office.together(
            lambda: _begin_service(office), lambda: _encode_all(office)
        )
        office.for_each(lambda society: _introduce(office, society, service))
        too_early = office.for_each(lambda society: office.refused(*_sending(society)))
        records = office.for_each(lambda society: _submit(office, society))
        office.run("nightly", "--data-folder", UNIT, "--json", sealed=True)
        refined = office.for_each(lambda society: _refine(office, society))
        found = office.for_each(lambda society: _results(office, society))
        not_cleared, disclosed = _confirm_best(office, found)
        last = str(found[0]["record_id"].iloc[-1])
        protection = show_protection(office, SEEKING, last, UNIT)
    told = {
        "records taken in": records,
        "records that a gate refused": refused,
        "candidates released for refinement": refined,
        **{
            f"{band} candidates": [int((one["band"] == band).sum()) for one in found]
            for band in BANDS
        },
        "a batch, before it was decided to share": [f"refused: {rule}" for rule in too_early],
        "a confirmation, before safeguarding was cleared": [f"refused: {not_cleared}", ""],
        "after both confirmed, told": disclosed,
        **{title: [told, ""] for title, told in protection.items()},
        "seconds, all steps": [f"{time.perf_counter() - start:.0f}", ""],
    }
    console.out.print(_table(told))


@dataclass(frozen=True)
class _Side:
    """What a society brings along."""

    file: str
    role: str


_SIDES: Final = {
    SEEKING: _Side("requests.csv", "sought"),
    MEETING: _Side("register.csv", "registered"),
}


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


def _stop_database(data_folder: Path) -> None:
    """Stop the private database, which a command that was interrupted leaves running."""
    if (data_folder / "database").exists():
        with suppress(KinmatchError):
            PrivateServer(data_folder / "database").stop()


def _draw_up(office: Office) -> None:
    """Make data, everybody's identity, and the agreement."""

    def identity(who: str) -> str:
        files = ("--out", f"{who}.identity.json", "--public", f"{who}.public.json")
        return office.run("identity", "new", who, *files, sealed=True)

    office.together(
        lambda: office.run("dataset", "tracing", "--out", "data", *_SIZE),
        *(partial(identity, who) for who in (SEEKING, MEETING, UNIT)),
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


def _begin_service(office: Office) -> str:
    """Make the linkage unit, let it know the agreement, and run its service; give the address."""
    office.run("config", "init", "--data-folder", UNIT, sealed=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    office.begin("serve", "--data-folder", UNIT, "--port", str(port))
    office.begin("worker", "--data-folder", UNIT, sealed=True)
    office.run("agreement", "admit", "agreement.toml", "--data-folder", UNIT)
    return f"http://127.0.0.1:{port}"


def _encode_all(office: Office) -> list[str]:
    """Let both societies have the keys, by an exchange, and encode; give what gates refused."""
    _exchange_keys(office)
    return office.for_each(lambda society: _encode(office, society))


def _exchange_keys(office: Office) -> None:
    under, keys = ("--agreement", "agreement.toml"), f"{SEEKING}.keys.json"
    mine, theirs = (("--identity", f"{who}.identity.json") for who in (SEEKING, MEETING))
    pending = ("--pending", f"{MEETING}.pending.json")
    held = (*under, "--keys", keys)
    for words in (
        ("new", "agreement.toml", "--out", keys),
        ("ask", "agreement.toml", *theirs, *pending, "--out", "ask.json"),
        ("offer", "ask.json", *held, *mine, "--out", "offer.json"),
        ("accept", "offer.json", *under, *theirs, *pending, "--keys", f"{MEETING}.keys.json",
         "--out", "confirmation.json"),
        ("confirm", "confirmation.json", *held, "--offer", "offer.json"),
    ):  # fmt: skip
        office.run("keys", *words, sealed=True)


def _encode(office: Office, society: str) -> str:
    """Encode a society's records, but those that a gate refuses; give how many, by rule."""
    side = _SIDES[society]
    intake_of(office.folder / "data" / side.file, side.role, society, office.folder)
    told = json.loads(
        office.run(
            *("encode", f"data/{side.file}", "--role", side.role),
            *("--intake", f"{society}.intake/intake.toml", "--agreement", "agreement.toml"),
            *("--keys", f"{society}.keys.json", "--identity", f"{society}.identity.json"),
            *("--out", f"{society}.envelope", "--references", f"{society}.references.parquet"),
            "--json",
            sealed=True,
        )
    )
    refused = (f"{count:,}: {rule}" for rule, count in told["refused"].items())
    return "\n".join(refused) or "none"


def _introduce(office: Office, society: str, service: str) -> None:
    """Let the linkage unit know a tracing officer, and the officer where the service is."""
    unit = ("--data-folder", UNIT)
    named = (f"an officer of {society}", "--role", "tracing-officer", "--society", society)
    user = office.run("user", "add", *named, *unit).strip()
    until = str(date.today() + timedelta(days=365))
    trained = ("--course", "demonstration", "--valid-until", until)
    office.run("user", "train", user, *trained, *unit)
    office.run("token", "new", user, "--out", f"{society}.token", *unit)
    told = {"service": service, "token_file": f"{society}.token"}
    (office.folder / f"{society}.toml").write_text(tomli_w.dumps(told), encoding="utf-8")


def _submit(office: Office, society: str) -> int:
    """Send a society's batch; give how many records were taken in."""
    under = Agreement.read(office.folder / "agreement.toml").agreement_id
    _share(office, society, "each-record", "--agreement", under)
    return int(json.loads(office.run(*_sending(society), "--json"))["records"])


def _sending(society: str) -> tuple[str, ...]:
    return ("submit", f"{society}.envelope", "--society", f"{society}.toml", "--wait")


def _share(office: Office, society: str, ground: str, *subject: str) -> None:
    """Go through the sharing decision tree, as is done before anything is shared."""
    answers = office.folder / f"{society}.{ground}.toml"
    answers.write_text(tomli_w.dumps(answers_of_fiction(ground)), encoding="utf-8")
    asked = ("--answers", answers.name, "--society", f"{society}.toml")
    office.run("sharing", "answer", *subject, *asked)


def _refine(office: Office, society: str) -> int:
    """Answer what the linkage unit asks after the night; give for how many candidates."""
    with _connected(office, society) as operations:
        _await("request for refinement", lambda: bool(operations.refinements_listed().items))
    side = _SIDES[society]
    told = json.loads(
        office.run(
            *("refine", f"data/{side.file}", "--role", side.role, "--agreement", "agreement.toml"),
            *("--keys", f"{society}.keys.json", "--identity", f"{society}.identity.json"),
            *("--intake", f"{society}.intake/intake.toml", "--out", f"{society}.answers"),
            *("--references", f"{society}.references.parquet"),
            *("--ledger", f"{society}.ledger.json", "--society", f"{society}.toml", "--yes"),
            "--json",
            sealed=True,
        )
    )
    return int(told["released"])


def _results(office: Office, society: str) -> pd.DataFrame:
    """Fetch a society's candidates, once the refinement is weighed."""

    def is_weighed() -> bool:
        page = operations.candidates_listed(limit=100)
        states = {one.refinement for one in page.items}
        return "scored" in states and states <= {"scored", None}  # not all are asked about

    with _connected(office, society) as operations:
        _await("refined candidate", is_weighed)
    office.run(
        *("results", "--agreement", "agreement.toml", "--society", f"{society}.toml"),
        *("--references", f"{society}.references.parquet", "--out", f"{society}.results.csv"),
    )
    return pd.read_csv(office.folder / f"{society}.results.csv", dtype={"record_id": str})


def _confirm_best(office: Office, found: list[pd.DataFrame]) -> tuple[str, list[str]]:
    """Let both societies confirm the best candidate.

    Returns:
        By which rule a confirmation was refused before, and what each was told of the other.
    """
    best = found[0].iloc[0]
    candidate = str(best["candidate_id"])
    cleared = ("--safeguarding-cleared", "--person-consulted")
    looked_at = ("--version", str(best["version"]))
    hasty = (candidate, "confirm", *looked_at, "--society", f"{SEEKING}.toml")
    refused = office.refused("decide", *hasty)
    for society in _SIDES:
        _share(office, society, "best-interests", candidate, *looked_at)
        said = (candidate, "confirm", *looked_at, *cleared)
        office.run("decide", *said, "--society", f"{society}.toml")

    def disclosed(society: str) -> str:
        return office.run("disclosure", candidate, "--society", f"{society}.toml").strip()

    return refused, office.for_each(disclosed)


@contextmanager
def _connected(office: Office, society: str) -> Iterator[Operations]:
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


def _table(told: dict[str, list[Any]]) -> Table:
    table = Table("", *_SIDES)
    for label, values in told.items():
        table.add_row(label, *map(str, values))
    return table
