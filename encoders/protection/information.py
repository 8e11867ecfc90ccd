"""Information and contact: told what is done with one's data, and reached without harm.

A sought person or kin whom nobody has reached yet is told at the first contact.
"""

from datetime import timedelta
from typing import Final

from encoders.protection.telling import Entry, Gate, Setting

_REACHED: Final = ("enquirer", "registered")


def notice_given_or_due(entry: Entry, setting: Setting) -> str | None:
    """Let a person pass who had the information notice, or is due to have it soon enough."""
    notice, day, today = entry.get("notice"), entry.day("notice_on"), setting.today
    if notice is None:
        return "notice"
    if notice == "at-first-contact":
        met = entry.told.role in _REACHED or entry.told.standing.contacted
        return "notice" if met else None
    if notice == "given":
        return None if day is not None and day <= today else "notice_on"
    latest = today + timedelta(days=setting.law.notice_days)
    return None if day is not None and today <= day <= latest else "notice_on"


def contact_safe(entry: Entry, _: Setting) -> str | None:
    """Let a person pass of whom a safe way of contact is known, or who was never reached.

    Also that way must not be a visit where there must be none.
    """
    if entry.told.role not in _REACHED:
        return None
    missing = entry.first_missing("contact", "do_not_visit")
    clash = entry.get("contact") == "visit" and entry.get("do_not_visit") == "yes"
    return missing or ("contact" if clash else None)


GATES: Final[dict[str, Gate]] = {
    "notice.given-or-due": notice_given_or_due,
    "contact.safe": contact_safe,
}
"""Its rules, each with its gate."""
