"""The command with which people label pairs of test data, without seeing any score."""

import csv
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table
from rich.text import Text

from benchmarks.tuning.labels import Agreement, Pair, Session, agreements, read_labels
from encoders.records import COLUMNS, Records
from matcher.cli import console
from matcher.cli.society import MapOption, read_and_check, usable_records
from matcher.formats.errors import InputError
from matcher.formats.files import written_whole

_KEYS = {"s": "same", "d": "different", "?": "unsure"}
_HELP = "s same person, d different persons, ? can't tell, u undo, q stop: "
_HIDDEN = ("record_id", "case_id", "role")  # an id may tell who belongs together

Person = dict[str, Any]


def label(
    pairs: Annotated[Path, typer.Argument(help="CSV of pairs to label: request_id, register_id.")],
    requests: Annotated[Path, typer.Option(help="File of the society that seeks.")],
    register: Annotated[Path, typer.Option(help="File of the society that may have met them.")],
    labels: Annotated[Path, typer.Option(help="File of labels, JSON lines; taken up if there.")],
    reader: Annotated[str, typer.Option(help="Who labels; two readers use one file of labels.")],
    mapping: MapOption = None,
    seed: Annotated[int, typer.Option(help="Of the order in which pairs are shown.")] = 0,
    disagreements: Annotated[
        Path | None, typer.Option(help="CSV file for the pairs on which two readers differ.")
    ] = None,
) -> None:
    """Label pairs of test data blind: two records side by side, no score, in no telling order.

    Every answer is kept at once; run the same command again to go on. When two readers have
    labelled the same pairs, their agreement is told. For test data: both records are shown.
    """
    wanted = _read_pairs(pairs)
    left, right = (
        _people(usable_records(read_and_check(file, mapping, role), file))
        for file, role in ((requests, "sought"), (register, "registered"))
    )
    known = [pair for pair in wanted if pair[0] in left and pair[1] in right]
    if len(known) < len(wanted):
        console.say(f"{len(wanted) - len(known):,} pairs name a record that is not in the files.")
    session = Session(known, labels, reader, seed)
    _ask(session, left, right)
    found = agreements(read_labels(labels))
    for one in found:
        console.out.print(_told(one), markup=False, highlight=False)
    if disagreements:
        _write_disagreements(disagreements, found)


def _ask(session: Session, left: dict[str, Person], right: dict[str, Person]) -> None:
    """Show pair after pair until all are labelled, or the reader stops."""
    while session.remaining:
        one, other = session.remaining[0]
        total = session.done + len(session.remaining)
        console.out.print(_side_by_side(left[one], right[other], session.done + 1, total))
        said = _key()
        if said == "q":
            break
        if said == "u":
            if not session.undo():
                console.say("There is nothing to undo.")
        elif said in _KEYS:
            session.answer(_KEYS[said])
        else:
            console.say("Type one of the letters, then Enter.")
    console.say(f"{session.done:,} labelled, {len(session.remaining):,} to go.")


def _key() -> str:
    """Give the reader's next letter; the end of the input stops."""
    try:
        return console.out.input(_HELP).strip().lower()
    except (EOFError, KeyboardInterrupt):
        return "q"


def _side_by_side(one: Person, other: Person, number: int, total: int) -> Table:
    """Show two records; an attribute that both lack takes no line."""
    table = Table("", "sought", "registered", title=f"{number:,} of {total:,}")
    for name in COLUMNS:
        if name not in _HIDDEN and (one[name] or other[name]):
            cells = (Text(str(person[name] or "")) for person in (one, other))
            table.add_row(name.replace("_", " "), *cells)
    return table


def _told(one: Agreement) -> str:
    if not one.both:
        return f"{one.readers[0]} and {one.readers[1]} have no pair in common yet."
    kappa = "not defined" if one.kappa is None else f"{one.kappa:.2f}"
    return (
        f"{one.readers[0]} and {one.readers[1]}: alike on {one.alike:,} of {one.both:,} pairs; "
        f"Cohen's kappa {kappa}."
    )


def _write_disagreements(path: Path, found: list[Agreement]) -> None:
    with (
        written_whole(path, private=True) as aside,
        aside.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ("request_id", "register_id", "reader", "answer", "other_reader", "other_answer")
        )
        writer.writerows(
            (*pair, one.readers[0], answer, one.readers[1], other_answer)
            for one in found
            for pair, answer, other_answer in one.disagreements
        )
    console.say(f"{path}: {sum(len(one.disagreements) for one in found):,} disagreements.")


def _read_pairs(path: Path) -> list[Pair]:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        columns = [frame[name].tolist() for name in ("request_id", "register_id")]
    except (OSError, ValueError, KeyError):
        raise InputError(
            f"{path}: can't be read as pairs; it must be a CSV file with the columns request_id "
            "and register_id, such as kinmatch rehearse writes."
        ) from None
    return list(dict.fromkeys(zip(*columns, strict=True)))


def _people(records: Records) -> dict[str, Person]:
    return {row["record_id"]: row for row in records.table.to_pylist()}
