"""Forms to fill in: an intake file, a law profile and the two tables for one file of records.

As they are written they let nothing pass: what has to be decided is left open.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from encoders.protection.fields import ENTRIES, ENTRY_FIELDS, ENTRY_KEYS, EVENT_FIELDS
from encoders.protection.minimum import ELEMENTS
from encoders.records import Records
from matcher.formats.errors import OutputError
from matcher.formats.files import make_folder, written_whole
from matcher.formats.terms import LEGAL_BASES

INTAKE, LAW, ENTRY_TABLE, EVENT_TABLE = "intake.toml", "law.toml", "entries.csv", "events.csv"
"""The names of the forms."""

_CHILD: Final = (
    "child", "assent", "caregiver_consent", "caregiver", "best_interests_by", "best_interests_on",
)  # fmt: skip
_OF_ROLE: Final = {
    "sought": (
        *_CHILD, "origin_risks_on", "child_wishes_on", "relationship_by", "relationship_on",
        "dependence", "concern",
    ),
    "enquirer": (*_CHILD, "origin_risks_on", "child_wishes_on", "contact"),
    "registered": (*_CHILD, "contact"),
    "kin": _CHILD,
}  # fmt: skip
_DEFAULTS: Final = tuple(field for field in ENTRY_FIELDS if field.collective)


def write_forms(folder: Path, records: Records, society: str) -> list[Path]:
    """Write the forms for some records.

    Args:
        folder: Where to write; made if there is none.
        records: The records that a check found usable.
        society: Whose they are.

    Returns:
        What was written.

    Raises:
        OutputError: A form is there already, or can't be written.
    """
    paths = [folder / name for name in (INTAKE, LAW, ENTRY_TABLE, EVENT_TABLE)]
    for path in paths:
        if path.exists():
            raise OutputError(f"{path}: is there already; choose another folder.")
    make_folder(folder)
    roles = sorted(set(records.column("role").to_pylist()))
    intake, law, entries, events = paths
    _write_text(intake, _intake(roles, records))
    _write_text(law, _law(society))
    ids = zip(
        records.column("record_id").to_pylist(), records.column("case_id").to_pylist(), strict=True
    )
    wanted = [name for name in ENTRIES if any(name in _OF_ROLE[role] for role in roles)]
    write_rows(entries, (*ENTRY_KEYS, *wanted), ids)
    write_rows(events, ("record_id", *(field.name for field in EVENT_FIELDS)), ())
    return paths


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Write a table of the intake for its owner alone; shorter rows are filled up with nothing.

    Raises:
        OutputError: The file can't be written.
    """
    with (
        written_whole(path, private=True) as aside,
        aside.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(
            [*("" if cell is None else cell for cell in row), *[""] * (len(header) - len(row))]
            for row in rows
        )


def _write_text(path: Path, text: str) -> None:
    with written_whole(path, private=True) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def _intake(roles: Iterable[str], records: Records) -> str:
    filled = [name for name in ELEMENTS if records.column(name).null_count < len(records)]
    elements = ", ".join(f'"{name}"' for name in filled)
    lines = [
        "# What was decided for these records. Rows of entries.csv count before the defaults here.",
        'format = "kinmatch-intake/1"',
        f'law = "{LAW}"',
        f'entries = "{ENTRY_TABLE}"',
        f'events = "{EVENT_TABLE}"  # better one table for all your files, as "../events.csv"',
        "other_purposes = []  # that events may name, besides the purpose below",
        "",
        "[purpose]",
        'name = ""            # one of the agreement',
        'service = ""         # its name',
        'benefit = ""         # what it does for this person, in a sentence that binds',
        'benefits = ""        # this-person, or others: then nothing is matched',
        "# last_day = 2026-12-31",
        "recipients = []      # functions of those who see results",
        f"elements = [{elements}]  # take out what is not needed",
    ]
    for role in roles:
        lines += ["", f"[defaults.{role}]      # only where one decision may cover them all"]
        lines += [f'# {field.name} = ""  # {_hint(field.name)}' for field in _DEFAULTS]
    return "\n".join(lines) + "\n"


def _hint(name: str) -> str:
    field = ENTRIES[name]
    return f"{field.meaning}; {field.must_be()}"


def _law(society: str) -> str:
    lines = [
        "# What your law says; fill it in once with whoever answers for data protection. Set to",
        "# true what it gives. A basis that is left out is none.",
        'format = "kinmatch-law/1"',
        f'society = "{society}"',
        "majority = 18           # from this age on a person is no child",
        "notice_days = 30        # an information notice that is due must be given within",
        "# verify_consent_days = 730",
    ]
    for basis in LEGAL_BASES:
        lines += [
            "",
            f"[bases.{basis}]",
            "ordinary = false        # for ordinary data",
            "sensitive = false       # for sensitive data",
            "justified = true        # each decision says why",
            "collective = false      # one decision may cover many persons",
        ]
    return "\n".join(lines) + "\n"
