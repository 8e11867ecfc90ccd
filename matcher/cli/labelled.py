"""The command that writes labelled test data."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import datasets
from datasets import febrl, tracing
from matcher.cli import console
from matcher.formats.errors import OutputError
from matcher.formats.files import make_folder


class Dataset(StrEnum):
    """Labelled sets that come with kinmatch."""

    FEBRL4 = "febrl4"
    TRACING = "tracing"


def dataset(
    name: Annotated[Dataset, typer.Argument(show_default=False, help="Which set.")],
    out: Annotated[Path, typer.Option(help="Folder for requests, register and truth.")],
    requests: Annotated[int, typer.Option(min=1, help="Requests (tracing only).")] = 2_000,
    register: Annotated[int, typer.Option(min=1, help="Registered (tracing only).")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed (tracing only).")] = 1,
    reciprocal: Annotated[
        int,
        typer.Option(
            min=0, help="Requests at the register's society too, in its file (tracing only)."
        ),
    ] = 0,
    detailed: Annotated[
        bool,
        typer.Option("--detailed", help="Separations on both sides, and addresses (tracing only)."),
    ] = False,
) -> None:
    """Write a labelled set as requests.csv, register.csv and truth.csv."""
    made = (
        febrl.load()
        if name is Dataset.FEBRL4
        else tracing.with_reciprocal(requests, register, seed, reciprocal, detailed=detailed)
    )
    make_folder(out)
    try:
        for what in ("requests", "register", "truth"):
            datasets.write(getattr(made, what), out / f"{what}.csv")
    except OSError as error:
        raise OutputError(f"{out}: can't be written ({error.strerror}).") from None
    console.say(f"{out}: {len(made.requests):,} request rows, {len(made.register):,} registered.")
