"""After a night: two societies are asked about the candidates that they have in common.

Asked about is what is listed, has a good enough score, is not yet decided by both, and was neither
refined nor is under way in this version. What a society did not answer in time is asked again,
after ever longer waits, and in the end no more (`matcher.store.refinements.WAITS`).
Candidates of two societies go together, so that each has few letters to answer.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.cells import Octets
from matcher.formats.identity import Identity
from matcher.formats.letter import letter
from matcher.formats.refinement import REQUESTS_KIND, read_requests, write_requests
from matcher.refining import nonces_of, pseudonyms
from matcher.store import refinements
from matcher.store.agreements import agreement_of
from matcher.store.batches import lock_agreement
from matcher.store.database import Store
from matcher.store.meeting import closes
from matcher.store.models import AgreementRow, RefinementRow, RunRow
from matcher.store.refinements import Asked

PART_ROWS: Final = 3_000
"""Candidates of one refinement: an answer then has some three megabytes, in a letter of four."""


@dataclass(frozen=True)
class Asking:
    """What is asked about, and for how long.

    Attributes:
        least: The first score from which candidates are refined, in bits.
        days: How many days the societies have to answer.
    """

    least: float
    days: int


_WAITING = text("""
SELECT one.society AS left_society, other.society AS right_society, one.key_epoch,
  candidates.id, candidates.version, one.reference AS left_reference,
  other.reference AS right_reference
FROM kinmatch.candidates
JOIN kinmatch.records AS one ON one.id = left_record
JOIN kinmatch.records AS other ON other.id = right_record
WHERE candidates.agreement = :agreement AND one.key_epoch = other.key_epoch
  AND candidates.state IN ('new', 'open', 'half_confirmed') AND candidates.score >= :least
  AND coalesce(one.barred, other.barred) IS NULL
  AND EXISTS (
    SELECT FROM kinmatch.candidate_sides AS side
    WHERE side.candidate_id = candidates.id AND side.listed AND NOT side.barred
      AND side.shown_until >= :on AND side.refinement IS NULL
  )
  AND NOT EXISTS (
    SELECT FROM kinmatch.unanswered AS before
    WHERE before.candidate_id = candidates.id AND before.version = candidates.version
      AND (before.ask_on IS NULL OR before.ask_on > :on)
  )
ORDER BY one.society, other.society, one.key_epoch, candidates.id
""")


def ask_all(store: Store, identity: Identity, *, on: date, asking: Asking) -> int:
    """Ask under every agreement that is valid on a day and that the linkage unit can sign under.

    Args:
        store: The store.
        identity: The linkage unit's.
        on: The day.
        asking: What is asked about.

    Returns:
        How many candidates were asked about.

    Raises:
        StoreError: The database was lost.
    """
    with store.as_unit() as session:
        valid = session.scalars(
            select(AgreementRow)
            .where(AgreementRow.valid_from <= on, AgreementRow.valid_until >= on)
            .order_by(AgreementRow.agreement_id)
        )
        mine = [
            row.agreement_id
            for row in valid
            if identity.public in Agreement.model_validate(row.document).identities
        ]
    return sum(ask(store, identity, one, on=on, asking=asking) for one in mine)


def ask(store: Store, identity: Identity, agreement_id: str, *, on: date, asking: Asking) -> int:
    """Ask the societies of an agreement about what waits to be refined; nothing is asked twice.

    On a day it is asked once after each night, and so again what was not answered in time and has
    waited.

    Args:
        store: The store.
        identity: The linkage unit's, which signs what is asked.
        agreement_id: The agreement.
        on: The day.
        asking: What is asked about.

    Returns:
        How many candidates were asked about.

    Raises:
        AgreementError: The agreement has other public keys of the linkage unit.
        StoreError: The database was lost.
    """
    with store.as_unit() as session:
        lock_agreement(session, agreement_id)
        last = _last_run(session, agreement_id)
        if last is None or last.outcome.get("asked_on") == on.isoformat():
            return 0
        run = last.plan_digest
        last.outcome = {**last.outcome, "asked_on": on.isoformat()}
        agreement = agreement_of(session, agreement_id)
        given = {"agreement": agreement_id, "least": asking.least, "on": on}
        waiting = session.execute(_WAITING, given).all()
        first = session.scalar(
            select(func.coalesce(func.max(RefinementRow.part), 0)).where(
                RefinementRow.agreement == agreement_id, RefinementRow.run == run
            )
        )
        partners = pseudonyms()
        # All letters are written before one is noted: from then on the audit log waits for us.
        asked = [
            (part, rows, _letters(rows, agreement, identity, run, part, partners))
            for part, rows in enumerate(_parts(waiting), (first or 0) + 1)
        ]
        for part, rows, letters in asked:
            head = rows[0]
            two = frozenset({head.left_society, head.right_society})
            refinements.begin(
                session,
                agreement=agreement_id,
                run=run,
                part=part,
                key_epoch=head.key_epoch,
                asked=letters,
                candidates=[(row.id, row.version) for row in rows],
                asked_on=on,
                expires_on=min(on + timedelta(days=asking.days), closes(agreement, two, on)),
            )
        return len(waiting)


def _last_run(session: Session, agreement: str) -> RunRow | None:
    """The last night that was published under an agreement."""
    return session.scalars(
        select(RunRow)
        .where(RunRow.agreement == agreement, RunRow.state == "published")
        .order_by(RunRow.planned_at.desc(), RunRow.id)
        .limit(1)
    ).one_or_none()


def _parts(waiting: Any) -> Iterator[list[Any]]:
    for _, of_two in groupby(waiting, lambda row: row[:3]):
        rows = list(of_two)
        for start in range(0, len(rows), PART_ROWS):
            yield rows[start : start + PART_ROWS]


def _letters(
    rows: list[Any],
    agreement: Agreement,
    identity: Identity,
    run: str,
    part: int,
    partners: Mapping[tuple[str, str], str],
) -> tuple[Asked, Asked]:
    identifiers = _octets([row.id for row in rows])
    nonces = nonces_of(len(rows), part)

    def asked(own: str, other: str, references: Octets) -> Asked:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "requests"
            write_requests(
                path,
                society=own,
                agreement=agreement,
                key_epoch=rows[0].key_epoch,
                run=run,
                part=part,
                partner=partners[own, other],
                identifiers=identifiers,
                nonces=nonces,
                references=references,
            )
            seal = read_requests(path, agreement).header.seal
            content = path.read_bytes()
        sealed = letter(
            content, identity=identity, recipient=own, agreement=agreement, holds=REQUESTS_KIND
        )
        return Asked(own, sealed, seal)

    left, right = rows[0].left_society, rows[0].right_society
    return (
        asked(left, right, _octets([row.left_reference for row in rows])),
        asked(right, left, _octets([row.right_reference for row in rows])),
    )


def _octets(values: list[bytes]) -> Octets:
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
