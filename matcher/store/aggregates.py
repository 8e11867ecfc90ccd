"""Aggregates for analysts: fixed tables of how many candidates there are, with small cells hidden.

There is nothing to ask for but the tables as they are, and they are made once a month and then
stand: so no two queries, and no two moments, can be subtracted to get at one candidate. A table's
cells are parts of a band, and a band is a part of its agreement; all tables share the bands, and
nothing else can be added up in two of them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from matcher.decisions.roles import COMPARED
from matcher.formats.vocabulary import BANDS, ROLES
from matcher.store.models import Aggregate, AgreementRow
from matcher.store.states.candidates import CANDIDATE
from matcher.store.suppression import rounded, suppressed

TABLES: Final = ("state", "roles", "month")
"""By what each band is divided: the candidate's state; the roles of both records, the one that is
looked for first; the month in which it was found."""

_ROLES: Final = tuple(f"{one}-{other}" for one, other in COMPARED)

# Each candidate once: from the side of its left record.
_COUNTED = text("""
SELECT side.band, side.state, side.role, side.other_role,
  date_trunc('month', side.since)::date AS month, count(*) AS many
FROM kinmatch.candidates
JOIN kinmatch.records ON records.id = left_record
JOIN kinmatch.candidate_sides AS side
  ON candidate_id = candidates.id AND side.society = records.society
WHERE candidates.agreement = :agreement AND side.listed AND side.since < :month
GROUP BY side.band, side.state, side.role, side.other_role, date_trunc('month', side.since)
""")


def of_month(session: Session, agreement: str, *, on: date, least: int) -> Aggregate:
    """Give an agreement's tables of a month; they are made when they are first asked for.

    They count what nights before that month found and what is listed of it.

    Args:
        session: A transaction `as_unit`.
        agreement: Its id.
        on: A day of the month.
        least: The least count that may be published, where the tables are not made yet.
    """
    month = on.replace(day=1)
    found = session.get(Aggregate, (agreement, month))
    if found is not None:
        return found
    made = _made(session, session.get_one(AgreementRow, agreement), month, least)
    session.execute(
        insert(Aggregate)
        .values(agreement=agreement, month=month, made_on=on, least=least, tables=made)
        .on_conflict_do_nothing()
    )
    return session.get_one(Aggregate, (agreement, month), populate_existing=True)


def visible(session: Session) -> Sequence[str]:
    """The agreements whose tables a transaction may have: a society's own, or all `as_unit`."""
    return session.scalars(
        select(AgreementRow.agreement_id).order_by(AgreementRow.agreement_id)
    ).all()


def _made(session: Session, agreement: AgreementRow, month: date, least: int) -> dict[str, Any]:
    cells: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in TABLES}
    bands: Counter[str] = Counter()
    for row in session.execute(_COUNTED, {"agreement": agreement.agreement_id, "month": month}):
        band = BANDS[row.band]
        bands[band] += row.many
        cells["state"][band, row.state] += row.many
        cells["roles"][band, f"{ROLES[row.role]}-{ROLES[row.other_role]}"] += row.many
        cells["month"][band, _named(row.month)] += row.many
    keys = {
        "state": CANDIDATE.states,
        "roles": _ROLES,
        "month": tuple(map(_named, _months(agreement.valid_from, month))),
    }
    return tabulated(bands, cells, keys, least)


def tabulated(
    bands: Mapping[str, int],
    cells: Mapping[str, Mapping[tuple[str, str], int]],
    keys: Mapping[str, Sequence[str]],
    least: int,
) -> dict[str, Any]:
    """Make the tables of what was counted.

    Args:
        bands: For each band how many; a band that isn't there has none.
        cells: For each of `TABLES` the cells, by band and key; a cell that isn't there has none.
        keys: For each of `TABLES` the keys of a band's cells, whether counted or not, so that not
            even their being there tells anything.
        least: The least count that may be published.

    Returns:
        `total`, `bands` and `tables` as JSON has them; null is what is suppressed.
    """
    total = sum(bands[band] for band in BANDS if band in bands)
    lines = {band: bands.get(band, 0) for band in BANDS}
    shown = suppressed(lines, least) if total >= least else dict.fromkeys(BANDS)
    return {
        "total": rounded(total, least) if total >= least else None,
        "bands": shown,
        "tables": {
            name: {
                band: (
                    dict.fromkeys(keys[name])
                    if shown[band] is None
                    else suppressed(
                        {key: cells[name].get((band, key), 0) for key in keys[name]}, least
                    )
                )
                for band in BANDS
            }
            for name in TABLES
        },
    }


def _months(first: date, before: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month < before:
        yield month
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _named(month: date) -> str:
    return month.strftime("%Y-%m")
