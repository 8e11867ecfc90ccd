"""Candidates as a caseworker reads them: named by the society's own record ids."""

from pathlib import Path
from typing import Annotated, Any

import typer

from encoders.client.results import candidates_of, named
from encoders.references import read_references
from encoders.results import name_candidates, write_results
from matcher.cli import console
from matcher.cli.connecting import Service, with_service
from matcher.cli.options import AgreementOption, JsonFlag
from matcher.formats.agreement import Agreement
from matcher.formats.errors import ParameterError


@with_service
def results(
    service: Service,
    references: Annotated[
        list[Path], typer.Option(help="The reference file of a batch; give all that you have.")
    ],
    agreement: AgreementOption,
    candidates: Annotated[
        Path | None,
        typer.Argument(show_default=False, help="Candidates in a file; else the service's."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The CSV file to write.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Name the candidates of your records by your own record ids.

    The candidates are those of a file that the linkage unit sent, or all that the service has.
    """
    if out is None and not as_json:
        raise ParameterError("Say where to with --out, or give --json.")
    under = Agreement.read(agreement)
    if candidates is None:
        with service.connected() as operations:
            found = candidates_of(operations, under.agreement_id)
        frame = named(found, [read_references(path, under) for path in references])
        told: list[Any] = [one.model_dump(mode="json", by_alias=True) for one in found]
    else:
        if len(references) != 1:
            raise ParameterError("A file of candidates goes with one reference file.")
        frame = name_candidates(candidates, references[0], under)
        told = frame.to_dict("records")
    if out is not None:
        write_results(frame, out)
        console.say(f"{out}: {len(frame):,} candidates.")
    if as_json:
        records = frame["record_id"]
        console.print_json(
            [one | {"record_id": record} for one, record in zip(told, records, strict=True)]
        )
