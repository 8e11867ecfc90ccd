"""What a night compares with what under an agreement: every pair that it may, and none twice.

Held records have been compared with each other. A night compares those that are new with those
that are held, both ways, and with each other; then they are held too. Where the scheme, the model
or the rule of roles are others than before, or a corridor is open that was not, all records are
new.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from matcher.decisions.evidence import EvidenceModel
from matcher.decisions.kin import KinModel
from matcher.decisions.roles import COMPARED
from matcher.formats.agreement import Agreement
from matcher.nightly.records import Numbers, Records, records_of
from matcher.store.meeting import Meeting, meetings, open_corridors
from matcher.store.models import AgreementRow

# A tile holds whole batches, up to so many rows, or one batch that has more.
LEFT_ROWS = 1 << 16
RIGHT_ROWS = 1 << 17

_PARTS = (("new", "held"), ("held", "new"), ("new", "new"))


@dataclass(frozen=True, eq=False, repr=False)
class Direction:
    """Some records of one society that are compared with some of another's.

    Attributes:
        key_epoch: The key epoch of both sides.
        left_society: Whose records are on the left, such as the sought persons.
        left_role: Their role, as a position in `ROLES`.
        left_part: `new` or `held`.
        left: Their positions among the records.
        right_society: The other side; likewise.
        right_role: See there.
        right_part: See there.
        right: See there.
    """

    key_epoch: int
    left_society: str
    left_role: int
    left_part: str
    left: Numbers
    right_society: str
    right_role: int
    right_part: str
    right: Numbers

    @property
    def pairs(self) -> int:
        """How many pairs are compared."""
        return len(self.left) * len(self.right)


@dataclass(frozen=True, eq=False, repr=False)
class Tile:
    """A piece of a direction, compared at once.

    Attributes:
        number: Its place in the plan, from 0.
        left: Positions of its left records.
        right: Positions of its right records.
    """

    number: int
    left: Numbers
    right: Numbers


@dataclass(frozen=True, eq=False, repr=False)
class NightPlan:
    """What a night compares under one agreement; the same store gives the same plan.

    Attributes:
        agreement: The agreement.
        model: What distances mean under its scheme.
        kin: What the people around a pair mean.
        compares_as: Digest of the scheme, the models and the rule of roles.
        corridors: The corridors that are open tonight.
        meetings: Who may meet: society and role on the left and on the right, and the last day.
        is_full: Whether all records count as new.
        records: The records that take part.
        directions: What is compared, in the agreement's order of corridors.
        registers: For each left society, left role and right role with how many records each left
            record has been compared in all, once this is done.
    """

    agreement: Agreement
    model: EvidenceModel
    kin: KinModel
    compares_as: str
    corridors: tuple[tuple[str, str], ...]
    meetings: dict[Meeting, date]
    is_full: bool
    records: Records
    directions: tuple[Direction, ...]
    registers: dict[tuple[str, int, int], int]

    @property
    def pairs(self) -> int:
        """How many pairs of records are compared."""
        return sum(one.pairs for one in self.directions)

    @property
    def new(self) -> int:
        """How many records are new."""
        return int(np.count_nonzero(~self.records.held))

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """The tiles of all directions, one after the other."""
        batch = self.records.batch
        spans = [
            (left, right)
            for one in self.directions
            for left in _by_batches(one.left, batch, LEFT_ROWS)
            for right in _by_batches(one.right, batch, RIGHT_ROWS)
        ]
        return tuple(Tile(number, *span) for number, span in enumerate(spans))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is compared, record by record."""
        whole = hashlib.sha256(
            json.dumps(
                [self.agreement.agreement_id, self.compares_as, self.is_full, self.corridors]
            ).encode()
        )
        for column in (self.records.ids, self.records.held, self.records.digest):
            whole.update(column.tobytes())
        for batch in self.records.batches:
            whole.update(batch.bytes)
        return "sha256:" + whole.hexdigest()

    def summary(self) -> dict[str, Any]:
        """What the plan is, for people and for the run's row."""
        return {
            "agreement": self.agreement.agreement_id,
            "full": self.is_full,
            "new": self.new,
            "held": len(self.records) - self.new,
            "pairs": self.pairs,
            "tiles": len(self.tiles),
        }


def plan_night(session: Session, row: AgreementRow, *, on: date, full: bool = False) -> NightPlan:
    """Plan a night under an agreement; nothing is written.

    Nobody meets through a corridor that is closed that day, nor under an agreement without terms.

    Args:
        session: A transaction `as_unit`.
        row: The agreement.
        on: The day.
        full: Compare everything anew, even if scheme and model are as before.

    Raises:
        AgreementError: There is no evidence model for its scheme.
    """
    agreement = Agreement.model_validate(row.document)
    model, kin = EvidenceModel.under(agreement), KinModel.published()
    compares_as = _compares_as(agreement, model, kin)
    corridors = open_corridors(agreement, on)
    compared = {(start, end) for start, end in row.compared_corridors or ()}
    is_full = full or row.compared_as != compares_as or not compared.issuperset(corridors)
    records = records_of(session, row.agreement_id, is_full=is_full)
    met = meetings(agreement, corridors)
    directions = [
        Direction(
            epoch, left, left_role, left_part, left_rows, right, right_role, right_part, right_rows
        )
        for epoch in np.unique(records.epoch).tolist()
        for left, left_role, right, right_role in met
        for left_part, right_part in _PARTS
        for left_rows in (records.of(left, left_role, epoch, held=left_part == "held"),)
        for right_rows in (records.of(right, right_role, epoch, held=right_part == "held"),)
        if len(left_rows) and len(right_rows)
    ]  # fmt: skip
    return NightPlan(
        agreement, model, kin, compares_as, corridors, met, is_full, records, tuple(directions),
        _registers(met, records),
    )  # fmt: skip


def _registers(met: Iterable[Meeting], records: Records) -> dict[tuple[str, int, int], int]:
    counts: dict[tuple[str, int, int], int] = {}
    for left, left_role, right, right_role in met:
        key = (left, left_role, right_role)
        counts[key] = counts.get(key, 0) + records.count(right, right_role)
    return counts


def _compares_as(agreement: Agreement, model: EvidenceModel, kin: KinModel) -> str:
    said = json.dumps([agreement.scheme.digest, model.digest, kin.digest, COMPARED])
    return "sha256:" + hashlib.sha256(said.encode()).hexdigest()


def _by_batches(rows: Numbers, batch: Numbers, most: int) -> list[Numbers]:
    """Divide positions into runs of whole batches, of at most `most` rows unless one has more."""
    ends = np.flatnonzero(np.diff(batch[rows])) + 1
    spans, start, last = [], 0, 0
    for end in (*ends.tolist(), len(rows)):
        if end - start > most and last > start:
            spans.append(rows[start:last])
            start = last
        last = end
    return [*spans, rows[start:]]


def columns_of(direction: Direction) -> dict[str, Any]:
    """A direction as a row of `comparisons`."""
    columns = {
        name: value
        for name, value in asdict(direction).items()
        if not isinstance(value, np.ndarray)
    }
    return {
        **columns, "left_rows": len(direction.left), "right_rows": len(direction.right)
    }  # fmt: skip
