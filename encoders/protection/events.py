"""What persons said and what was done about it, in its order, and how things stand after it.

An event is never changed or taken out: what happens next is written below it. Of the events of one
day those that stop something count last, whatever their order in the file, so that a table sorted
anew can't turn a withdrawal into a consent; who consents again on the day of a withdrawal is asked
again on the next.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from encoders.protection.fields import CONSENT
from encoders.protection.tables import Row, Trouble

RECORDED: Final = ("language", "form", "wording", "support")
"""What must be known of a consent for it to count."""

_STOPS: Final = frozenset(
    {"refused", "withdrawn", "not-to-be-found", "objected", "objection-upheld", "deletion-asked",
     "deleted", "archived"}
)  # fmt: skip

_MUST_BE: Final = (
    "something on a day until today, of a purpose that the intake file names if of any; a consent "
    "given names purpose and stage"
)


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes:
        on: The day.
        what: One of `encoders.protection.fields.EVENTS`.
        purpose: Of a consent: to what; None means everything, and only a stop may mean that.
        stage: Of a consent: to which stage; None as above.
        missing: What is not known of a consent but must be, one of `RECORDED`; None if nothing.
    """

    on: date
    what: str
    purpose: str | None = None
    stage: str | None = None
    missing: str | None = None


@dataclass(frozen=True)
class Standing:
    """How things stand with one person, for one purpose and stage.

    Attributes:
        consent: `given`, `refused` or `withdrawn`; None where the person was never asked.
        consent_on: The day on which it was last given or verified.
        missing: What is not known of that consent but must be.
        contacted: Whether the person was reached.
        hides: Whether the person wishes not to be found.
        objection: `open`, `upheld` or `dismissed`; None where there was none.
        deletion: `asked`, `refused` or `done`; None where nobody asked.
        archived: Whether a review archived the record, and none renewed it since.
    """

    consent: str | None = None
    consent_on: date | None = None
    missing: str | None = None
    contacted: bool = False
    hides: bool = False
    objection: str | None = None
    deletion: str | None = None
    archived: bool = False

    @property
    def stopped(self) -> bool:
        """Whether the record is out of matching by what was said of it, not by what is missing."""
        return (
            self.archived
            or self.consent in ("refused", "withdrawn")
            or self.hides
            or self.objection in ("open", "upheld")
            or self.deletion in ("asked", "done")
        )


NOTHING: Final = Standing()
"""Of whom nothing was written down."""


def events_of(
    rows: Iterable[Row], file: str, purposes: Collection[str], today: date
) -> tuple[dict[str, list[Event]], set[str], list[Trouble]]:
    """Sort the rows of an events table by person.

    Args:
        rows: The table.
        file: Its name.
        purposes: Those that an event may name: a withdrawal from a purpose that is misspelt must
            not be one from nothing.
        today: Events after it can't have happened.

    Returns:
        The events of each record id; the record ids that have one that can't be read; and what is
        wrong with rows whose every cell is sound: the day or the event is missing, the day is in
        the future, the purpose is none of those known, or a consent is given or verified without
        purpose and stage.
    """
    events: dict[str, list[Event]] = defaultdict(list)
    unreadable: set[str] = set()
    troubles = []
    for row in rows:
        record_id = row.about[0] or ""
        event = None if row.unsound else _event(row.said, purposes, today)
        if event is not None:
            events[record_id].append(event)
            continue
        unreadable.add(record_id)
        if not row.unsound:
            troubles.append(Trouble(file, row.number, "event", _MUST_BE))
    return dict(events), unreadable, troubles


def _event(said: dict[str, str], purposes: Collection[str], today: date) -> Event | None:
    if "on" not in said or "event" not in said:
        return None
    on, what = date.fromisoformat(said["on"]), said["event"]
    purpose, stage = said.get("purpose"), said.get("stage")
    is_grant = what in ("given", "verified")
    if on > today or (purpose is not None and purpose not in purposes):
        return None
    if is_grant and (purpose is None or stage is None):
        return None
    missing = next((name for name in RECORDED if name not in said), None) if is_grant else None
    return Event(on, what, purpose, stage, missing)


def standing(events: Sequence[Event], *, purpose: str, stage: str) -> Standing:
    """Tell how things stand after some events.

    Args:
        events: One person's, in any order.
        purpose: For which purpose.
        stage: For which stage, one of `encoders.protection.fields.STAGES`.

    Returns:
        The same for the same events in whatever order.
    """
    found = NOTHING
    for event in sorted(events, key=_order):
        if event.what not in CONSENT:
            found = _after(found, event)
        elif event.purpose in (None, purpose) and event.stage in (None, stage):
            found = _consenting(found, event)
    return found


def _order(event: Event) -> tuple[date, bool, str, str]:
    return event.on, event.what in _STOPS, event.what, event.missing or ""


def _consenting(found: Standing, event: Event) -> Standing:
    if event.what in _STOPS:
        return replace(found, consent=event.what, consent_on=None, missing=None)
    if event.what == "verified" and found.consent != "given":
        return found  # a consent that was never given, or is gone, can't be verified
    return replace(found, consent="given", consent_on=event.on, missing=event.missing)


def _after(found: Standing, event: Event) -> Standing:
    if found.deletion == "done":
        return found
    match event.what:
        case "contacted":
            return replace(found, contacted=True)
        case "not-to-be-found" | "may-be-found":
            return replace(found, hides=event.what == "not-to-be-found")
        case "objected" | "objection-upheld":
            return replace(found, objection="open" if event.what == "objected" else "upheld")
        case "objection-dismissed":
            return replace(found, objection="dismissed" if found.objection else None)
        case "archived" | "renewed":
            return replace(found, archived=event.what == "archived")
        case "deletion-asked" | "deleted":
            return replace(found, deletion="asked" if event.what == "deletion-asked" else "done")
        case _:  # deletion-refused
            return replace(found, deletion="refused" if found.deletion else None)
