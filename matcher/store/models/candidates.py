"""What was found, and what became of it.

Candidates and their sides are written by the million, from records whose societies, agreements and
runs are never deleted, and which themselves leave only while nothing is written under their
agreement: so none of these is checked one by one. Records take their candidates along, and these
their sides, by triggers (version 13).
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import NOW, Table


class CandidateRow(Table):
    """A candidate as the linkage unit holds it: which two records, and how far apart they are.

    `id` is a digest of both references, so the same two records give the same candidate.
    `distances` are in bits, in the model's order of passes, -1 where absent. `version` grows when
    one of the records changed: decisions of an older version no longer count. What a refinement
    said: `refined_outcomes` (numbers of `OUTCOMES`, then of the names' frequency classes), and the
    score and band that they give, which stand in for the first ones; null where there was none.
    """

    __tablename__ = "candidates"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    agreement: Mapped[str] = mapped_column(index=True)
    left_record: Mapped[int] = mapped_column(BigInteger, index=True)
    right_record: Mapped[int] = mapped_column(BigInteger, index=True)
    left_digest: Mapped[bytes]
    right_digest: Mapped[bytes]
    distances: Mapped[list[int]]
    score: Mapped[float]
    band: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    found_in: Mapped[UUID]
    refined_outcomes: Mapped[list[int] | None]
    refined_score: Mapped[float | None]
    refined_band: Mapped[int | None] = mapped_column(SmallInteger)


class CandidateSide(Table):
    """A candidate as one of its two societies sees it: its own record, and the evidence.

    `kin` is what the people around both records weigh, in bits; null where nobody could meet.
    `listed` is false for what has too many better ones before it, `barred` true where one of the
    two records takes no part in matching now: then no society is shown it; `shown_until` the last
    day on which corridor, agreement and batches let it be shown; `since` the day of the
    run that found it, or found it again after a change; `verdict` this society's own; `refinement`
    null, `requested` or `scored`, and then `attributes` the level of each of the refinement's
    attributes. `levels` and `weights` are by the passes that `PassNames` has under the number
    `passes`.
    """

    __tablename__ = "candidate_sides"

    candidate_id: Mapped[bytes] = mapped_column(primary_key=True)
    society: Mapped[str] = mapped_column(primary_key=True)
    agreement: Mapped[str]
    reference: Mapped[bytes]
    role: Mapped[int] = mapped_column(SmallInteger)
    other_role: Mapped[int] = mapped_column(SmallInteger)
    score: Mapped[float]
    band: Mapped[int] = mapped_column(SmallInteger)
    levels: Mapped[list[int]]
    weights: Mapped[list[float]]
    passes: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    kin: Mapped[float | None]
    state: Mapped[str]
    version: Mapped[int]
    since: Mapped[date]
    listed: Mapped[bool]
    shown_until: Mapped[date] = mapped_column(server_default=text("'9999-12-31'"))
    barred: Mapped[bool] = mapped_column(server_default=text("false"))
    verdict: Mapped[str | None]
    refinement: Mapped[str | None]
    attributes: Mapped[list[int] | None]

    __table_args__ = (
        Index(
            "ix_candidate_sides_best_first",
            "society",
            text("score DESC"),
            "candidate_id",
            "band",
            "state",
            "agreement",
            postgresql_where=text("listed"),
        ),
    )


class PassNames(Table):
    """The passes by which an agreement's candidates were compared at a time; they never change.

    An agreement has a number more for each scheme that it was amended to.
    """

    __tablename__ = "pass_names"

    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    passes: Mapped[list[str]]


class Decision(Table):
    """What a society said of a candidate, and by whom; never changed, only followed by another."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), index=True
    )
    version: Mapped[int]
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    verdict: Mapped[str]
    note_code: Mapped[str | None]
    decided_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Disclosure(Table):
    """Who the other side is, for one society, after both confirmed and the gates passed."""

    __tablename__ = "disclosures"

    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True
    )
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True, index=True)
    other_society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    other_reference: Mapped[bytes]
    disclosed_at: Mapped[datetime] = mapped_column(server_default=NOW)
