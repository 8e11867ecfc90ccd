"""Consent: given to this purpose and stage, in words that were understood, and not taken back.

Where consent is the basis it must stand; where it is not, a person who said no is not matched all
the same, so that another basis is no way round a refusal.
"""

from datetime import timedelta
from typing import Final

from encoders.protection.telling import Entry, Gate, Setting


def consent_not_before_contact(entry: Entry, _: Setting) -> str | None:
    """Let a sought person pass whose basis is another than consent, or who was reached."""
    if entry.told.role == "sought" and _is_basis(entry) and not entry.told.standing.contacted:
        return "basis"
    return None


def consent_given(entry: Entry, _: Setting) -> str | None:
    """Let a person pass whose basis is not consent, or who gave it and how is known."""
    standing = entry.told.standing
    if not _is_basis(entry):
        return None
    return "event" if standing.consent != "given" else standing.missing


def consent_not_withdrawn(entry: Entry, _: Setting) -> str | None:
    """Let a person pass who neither refused nor withdrew, whatever the basis."""
    return "event" if entry.told.standing.consent in ("refused", "withdrawn") else None


def consent_verified(entry: Entry, setting: Setting) -> str | None:
    """Let a person pass whose consent is not older than the law lets it be."""
    days, given = setting.law.verify_consent_days, entry.told.standing.consent_on
    if not _is_basis(entry) or days is None or given is None:
        return None
    return "on" if setting.today - given > timedelta(days=days) else None


def _is_basis(entry: Entry) -> bool:
    return entry.get("basis") == "consent"


GATES: Final[dict[str, Gate]] = {
    "consent.not-before-contact": consent_not_before_contact,
    "consent.given": consent_given,
    "consent.not-withdrawn": consent_not_withdrawn,
    "consent.verified": consent_verified,
}
"""Its rules, each with its gate."""
