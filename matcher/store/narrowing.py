"""What an amendment of an agreement no longer permits, ended at once and not in the next night.

Lists show a candidate up to a last day that the night works out from the agreement as it then was.
An amendment can only bring that day forward here: what it newly permits waits for a night. So
whatever is read from now on, in a list or in what rests on one, is permitted by the agreement as
it is in force at that moment.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from sqlalchemy import literal, or_, select, text, update
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.rulebook import refuse
from matcher.store import barring, refinements
from matcher.store.changing import change
from matcher.store.copying import copy_rows
from matcher.store.meeting import MEETINGS, closes, either_way, meetings, open_corridors
from matcher.store.models import (
    AgreementRow,
    BatchRow,
    RefinementFile,
    RefinementRow,
)

AT_ONCE: Final = "agreement.amended-at-once"
"""The rule by which an amendment acts at once."""

# Where both may not meet now there is no day on which it shows; a night sets another one, once a
# corridor is open.
_HIDE: Final = text("""
UPDATE kinmatch.candidate_sides AS side SET shown_until = permitted.until
FROM (
  SELECT candidates.id, least(
    coalesce(last_day, DATE '0001-01-01'), ones.expires_on - 1, others.expires_on - 1
  ) AS until
  FROM kinmatch.candidates
  JOIN kinmatch.records AS one ON one.id = left_record
  JOIN kinmatch.records AS other ON other.id = right_record
  JOIN kinmatch.batches AS ones ON ones.id = one.batch_id
  JOIN kinmatch.batches AS others ON others.id = other.batch_id
  LEFT JOIN permitted_meetings AS met
    ON (met.society, met.role, met.other_society, met.other_role)
      = (one.society, one.role, other.society, other.role)
  WHERE candidates.agreement = :agreement
) AS permitted
WHERE side.candidate_id = permitted.id AND side.shown_until > permitted.until
""")

_DROP: Final = text("DROP TABLE permitted_meetings")

_HOLD_SIDES: Final = text("""
SELECT count(*) FROM (
  SELECT FROM kinmatch.candidate_sides WHERE agreement = :agreement
  ORDER BY candidate_id, society FOR UPDATE
) AS held
""")

_ASKED_IN_VAIN: Final = text("""
SELECT DISTINCT refined.refinement_id FROM kinmatch.refined_candidates AS refined
JOIN kinmatch.candidate_sides AS side ON side.candidate_id = refined.candidate_id
JOIN kinmatch.refinements ON refinements.id = refined.refinement_id
WHERE refinements.agreement = :agreement AND refinements.state = ANY(:under_way)
  AND side.shown_until < :on
ORDER BY refined.refinement_id
""")


def narrow(session: Session, agreement: Agreement, *, before: Agreement, on: date) -> None:
    """Take off every list what an amendment no longer permits, and stop what is asked about it.

    Args:
        session: A transaction `as_unit` that holds the agreement and has written its terms.
        agreement: As amended.
        before: As it was.
        on: The day; a corridor that opens later is closed until a night after that.
    """
    under_way = _hold(session, agreement)
    is_outgrown = _is_outgrown(before, agreement)
    if is_outgrown:
        row = session.get_one(AgreementRow, agreement.agreement_id)
        row.outgrown = list(agreement.amends)
    met = meetings(agreement, open_corridors(agreement, on))
    copy_rows(session, "permitted_meetings", MEETINGS, either_way(met))
    session.execute(_HIDE, {"agreement": agreement.agreement_id})
    session.execute(_DROP)  # another agreement may be amended in the same transaction
    _end_refinements(session, agreement, under_way, on)
    _end_batches(session, agreement, is_outgrown=is_outgrown)


def require_not_outgrown(agreement: Agreement, outgrown: Collection[str], digest: str) -> None:
    """Let a batch pass that was encoded for no more than the agreement permits now.

    Args:
        agreement: The agreement.
        outgrown: Digests of the versions that permitted more; see `AgreementRow`.
        digest: That of the version under which the batch was encoded.

    Raises:
        GateError: That version had purposes or accepted bases that are agreed no more, and the
            batch does not tell which of its records rest on them.
    """
    if digest in outgrown:
        raise refuse(
            AT_ONCE,
            f"The batch was encoded under a version of agreement {agreement.agreement_id} with "
            "purposes or legal bases that are agreed no more.",
        )


def _is_outgrown(before: Agreement, now: Agreement) -> bool:
    fewer_purposes = set(before.purposes) - set(now.purposes)
    return bool(fewer_purposes or set(before.legal_bases) - set(now.legal_bases))


def _hold(session: Session, agreement: Agreement) -> Sequence[RefinementRow]:
    """Hold refinements and sides, before the audit log is: whoever decides holds them first too."""
    under_way = session.scalars(
        select(RefinementRow)
        .where(
            RefinementRow.agreement == agreement.agreement_id,
            RefinementRow.state.in_(refinements.UNDER_WAY),
        )
        .order_by(RefinementRow.id)
        .with_for_update()
    ).all()
    session.execute(_HOLD_SIDES, {"agreement": agreement.agreement_id})
    return under_way


def _end_refinements(
    session: Session, agreement: Agreement, under_way: Sequence[RefinementRow], on: date
) -> None:
    """Abandon what is asked about a candidate that shows no more, and let the rest end in time."""
    given = {
        "agreement": agreement.agreement_id, "under_way": list(refinements.UNDER_WAY), "on": on,
    }  # fmt: skip
    in_vain = set(session.scalars(_ASKED_IN_VAIN, given))
    for row in under_way:
        if row.id in in_vain:
            refinements.abandon(session, row.id, "the agreement was amended")
            continue
        ends = closes(agreement, frozenset({row.left_society, row.right_society}), on)
        if ends < row.expires_on:
            row.expires_on = ends
            session.execute(
                update(RefinementFile)
                .where(RefinementFile.refinement_id == row.id)
                .values(expires_on=ends)
            )


def _end_batches(session: Session, agreement: Agreement, *, is_outgrown: bool) -> None:
    """End batches of who is no party any more; all, where none tells what its records rest on."""
    query = select(BatchRow).where(
        BatchRow.agreement == agreement.agreement_id,
        BatchRow.state == "accepted",
        or_(literal(is_outgrown), BatchRow.society.not_in(agreement.parties)),
    )
    for batch in session.scalars(query.order_by(BatchRow.id).with_for_update()).all():
        barring.bar_batch(session, batch.id)
        change(session, batch, "expire", society=batch.society, details={"rule": AT_ONCE})
