"""An intake that a test can spoil in one place: sound until then."""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import tomli_w

TODAY = date.today()
DAY, TOMORROW = TODAY.isoformat(), (TODAY + timedelta(days=1)).isoformat()

PEOPLE = """\
record_id,case_id,role,relation,given_name,family_name,birth_date,residence,last_seen_place
e1,c1,enquirer,,Amina,Yusuf,1970-02-05,Beirut,
s1,c1,sought,son,Omar,Yusuf,1995-03-07,,Aleppo
k1,c1,kin,father,Hassan,Yusuf,1965-04-01,,
r1,,registered,,Leila,Haddad,1988-06-09,Tripoli,
"""
"""A request with its enquirer, the sought person and kin; and a registered person."""

GRANT = {
    "purpose": "family-tracing",
    "stage": "matching",
    "language": "ar",
    "form": "spoken",
    "wording": "ar-2",
    "support": "interpreter",
}


class Draft:
    """An intake to be spoiled and written.

    Attributes:
        people: The records, as CSV.
        head: The intake file.
        law: The law profile.
        entries: For each record id, what is said of it.
        events: What happened, a mapping for each row.
    """

    def __init__(self) -> None:
        self.people = PEOPLE
        decided: dict[str, Any] = {
            "data_kind": "ordinary",
            "basis": "vital-interest",
            "basis_source": "decision 7",
            "basis_decided_by": "head of tracing",
            "basis_decided_on": TODAY,
            "basis_until": TODAY + timedelta(days=90),
        }
        given = {"notice": "given", "notice_on": TODAY, "do_not_visit": "yes"}
        later = {"notice": "at-first-contact"}
        self.head: dict[str, Any] = {
            "format": "kinmatch-intake/1",
            "law": "law.toml",
            "entries": "entries.csv",
            "events": "events.csv",
            "purpose": {
                "name": "family-tracing",
                "service": "Restoring family links",
                "benefit": "The enquirer learns where her son is, if he wishes so.",
                "benefits": "this-person",
                "last_day": TODAY + timedelta(days=365),
                "recipients": ["caseworkers of the other tracing unit"],
                "elements": ["given_name", "family_name", "birth_date", "residence",
                             "last_seen_place"],
            },
            "defaults": {
                "enquirer": decided | given,
                "registered": decided | given,
                "sought": decided | later,
                "kin": decided | later,
            },
            "overrides": [],
        }  # fmt: skip
        self.law: dict[str, Any] = {
            "format": "kinmatch-law/1",
            "society": "seeking",
            "majority": 18,
            "notice_days": 30,
            "verify_consent_days": 730,
            "bases": {
                "consent": {"ordinary": True, "sensitive": True, "collective": True},
                "vital-interest": {"ordinary": True, "sensitive": True, "collective": True},
                "legitimate-interest": {"ordinary": True, "collective": True},
                "legal-obligation": {"ordinary": True, "justified": True, "collective": True},
                "mandate": {"ordinary": True},
            },
        }
        assessed = {
            "relationship_by": "caseworker",
            "relationship_on": DAY,
            "dependence": "none",
            "concern": "no",
        }
        self.entries: dict[str, dict[str, str]] = {
            "e1": {"contact": "phone"},
            "s1": assessed,
            "r1": {"contact": "office"},
        }
        self.events: list[dict[str, str]] = []

    def say(self, record_id: str, **said: str) -> None:
        """Add to the entry of a record."""
        self.entries.setdefault(record_id, {}).update(said)

    def happened(self, record_id: str, event: str, on: str = DAY, **said: str) -> None:
        """Add an event."""
        self.events.append({"record_id": record_id, "on": on, "event": event, **said})

    def write(self, folder: Path) -> list[str | Path]:
        """Write records and intake; give the words of `check` up to its options."""
        folder.mkdir(exist_ok=True)
        (folder / "people.csv").write_text(self.people, encoding="utf-8")
        for name, fields in (("intake.toml", self.head), ("law.toml", self.law)):
            (folder / name).write_text(tomli_w.dumps(fields), encoding="utf-8")
        rows = [{"record_id": one, **said} for one, said in self.entries.items()]
        for name, table in (("entries.csv", rows), ("events.csv", self.events)):
            header = list(dict.fromkeys(["record_id", *(key for row in table for key in row)]))
            with (folder / name).open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, header)
                writer.writeheader()
                writer.writerows(table)
        return [folder / "people.csv", "--intake", folder / "intake.toml"]
