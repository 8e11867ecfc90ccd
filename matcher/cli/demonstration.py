"""`kinmatch demo`: two societies and a linkage unit on one machine, by the commands they use.

Every step is a process of its own that runs one command of this command line, as a tracing unit or
an operator would; what they share are the files they would exchange.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer
from rich.table import Table

from encoders.protection.fiction import write_intake_of_fiction
from encoders.readers import read_records
from matcher.cli import console
from matcher.cli.operating import loaded
from matcher.formats.errors import KinmatchError, OutputError
from matcher.formats.terms import Terms
from matcher.formats.vocabulary import BANDS

_MARK: Final = ".made-by-kinmatch-demo"
SEEKING, MEETING, UNIT = "seeking-society", "meeting-society", "linkage-unit"
_SETS: Final = {
    "febrl4": ("FEBRL 4, fictional Australians, every one registered with errors", ()),
    "tracing": (
        "a generated tracing set, many scripts, most sought persons not registered",
        ("--requests", "2000", "--register", "20000", "--seed", "1"),
    ),
}


@dataclass(frozen=True)
class _Outcome:
    """What became of one data set."""

    title: str
    requests: int
    sought_and_registered: int
    found: pd.DataFrame
    match: dict[str, Any]
    refused: dict[str, int]
    seconds: float


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo writes.")] = Path(
        "demo-output"
    ),
    service: Annotated[
        bool,
        typer.Option("--service", help="Over HTTP: service, worker and both societies, a night."),
    ] = False,
) -> None:
    """Run the whole job on real input: encode, match and review, by two societies and a unit."""
    if service:
        loaded("matcher.cli.service_demonstration").service_demo(out)
        return
    outcomes = []
    for name, (title, options) in _SETS.items():
        folder = out / name
        begin_anew(folder)
        outcomes.append(_run_set(name, title, options, folder))
    console.out.print(_table(outcomes))
    console.out.print(
        "Right and wrong: candidates whose two records are, or are not, one person by the known "
        "truth. A request lists up to 10 candidates. Refused: one person wished not to be matched, "
        "of another's enquirer there is concern; docs/data-protection.md has the rules."
    )
    for name in _SETS:
        for path in sorted((out / name).rglob("*")):
            if path.is_file() and path.name != _MARK:
                console.out.print(f"  {path}", highlight=False, soft_wrap=True)


def begin_anew(folder: Path) -> None:
    """Make an empty folder; what an earlier demo left there goes, nothing else ever does.

    Raises:
        OutputError: The folder holds something that no demo made, or can't be made.
    """
    mark = folder / _MARK
    if folder.exists() and not mark.exists():
        raise OutputError(
            f"{folder}: is there already, and not from a demo. Choose another folder with --out."
        )
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        mark.touch()
    except OSError as error:
        raise OutputError(
            f"{folder}: can't be made anew ({error.strerror}). Choose another folder with --out."
        ) from None


def _run_set(name: str, title: str, options: tuple[str, ...], folder: Path) -> _Outcome:
    start = time.perf_counter()
    console.say(f"\n== {title} ==")
    data = folder / "data"
    _kinmatch("dataset", name, "--out", str(data), *options)
    agreement = folder / "agreement.toml"
    today = date.today()
    passphrase = secrets.token_urlsafe(24)
    for who in (SEEKING, MEETING, UNIT):
        _kinmatch(
            *("identity", "new", who, "--out", str(folder / f"{who}.identity.json")),
            *("--public", str(folder / f"{who}.public.json")),
            passphrase=passphrase,
        )
    public = {who: str(folder / f"{who}.public.json") for who in (SEEKING, MEETING, UNIT)}
    last, terms = today + timedelta(days=365), folder / "terms.toml"
    corridors = permutations((SEEKING, MEETING), 2)
    Terms.of_fiction(corridors, ["family-tracing"], today, last).write(terms)
    _kinmatch(
        *("agreement", "new", "--out", str(agreement), "--linkage-unit", public[UNIT]),
        *("--party", public[SEEKING], "--party", public[MEETING], "--purpose", "family-tracing"),
        *("--legal-basis", "vital-interest", "--retention-days", "365"),
        *("--valid-from", str(today), "--valid-until", str(last), "--terms", str(terms)),
    )
    keys = folder / "keys.json"
    _kinmatch("keys", "new", str(agreement), "--out", str(keys), passphrase=passphrase)
    refused: dict[str, int] = {}
    for file, role, society in (
        ("requests", "sought", SEEKING),
        ("register", "registered", MEETING),
    ):
        source = str(data / f"{file}.csv")
        intake = intake_of(data / f"{file}.csv", role, society, folder)
        judged = ("--role", role, "--agreement", str(agreement), "--intake", str(intake))
        _kinmatch("check", source, *judged, "--json")
        encoded = _kinmatch(
            *("encode", source, *judged, "--json"),
            *("--keys", str(keys), "--identity", str(folder / f"{society}.identity.json")),
            *("--out", str(folder / f"{society}.envelope")),
            *("--references", str(folder / f"{society}.references.parquet")),
            passphrase=passphrase,
        )
        refused |= json.loads(encoded)["refused"]
    envelopes = [str(folder / f"{society}.envelope") for society in (SEEKING, MEETING)]
    candidates = folder / "candidates"
    told = json.loads(
        _kinmatch(
            *("match", *envelopes, "--agreement", str(agreement)),
            *("--identity", str(folder / f"{UNIT}.identity.json")),
            *("--ledger", str(folder / "ledger.json"), "--out", str(candidates), "--json"),
            passphrase=passphrase,
        )
    )
    for society in (SEEKING, MEETING):
        _kinmatch(
            *("results", str(candidates / f"candidates-{society}.parquet")),
            *("--references", str(folder / f"{society}.references.parquet")),
            *("--agreement", str(agreement), "--out", str(folder / f"{society}.results.csv")),
        )
    return _outcome(title, folder, told, refused, time.perf_counter() - start)


def intake_of(source: Path, role: str, society: str, folder: Path) -> Path:
    """Write what a society would have decided for its records; two requests are to be refused.

    For the first person sought there is a concern about who asks, the second said no.
    """
    records = read_records(source, role=role).records
    said = zip(*(records.column(name).to_pylist() for name in ("record_id", "role")), strict=True)
    sought = [one for one, of in said if of == "sought"]
    beside = folder / f"{society}.intake"
    beside.mkdir()
    return write_intake_of_fiction(
        beside,
        records,
        society=society,
        purpose="family-tracing",
        today=date.today(),
        unwilling=frozenset(sought[1:2]),
        feared_for=frozenset(sought[:1]),
    )


def _kinmatch(*words: str, passphrase: str | None = None) -> str:
    """Run one command in a process of its own, and give what it printed.

    Raises:
        KinmatchError: It refused.
    """
    console.say(f"$ kinmatch {' '.join(words)}")
    command = [sys.executable, "-m", "matcher.cli", *words]
    descriptors: tuple[int, ...] = ()
    if passphrase is not None:
        reading, writing = os.pipe()
        os.write(writing, f"{passphrase}\n".encode())
        os.close(writing)
        descriptors = (reading,)
        command += ["--passphrase-fd", str(reading)]
    try:
        done = subprocess.run(  # noqa: S603 - our own command line, words of our own
            command, stdout=subprocess.PIPE, text=True, check=False, pass_fds=descriptors
        )
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    if done.returncode not in (0, console.ROWS_LEFT_OUT):
        raise KinmatchError("The demo stops here: the command above was refused.")
    return done.stdout


def _outcome(
    title: str, folder: Path, told: dict[str, Any], refused: dict[str, int], seconds: float
) -> _Outcome:
    """Hold both societies' results against the truth, which only a test set has."""
    mine, theirs = (
        pd.read_csv(folder / f"{society}.results.csv", dtype={"record_id": str})
        for society in (SEEKING, MEETING)
    )
    truth = pd.read_csv(folder / "data" / "truth.csv", dtype=str)
    requests = pd.read_csv(folder / "data" / "requests.csv", dtype=str)
    found = mine.merge(theirs[["candidate_id", "record_id"]], on="candidate_id")
    pairs = pd.MultiIndex.from_frame(found[["record_id_x", "record_id_y"]])
    found["right"] = pairs.isin(pd.MultiIndex.from_frame(truth[["request_id", "register_id"]]))
    return _Outcome(
        title=title,
        requests=int((requests["role"] == "sought").sum()),
        sought_and_registered=truth["request_id"].nunique(),
        found=found,
        match=told,
        refused=refused,
        seconds=seconds,
    )


def _table(outcomes: list[_Outcome]) -> Table:
    table = Table("", *(outcome.title for outcome in outcomes))
    rows: dict[str, list[str]] = {}

    def add(label: str, value: str) -> None:
        rows.setdefault(label, []).append(value)

    for outcome in outcomes:
        found = outcome.found
        add("sought persons", f"{outcome.requests:,}")
        add("  of them registered", f"{outcome.sought_and_registered:,}")
        refused = (f"{count:,}: {rule}" for rule, count in outcome.refused.items())
        add("  of them refused by a rule", "\n".join(refused))
        for band in BANDS:
            right = found.loc[found["band"] == band, "right"]
            add(
                f"{band} candidates",
                f"{len(right):,}: {right.sum():,} right, {(~right).sum():,} wrong",
            )
        persons = found[found["right"]]["record_id_x"].nunique()
        first = found.drop_duplicates("record_id_x")
        add("persons found among all candidates", f"{persons:,}")
        add("persons found as first candidate", f"{first['right'].sum():,}")
        add("pairs compared", f"{outcome.match['pairs']:,}")
        add("pairs a second", f"{outcome.match['pairs_per_second']:,}")
        add("seconds, all steps", f"{outcome.seconds:.0f}")
    for label, values in rows.items():
        table.add_row(label, *values)
    return table
