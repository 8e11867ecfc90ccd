"""A society's office in which an intake is checked, and the ways to spoil one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import Here
from intake_drafts import GRANT, TODAY, Draft

from matcher.formats.rulebook import RULES

Spoil = Callable[[Draft], object]


def check(run: Here, office: Path, draft: Draft) -> dict[str, Any]:
    """What `kinmatch check` says; its status must fit."""
    ran = run(
        "check", *draft.write(office / "case"), "--agreement", office / "agreement.toml", "--json"
    )
    said: dict[str, Any] = json.loads(ran.out)
    whole = bool(said["refused_as_a_whole"])
    assert ran.status == (2 if whole else 1 if said["left_out"] else 0), ran.said
    return said


def rules_of(said: dict[str, Any]) -> set[str]:
    """The data-protection rules that a report names."""
    found = {finding["rule"] for finding in said["findings"]}
    return (found | {one["rule"] for one in said["refused_as_a_whole"]}) & set(RULES)


def consenting(draft: Draft) -> None:
    """Registered r1 on the basis of consent, well recorded."""
    draft.say("r1", basis="consent")
    draft.happened("r1", "given", **GRANT)


def with_child(draft: Draft, record_id: str) -> None:
    """Make a person a child."""
    lines = draft.people.splitlines()
    born = f"{TODAY.year - 10}-03-07"
    draft.people = "\n".join(
        ",".join([*line.split(",")[:6], born, *line.split(",")[7:]])
        if line.startswith(record_id)
        else line
        for line in lines
    )


def child_enquirer(draft: Draft) -> None:
    with_child(draft, "e1")
    draft.say("e1", assent="yes", caregiver_consent="yes", caregiver="parent")


def override(draft: Draft, **changes: object) -> None:
    draft.head["overrides"] = [
        {
            "rule": "enquirer.no-concern",
            "records": ["s1"],
            "name": "N. N.",
            "role": "commission",
            "reason": "assessed by the commission on the spot",
            "on": TODAY,
            **changes,
        }
    ]
