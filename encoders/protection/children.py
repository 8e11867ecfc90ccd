"""Children: asked and spoken for, or their best interests assessed.

And before a request leaves, the risks where they come from and their own wishes are recorded.
"""

from typing import Final

from encoders.protection.telling import Entry, Gate, Setting


def child_age_known(entry: Entry, _: Setting) -> str | None:
    """Let a person pass of whom the birth tells, or somebody judged, whether it is a child."""
    return "child" if entry.told.age == "unknown" and entry.get("child") is None else None


def child_spoken_for(entry: Entry, setting: Setting) -> str | None:
    """Let a child pass who assents with the caregiver's consent, or whose interests were assessed.

    A child too young to assent needs the caregiver's consent, and of the caregiver is known who it
    is: a parent, a legal guardian, a customary caregiver or an appointed representative. A child
    who says no needs the assessment.
    """
    if not entry.is_child:
        return None
    agreed = (
        entry.get("assent") in ("yes", "too-young")
        and entry.get("caregiver_consent") == "yes"
        and entry.get("caregiver") is not None
    )
    if agreed:
        return None
    missing = entry.first_missing("best_interests_by")
    return missing or entry.first_not_past(setting.today, "best_interests_on")


def child_wishes_recorded(entry: Entry, setting: Setting) -> str | None:
    """Let a request of a child pass whose wishes and whose risks at home were recorded.

    Asked of a child who is the enquirer, and of the sought persons of its case, who are what the
    request is about; said once for the case, it is said for all.
    """
    told = entry.told
    of_child = (told.role == "enquirer" and entry.is_child) or (
        told.role == "sought" and told.enquirer_is_child
    )
    if not of_child:
        return None
    return entry.first_not_past(setting.today, "origin_risks_on", "child_wishes_on")


GATES: Final[dict[str, Gate]] = {
    "child.age-known": child_age_known,
    "child.spoken-for": child_spoken_for,
    "child.wishes-recorded": child_wishes_recorded,
}
"""Its rules, each with its gate."""
