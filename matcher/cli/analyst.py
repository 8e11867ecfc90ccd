"""The command that takes two files the whole way of a record on one machine."""

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from benchmarks.rehearsal import rehearse as run_rehearsal
from benchmarks.rehearsal import write_pairs
from matcher.cli import console
from matcher.cli.linkage import Threads, Top
from matcher.cli.society import MapOption, read_and_check, usable_records
from matcher.formats.agreement import Agreement
from matcher.formats.errors import InputError
from matcher.formats.files import written_whole
from matcher.matching import DEFAULT_TOP


def rehearse(
    requests: Annotated[Path, typer.Option(help="File of the society that seeks.")],
    register: Annotated[Path, typer.Option(help="File of the society that may have met them.")],
    out: Annotated[Path, typer.Option(help="CSV file to write the candidate pairs to.")],
    agreement: Annotated[
        Path | None, typer.Option(help="Agreement whose scheme is used; else the default scheme.")
    ] = None,
    mapping: MapOption = None,
    top: Top = DEFAULT_TOP,
    truth: Annotated[
        Path | None, typer.Option(help="CSV of true pairs: request_id, register_id.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file as JSON.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the throwaway keys.")] = 0,
    threads: Threads = None,
    refine: Annotated[
        bool, typer.Option(help="Weigh the candidates again attribute by attribute.")
    ] = True,
) -> None:
    """Take two plaintext files the whole way on this machine, with throwaway keys.

    For labelled test data and for trying a scheme. The keys never touch the disk. Nothing leaves
    this machine, but the pairs say who is who: keep them as carefully as the files.
    """
    under = Agreement.read(agreement) if agreement else None
    sides = [
        usable_records(read_and_check(file, mapping, role), file)
        for file, role in ((requests, "sought"), (register, "registered"))
    ]
    known = read_truth(truth) if truth else None
    done = run_rehearsal(
        *sides,
        agreement=under,
        top=top,
        refine=refine,
        seed=seed,
        threads=threads,
        progress=console.say,
    )
    write_pairs(done.pairs, out)
    told = done.report(known)
    if report:
        with written_whole(report) as aside:
            aside.write_text(console.as_json(told), encoding="utf-8", newline="\n")
    console.out.print(_counts(told))
    if known is not None:
        console.out.print(accuracy_table(told["accuracy"]))


def read_truth(path: Path) -> pd.DataFrame:
    """Read true pairs.

    Raises:
        InputError: The file can't be read or lacks a column.
    """
    try:
        frame = pd.read_csv(path, dtype=str, usecols=["request_id", "register_id"])
    except (OSError, ValueError):
        raise InputError(
            f"{path}: can't be read as true pairs; it must be a CSV file with the columns "
            "request_id and register_id."
        ) from None
    return frame.drop_duplicates(ignore_index=True)


def _counts(told: dict[str, Any]) -> Table:
    table = Table("requests", "register", *told["candidates"], "seconds", "pairs a second")
    table.add_row(
        f"{told['requests']:,}",
        f"{told['register']:,}",
        *(f"{count:,}" for count in told["candidates"].values()),
        f"{sum(told['seconds'].values()):.1f}",
        f"{told['pairs_per_second']:,}",
    )
    return table


def accuracy_table(measured: dict[str, Any]) -> Table:
    """Show precision, recall and F1 of the best candidate of each request, over thresholds."""
    table = Table(
        "threshold", "bits", "links", "right", "wrong", "precision", "recall", "F1",
        caption=f"best candidate of each request; {measured['truth']:,} true pairs; "
        f"recall among 10: {measured['recall_at_10']:.4f}",
    )  # fmt: skip
    for name, one in measured["thresholds"].items():
        table.add_row(
            name,
            f"{one['threshold']:.1f}",
            f"{one['links']:,}",
            f"{one['right']:,}",
            f"{one['links'] - one['right']:,}",
            *(f"{one[figure]:.4f}" for figure in ("precision", "recall", "f1")),
        )
    return table
