"""What a person is given of their own data: all of it, and of others no more than that they are."""

from collections.abc import Sequence
from typing import Any, Final

from encoders.records import Records
from encoders.rights.asking import Request
from matcher.formats.errors import AbsentError
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
        GateError: The person was not verified.
        AbsentError: A record is not in the file.
    """
    if request.kind != "access" or not any(step.what == "verify" for step in request.steps):
        raise refuse("rights.identity-verified", f"Request {request.number} has no such step.")
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
