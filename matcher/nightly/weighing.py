"""What both societies answered, weighed attribute by attribute; it stands in for the first score.

Only the outcomes of the attributes are kept. Score and band follow from them, from the passes'
score, from the people around both records and from how many the record is compared with, so they
are worked out anew with every publication.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from matcher.decisions.refinement.comparison import Compared
from matcher.decisions.refinement.outcomes import OUTCOMES
from matcher.decisions.refinement.weights import RefinementModel, levels_of
from matcher.formats.agreement import Agreement
from matcher.formats.errors import InputError, IntegrityError, MismatchError, StateError
from matcher.formats.identity import Identity
from matcher.formats.letter import Letter
from matcher.formats.refinement import Answer, open_answer
from matcher.formats.vocabulary import BANDS
from matcher.refining import Refinement
from matcher.store import refinements
from matcher.store.agreements import agreement_of
from matcher.store.batches import lock_agreement
from matcher.store.copying import copy_rows
from matcher.store.database import Store
from matcher.store.meeting import meetings, open_corridors
from matcher.store.models import RefinementFile

Registers = Mapping[tuple[str, int, int], int]
"""With how many a record is compared, by its society, its role and the other side's."""

_REFINED = {
    "id": "bytea", "version": "integer", "outcomes": "integer[]", "attributes": "integer[]",
}  # fmt: skip
_REWEIGHED = {"id": "bytea", "score": "float8", "band": "smallint"}


@dataclass(frozen=True)
class Weighed:
    """What became of the answers.

    Attributes:
        refinements: How many both societies had answered.
        candidates: How many candidates were weighed by them.
        unusable: How many refinements had an answer that can't be read, and are asked for again.
    """

    refinements: int
    candidates: int
    unusable: int


def weigh_answers(store: Store, identity: Identity, *, on: date) -> Weighed:
    """Weigh every refinement that both societies have answered; each by itself, once.

    Args:
        store: The store.
        identity: The linkage unit's, which opens the answers.
        on: The day, which says who may meet.

    Raises:
        StoreError: The database was lost.
    """
    model = RefinementModel.published()
    with store.as_unit() as session:
        waiting = refinements.to_score(session)
    counts = [_weigh(store, identity, model, one, on) for one in waiting]
    known = [count for count in counts if count is not None]
    return Weighed(len(counts), sum(known), len(counts) - len(known))


def _weigh(
    store: Store, identity: Identity, model: RefinementModel, key: UUID, on: date
) -> int | None:
    """Weigh one; gives how many candidates, or None if an answer can't be read."""
    try:
        with store.as_unit() as session:
            files = refinements.answers_of(session, key)
            agreement = agreement_of(session, files[0].agreement)
            answers = [_answer(file, agreement, identity) for file in files]
        found = Refinement(model)
        found.add(*answers)
    except (InputError, IntegrityError, MismatchError) as error:
        with store.as_unit() as session:
            refinements.note_unanswered(session, key, on=on)
            refinements.abandon(session, key, type(error).__name__)
        return None
    try:
        with store.as_unit() as session:
            lock_agreement(session, agreement.agreement_id)
            return _note(session, key, agreement, found, on)
    except StateError:  # another worker weighed it meanwhile
        return 0


def _answer(file: RefinementFile, agreement: Agreement, identity: Identity) -> Answer:
    name = Path(f"the answer of '{file.society}'")
    return open_answer(Letter.of(file.answer or b"", agreement, name), agreement, identity)


def _note(session: Session, key: UUID, agreement: Agreement, found: Refinement, on: date) -> int:
    asked = session.execute(_ASKED, {"refinement": key, "on": on}).all()
    identifiers = np.frombuffer(b"".join(row.id for row in asked), np.uint8).reshape(-1, 16)
    answered, compared = found.outcomes_of(identifiers)
    levels = levels_of(compared).tolist()
    outcomes = np.concatenate([compared.outcomes, compared.classes], axis=1).tolist()
    copy_rows(
        session,
        "refined",
        _REFINED,
        (
            (row.id, row.version, outcomes[at] if answered[at] else None, levels[at])
            for at, row in enumerate(asked)
        ),
    )
    for statement in (_KEEP_OUTCOMES, _SHOW_LEVELS):
        session.execute(statement)
    reweigh(session, agreement.agreement_id, registers_of(session, agreement, on))
    count = int(np.count_nonzero(answered))
    refinements.score(session, key, {"candidates": len(asked), "answered": count})
    return count


# Of the version that was asked about, since a candidate that changed meanwhile is asked about
# anew; and of records that may still meet.
_ASKED = text("""
SELECT candidates.id, candidates.version
FROM kinmatch.refined_candidates AS refined
JOIN kinmatch.candidates
  ON candidates.id = refined.candidate_id AND candidates.version = refined.version
JOIN kinmatch.records AS one ON one.id = left_record AND one.barred IS NULL
JOIN kinmatch.records AS other ON other.id = right_record AND other.barred IS NULL
WHERE refined.refinement_id = :refinement AND EXISTS (
  SELECT FROM kinmatch.candidate_sides
  WHERE candidate_id = candidates.id AND shown_until >= :on
)
ORDER BY candidates.id
""")

_KEEP_OUTCOMES = text("""
UPDATE kinmatch.candidates SET refined_outcomes = refined.outcomes
FROM refined WHERE candidates.id = refined.id AND candidates.version = refined.version
""")

_SHOW_LEVELS = text("""
UPDATE kinmatch.candidate_sides SET attributes = refined.attributes
FROM refined WHERE candidate_id = refined.id AND candidate_sides.version = refined.version
""")


def reweigh(session: Session, agreement_id: str, registers: Registers) -> None:
    """Let the scores and bands of refined candidates follow from their outcomes.

    Args:
        session: A transaction `as_unit` that holds the agreement.
        agreement_id: The agreement.
        registers: With how many each record is compared now.
    """
    rows = session.execute(_KEPT, {"agreement": agreement_id}).all()
    if not rows:
        return
    model = RefinementModel.under(agreement_of(session, agreement_id))
    both = np.array([row.refined_outcomes for row in rows], dtype=np.int8)
    known = Compared(both[:, : len(OUTCOMES)], both[:, len(OUTCOMES) :])
    kin = np.array([row.kin or 0.0 for row in rows], dtype=np.float64)
    passes = np.array([row.score for row in rows], dtype=np.float64) - kin
    scores = model.scores(known, passes, kin)
    sizes = np.array([registers.get(tuple(row[:3]), 1) for row in rows])
    bands = np.empty(len(rows), dtype=np.int8)
    for size in np.unique(sizes):
        of_size = np.flatnonzero(sizes == size)
        some = Compared(known.outcomes[of_size], known.classes[of_size])
        bands[of_size] = model.bands_of(some, passes[of_size], kin[of_size], int(size))
    copy_rows(
        session,
        "reweighed",
        _REWEIGHED,
        zip((row.id for row in rows), scores.tolist(), bands.tolist(), strict=True),
    )
    for statement in (_REWEIGH, _REWEIGH_SIDES, _DROP):
        session.execute(statement, {"none": len(BANDS)})


# Of a confirmed candidate too: its score goes on following the registers, as others' do.
_KEPT = text("""
SELECT one.society, one.role, other.role, candidates.id, candidates.refined_outcomes,
  candidates.score, side.kin
FROM kinmatch.candidates
JOIN kinmatch.records AS one ON one.id = left_record
JOIN kinmatch.records AS other ON other.id = right_record
JOIN kinmatch.candidate_sides AS side
  ON side.candidate_id = candidates.id AND side.society = one.society
WHERE candidates.agreement = :agreement AND candidates.refined_outcomes IS NOT NULL
ORDER BY candidates.id
""")

_REWEIGH = text("""
UPDATE kinmatch.candidates SET refined_score = reweighed.score, refined_band = reweighed.band
FROM reweighed WHERE candidates.id = reweighed.id
  AND (refined_score, refined_band) IS DISTINCT FROM (reweighed.score, reweighed.band)
""")

# What is no candidate any more is shown to nobody, unless somebody has decided on it.
_REWEIGH_SIDES = text("""
UPDATE kinmatch.candidate_sides AS side SET
  score = reweighed.score, band = least(reweighed.band, :none - 1),
  listed = listed AND (reweighed.band < :none OR state NOT IN ('new', 'open'))
FROM reweighed WHERE side.candidate_id = reweighed.id
""")

_DROP = text("DROP TABLE reweighed")


def registers_of(session: Session, agreement: Agreement, on: date) -> Registers:
    """Count with how many each record under an agreement is compared on a day."""
    held = session.execute(_HELD, {"agreement": agreement.agreement_id}).all()
    persons = {(row.society, row.role): int(row.persons) for row in held}
    counts: dict[tuple[str, int, int], int] = {}
    for left, left_role, right, right_role in meetings(agreement, open_corridors(agreement, on)):
        key = (left, left_role, right_role)
        counts[key] = counts.get(key, 0) + persons.get((right, right_role), 0)
    return counts


_HELD = text("""
SELECT records.society, records.role, count(DISTINCT reference) AS persons
FROM kinmatch.records JOIN kinmatch.batches ON batches.id = records.batch_id
WHERE records.agreement = :agreement AND batches.state = 'accepted'
GROUP BY records.society, records.role
""")
