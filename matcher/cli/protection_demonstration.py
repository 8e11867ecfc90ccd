"""The part of `kinmatch demo --service` about people's rights, and what answers for them.

A gate of the society's register refuses; then one person is deleted and it is proved, a breach is
taken stock of, the indicators are reported and a template is written, each by the command that a
person would use.
"""

import csv
import json
import re
from datetime import date
from pathlib import Path
from typing import Final

from matcher.cli.demonstration_office import Office

_ROLE: Final = ("--name", "A. Person", "--role", "focal-point")


def show_protection(office: Office, society: str, record: str, unit: str) -> dict[str, str]:
    """Delete a person, prove it, take stock of a breach, report, and write a template.

    Args:
        office: Where commands run.
        society: Whose record it is.
        record: The record's id in the society's file.
        unit: The linkage unit's data folder.

    Returns:
        What came of each, by a title.
    """
    refused = _delete(office, society, record)
    proof, breach, indicators, template = office.together(
        lambda: _proof(office, society, unit),
        lambda: _breach(office, society, unit),
        lambda: _indicators(office, society, unit),
        lambda: _template(office, society),
    )
    return {
        "a deletion, before it was known who asks": f"refused: {refused}",
        "a deletion, asked for and proved": proof,
        f"a breach of {society}": breach,
        "indicators reported": indicators,
        "a template written": template,
    }


def _delete(office: Office, society: str, record: str) -> str:
    """Answer a person's request to be deleted, and tell the linkage unit; give what was refused."""
    own = ("--register", f"{society}.register", "--identity", f"{society}.identity.json")
    office.run("rights", "open", "deletion", "--record", record, *own, sealed=True)
    refused = office.refused("rights", "step", "1", "delete", *_ROLE, *own, sealed=True)
    for step in ("verify", "ask-freely", "delete"):
        office.run("rights", "step", "1", step, *_ROLE, *own, sealed=True)
    _happened(office.folder / f"{society}.intake" / "events.csv", record, "deleted")
    office.run(
        *("notify", "data/requests.csv", "--intake", f"{society}.intake/intake.toml"),
        *("--agreement", "agreement.toml", "--identity", f"{society}.identity.json"),
        *("--references", f"{society}.references.parquet", "--out", f"{society}.notices"),
        sealed=True,
    )
    return refused


def _happened(path: Path, record: str, what: str) -> None:
    """Add a line to the society's table of events."""
    with path.open(newline="", encoding="utf-8") as file:
        names = next(csv.reader(file))
    told = {"record_id": record, "on": str(date.today()), "event": what}
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, names, lineterminator="\n").writerow(told)


def _proof(office: Office, society: str, unit: str) -> str:
    """Let the linkage unit delete, and show that nothing is left, in a backup either."""
    at = ("--data-folder", unit)
    office.run("backup", "before.archive", *at, sealed=True)
    for notice in sorted((office.folder / f"{society}.notices").glob("*.json")):
        told = json.loads(notice.read_text(encoding="utf-8"))
        given = (str(notice.relative_to(office.folder)), "--agreement", "agreement.toml", *at)
        office.run("rights", "apply", *given, sealed=True)
        if told["document"]["kind"] == "delete":
            archive = ("--archive", "before.archive")
            proof = office.run("rights", "prove-deleted", *given, *archive, "--json", sealed=True)
            shown = json.loads(proof)["shown"]
    return f"{sum(one['is_so'] for one in shown)} of {len(shown)} shown, a backup's keys too"


def _breach(office: Office, society: str, unit: str) -> str:
    today = str(date.today())
    window = ("--from", today, "--to", today, "--data-folder", unit, "--json")
    found = json.loads(office.run("breach", "society", society, *window))
    people = sum(one["people"] for one in found["societies"])
    return f"{people:,} people, {len(found['told'])} to be told, {len(found['plan'])} things to do"


def _indicators(office: Office, society: str, unit: str) -> str:
    """Answer every indicator with yes; what the linkage unit can see counts more."""
    form = office.run("indicators", "form", "society", society, str(date.today().year))
    answers = office.folder / f"{society}.answers.toml"
    answers.write_text(re.sub(r"(?m)^# (\S+ = true)$", r"\1", form), encoding="utf-8")
    said = ("--out", "indicators", "--data-folder", unit, "--json")
    (told,) = json.loads(office.run("indicators", "report", answers.name, *said))
    return f"{told['level']}, {len(told['from_evidence'])} of them from evidence"


def _template(office: Office, society: str) -> str:
    law, out = f"{society}.intake/law.toml", f"{society}.notice.md"
    given = ("--agreement", "agreement.toml", "--law", law, "--out", out)
    office.run("template", "information-notice", *given)
    return out
