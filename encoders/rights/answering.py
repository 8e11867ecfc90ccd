"""What a person is given of their own data: all of it, and of others no more than that they are."""

from collections.abc import Sequence
from typing import Any, Final

from encoders.records import COLUMNS, Records
from encoders.rights.asking import Request
from matcher.formats.errors import AbsentError, ParameterError, StateError
from matcher.formats.rulebook import refuse

_OF_OTHERS: Final = ("role", "relation")


def own_data(request: Request, records: Records, *, withheld: Sequence[str] = ()) -> dict[str, Any]:
    """Gather what the society's file says of the person who asks.

    Args:
        request: A request for access, of a person whose identity was verified.
        records: The society's records.
        withheld: Columns that a named ground restricts.

    Returns:
        `own`: the person's records, column by column; `others`: for each other person of the same
        cases the role and relation alone; `withheld`: what was restricted, by name.

    Raises:
        GateError: The person was not verified, or a column is withheld on no ground.
        StateError: Access was refused.
        ParameterError: A column that is withheld is none.
        AbsentError: A record is not in the file.
    """
    if request.kind != "access" or not any(step.what == "verify" for step in request.steps):
        raise refuse("rights.identity-verified", f"Request {request.number} has no such step.")
    steps = {step.what for step in request.steps}
    if "refuse" in steps and not request.is_open:
        raise StateError(f"Request {request.number} was refused; there is nothing to give.")
    if withheld and "restrict" not in steps:
        raise refuse("rights.named-ground", f"Request {request.number} has no 'restrict'.")
    if not set(withheld) <= set(COLUMNS):
        raise ParameterError(f"A column that is withheld must be one of {', '.join(COLUMNS)}.")
    rows = records.table.to_pylist()
    own = [row for row in rows if row["record_id"] in request.records]
    if len(own) < len(set(request.records)):
        raise AbsentError("A record of the request is not in the file; give the file that has it.")
    cases = {row["case_id"] for row in own} - {None}
    others = [
        {name: row[name] for name in _OF_OTHERS}
        for row in rows
        if row["case_id"] in cases and row["record_id"] not in request.records
    ]
    return {
        "request": request.number,
        "own": [
            {
                name: value
                for name, value in row.items()
                if value is not None and name not in withheld
            }
            for row in own
        ],
        "others": others,
        "withheld": sorted(withheld),
    }
