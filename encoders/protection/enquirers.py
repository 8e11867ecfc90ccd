"""Enquirer safety: who asks for a person may be who that person fled from, and may ask first.

Asked of sought persons, since it is they who are found.
"""

from typing import Final

from encoders.protection.telling import Entry, Gate, Setting


def enquirer_assessed(entry: Entry, setting: Setting) -> str | None:
    """Let a sought person pass whose relationship to the enquirer was assessed."""
    if entry.told.role != "sought":
        return None
    missing = entry.first_missing("relationship_by", "dependence", "concern")
    return missing or entry.first_not_past(setting.today, "relationship_on")


def enquirer_no_concern(entry: Entry, _: Setting) -> str | None:
    """Let a sought person pass for whom there is no concern.

    Where it isn't known who depends on whom, there is one.
    """
    if entry.told.role != "sought":
        return None
    if entry.get("concern") == "yes":
        return "concern"
    return "dependence" if entry.get("dependence") == "unknown" else None


def request_stands(entry: Entry, _: Setting) -> str | None:
    """Let a person pass whose case has an enquirer who still wants it pursued, or has none."""
    return "case_id" if entry.told.enquirer_stopped else None


GATES: Final[dict[str, Gate]] = {
    "enquirer.assessed": enquirer_assessed,
    "enquirer.no-concern": enquirer_no_concern,
    "enquirer.request-stands": request_stands,
}
"""Its rules, each with its gate."""
