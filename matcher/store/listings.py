"""Reading a society's candidates: page by page, or one by its id.

Everything here reads `candidate_sides` alone, where each society has a row of its own for a
candidate, so row-level security stands behind every query.
"""

import math
import struct
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Literal, NamedTuple, Self

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from matcher.formats.errors import ParameterError
from matcher.store.models import CandidateSide

Feedback = Literal["pending", "accepted", "rejected"]
"""What a society is told of the other side's decision."""

ID_BYTES: Final = 16
"""Length of a candidate's id."""

_SCORE: Final = struct.Struct(">d")


class Seen(NamedTuple):
    """A candidate as one society sees it.

    Attributes:
        id: 16 bytes, the same for both sides.
        agreement: Id of the agreement under which it was found.
        reference: The society's own record, 16 bytes.
        role: What its person is, as a position in `ROLES`.
        other_role: What the other side's person is.
        score: Weight of all evidence, in bits.
        band: Position in `BANDS`.
        levels: For each pass a position in `LEVELS`.
        weights: For each pass its weight in bits, 0 where absent.
        passes: Under which number the agreement's `PassNames` have the passes' names.
        kin: What the people around both records weigh, in bits; None where nobody could meet.
        state: One of `CANDIDATE.states`.
        version: Which version of both records it is about, from 1 on.
        since: The day of the night that found it.
        verdict: What this society said of this version; None if nothing.
        refinement: `requested`, or `scored`; None where there is no refinement.
        attributes: Once refined, each attribute's level, as positions in `LEVELS`; else None.
    """

    id: bytes
    agreement: str
    reference: bytes
    role: int
    other_role: int
    score: float
    band: int
    levels: list[int]
    weights: list[float]
    passes: int
    kin: float | None
    state: str
    version: int
    since: date
    verdict: str | None
    refinement: str | None
    attributes: list[int] | None

    @property
    def feedback(self) -> Feedback:
        """What the other side has said, as far as a society is told.

        It follows from the state that both share and this side's own verdict: who has rejected a
        candidate is not told whether the other side did so too, and nobody is told of `unsure`.
        """
        if self.state == "confirmed" or (
            self.state == "half_confirmed" and self.verdict != "confirm"
        ):
            return "accepted"
        if self.state == "rejected" and self.verdict != "reject":
            return "rejected"
        return "pending"


class Position(NamedTuple):
    """Where a page ended, to go on from there: score and id of its last candidate."""

    score: float
    candidate: bytes

    def octets(self) -> bytes:
        """Write it as 24 bytes."""
        return _SCORE.pack(self.score) + self.candidate

    @classmethod
    def read(cls, octets: bytes) -> Self:
        """Read what `octets` wrote.

        Raises:
            ParameterError: It is no position.
        """
        score = math.nan
        if len(octets) == _SCORE.size + ID_BYTES:
            (score,) = _SCORE.unpack_from(octets)
        if math.isnan(score):
            raise ParameterError("A page is asked for by what the page before it named as next.")
        return cls(score, octets[_SCORE.size :])


END: Final = Position(-math.inf, b"\xff" * ID_BYTES)
"""After every candidate."""


# Made once, and of the table's columns rather than of its rows as objects: either takes longer
# than the database does.
_SIDE = CandidateSide.__table__.c
_SHOWN: Final[Select[*tuple[Any, ...]]] = select(
    _SIDE.candidate_id, _SIDE.agreement, _SIDE.reference, _SIDE.role, _SIDE.other_role,
    _SIDE.score, _SIDE.band, _SIDE.levels, _SIDE.weights, _SIDE.passes, _SIDE.kin, _SIDE.state,
    _SIDE.version, _SIDE.since, _SIDE.verdict, _SIDE.refinement, _SIDE.attributes,
).where(
    _SIDE.society == bindparam("society"),
    _SIDE.listed,
    _SIDE.since <= bindparam("until"),
    _SIDE.shown_until >= bindparam("on"),
)  # fmt: skip


def page(
    session: Session,
    *,
    society: str,
    on: date,
    until: date,
    count: int,
    after: Position | None = None,
    bands: Sequence[int] | None = None,
    states: Sequence[str] | None = None,
    agreements: Sequence[str] | None = None,
) -> list[Seen]:
    """Give a society's candidates, best score first; of equal scores by id.

    Args:
        session: A transaction `as_society`.
        society: Whose.
        on: The day; what may not be shown that day any more is not.
        until: Up to which night's candidates; those of a later one are not shown yet.
        count: How many at most.
        after: The last one seen, to go on from there.
        bands: Only those in these bands, as positions in `BANDS`; all if None.
        states: Only those in these states; all if None.
        agreements: Only those under these agreements; all if None.
    """
    query = _SHOWN
    for column, wanted in (
        (_SIDE.band, bands),
        (_SIDE.state, states),
        (_SIDE.agreement, agreements),
    ):
        if wanted is not None:
            query = query.where(column.in_(wanted))
    if after is not None:
        query = query.where(
            _SIDE.score <= after.score,
            or_(_SIDE.score < after.score, _SIDE.candidate_id > after.candidate),
        )
    ordered = query.order_by(_SIDE.score.desc(), _SIDE.candidate_id)
    rows = session.connection().execute(
        ordered.limit(count), {"society": society, "on": on, "until": until}
    )
    return [Seen._make(row) for row in rows]


def one(session: Session, candidate: bytes, *, society: str, on: date, until: date) -> Seen | None:
    """Give one of a society's candidates, or None if it has none of that id.

    Args:
        session: A transaction `as_society`.
        candidate: Its id.
        society: Whose.
        on: As for `page`.
        until: As for `page`.
    """
    query = _SHOWN.where(_SIDE.candidate_id == candidate)
    given = {"society": society, "on": on, "until": until}
    row = session.connection().execute(query, given).one_or_none()
    return None if row is None else Seen._make(row)
