"""Who may meet whom under an agreement, and until when: what its open corridors come to."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from matcher.decisions.roles import COMPARED
from matcher.formats.agreement import Agreement
from matcher.formats.vocabulary import ROLES

Meeting = tuple[str, int, str, int]
"""Society and role on the left, society and role on the right."""

MEETINGS: Final = {
    "society": "text",
    "role": "smallint",
    "other_society": "text",
    "other_role": "smallint",
    "last_day": "date",
}
"""The columns of a table with what `either_way` gives."""


def open_corridors(agreement: Agreement, on: date) -> tuple[tuple[str, str], ...]:
    """Give the corridors that are open on a day; under an agreement without terms none is."""
    return agreement.open_corridors(on) if agreement.terms is not None else ()


def meetings(agreement: Agreement, corridors: Iterable[tuple[str, str]]) -> dict[Meeting, date]:
    """Who may meet, each two only once, whichever is left, and the last day on which they may."""
    met: dict[frozenset[tuple[str, int]], Meeting] = {}
    until: dict[Meeting, date] = {}
    for left, right in corridors:
        for roles in COMPARED:
            left_role, right_role = (ROLES.index(role) for role in roles)
            both = frozenset({(left, left_role), (right, right_role)})
            meeting = met.setdefault(both, (left, left_role, right, right_role))
            last_day = agreement.last_day_of((left, right))
            until[meeting] = max(last_day, until.get(meeting, last_day))
    return until


def either_way(met: dict[Meeting, date]) -> Iterable[tuple[str, int, str, int, date]]:
    """Say the same in both orders, sorted: one row for whoever is looked at first."""
    for (left, left_role, right, right_role), last_day in sorted(met.items()):
        yield left, left_role, right, right_role, last_day
        yield right, right_role, left, left_role, last_day


def closes(agreement: Agreement, two: frozenset[str], on: date) -> date:
    """The day from which a corridor between two societies that is open on a day is so no more.

    Where both ways are open it is the day of the first of them: what is asked of both at once
    goes through both. Where none is open, it is that day itself.
    """
    ways = [way for way in open_corridors(agreement, on) if two == set(way)]
    return min((agreement.last_day_of(way) + timedelta(days=1) for way in ways), default=on)
