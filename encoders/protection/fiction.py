"""A sound intake for people who do not exist: demonstrations and tests.

Everything that real people would have been asked is made up here, so nothing that was made by this
module may be used for a real record. It says so in every field that says who decided.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import tomli_w

from encoders.protection.forms import ENTRY_TABLE, EVENT_TABLE, INTAKE, LAW, write_rows
from encoders.protection.minimum import ELEMENTS
from encoders.records import Records
from matcher.formats.files import written_whole

_NOBODY: Final = "fictional people alone"
_ENTRY: Final = (
    "record_id", "assent", "caregiver_consent", "caregiver", "origin_risks_on", "child_wishes_on",
    "relationship_by", "relationship_on", "dependence", "concern", "contact",
)  # fmt: skip
_EVENT: Final = ("record_id", "on", "event")


def write_intake_of_fiction(
    folder: Path,
    records: Records,
    *,
    society: str,
    purpose: str,
    today: date,
    unwilling: frozenset[str] = frozenset(),
    feared_for: frozenset[str] = frozenset(),
) -> Path:
    """Write an intake under which every record may be encoded, but those that are named.

    Args:
        folder: Where to write it; must be there. Older files of the same names are replaced.
        records: Fictional people.
        society: Whose records.
        purpose: A purpose of the agreement.
        today: The day on which all was decided.
        unwilling: Ids of records whose persons withdrew their consent to matching.
        feared_for: Ids of sought persons for whom there is a concern about the enquirer.

    Returns:
        The intake file.
    """
    day = today.isoformat()
    rows = (
        (one, "yes", "yes", "parent", day, day, _NOBODY, day, "none",
         "yes" if one in feared_for else "no", "office")
        for one in dict.fromkeys(records.column("record_id").to_pylist())
    )  # fmt: skip
    write_rows(folder / ENTRY_TABLE, _ENTRY, rows)
    events = ((one, day, "withdrawn") for one in sorted(unwilling))
    write_rows(folder / EVENT_TABLE, _EVENT, events)
    _write(folder / LAW, _law(society))
    _write(folder / INTAKE, _intake(purpose, today))
    return folder / INTAKE


def _write(path: Path, fields: dict[str, Any]) -> None:
    with written_whole(path, private=True) as aside:
        aside.write_text(tomli_w.dumps(fields), encoding="utf-8", newline="\n")


def _law(society: str) -> dict[str, Any]:
    gives = {"ordinary": True, "sensitive": True, "justified": False}
    return {
        "format": "kinmatch-law/1",
        "society": society,
        "majority": 18,
        "notice_days": 30,
        "bases": {
            "vital-interest": gives | {"collective": True},
            "consent": gives | {"collective": False},
        },
    }


def _intake(purpose: str, today: date) -> dict[str, Any]:
    decided = {
        "basis": "vital-interest",
        "basis_source": _NOBODY,
        "basis_decided_by": _NOBODY,
        "basis_decided_on": today,
        "basis_until": today + timedelta(days=365),
        "child": "no",
        "do_not_visit": "yes",
    }
    given = {"notice": "given", "notice_on": today}
    return {
        "format": "kinmatch-intake/1",
        "law": LAW,
        "entries": ENTRY_TABLE,
        "events": EVENT_TABLE,
        "purpose": {
            "name": purpose,
            "service": "demonstration of restoring family links",
            "benefit": "This person is shown how people who seek each other are found.",
            "benefits": "this-person",
            "last_day": today + timedelta(days=365),
            "recipients": ["readers of the demonstration"],
            "elements": list(ELEMENTS),
        },
        "defaults": {
            "sought": decided | {"notice": "at-first-contact"},
            "kin": decided | {"notice": "at-first-contact"},
            "registered": decided | given,
            "enquirer": decided | given,
        },
    }
