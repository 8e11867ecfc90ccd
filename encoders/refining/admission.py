"""Which requests a society answers: limits, and what looks like probing.

Whoever has the keys and what was released for a record can try out guesses against it. So what is
released of one record is bounded, whoever asks; and many requests around one record or household
are taken for an attempt to learn about it, not to find it: all of them are stopped, none answered,
and a person is told. Limits count what was released before, on the day or in all.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from encoders.names.pieces import pieces
from encoders.places import place_parts
from encoders.records import Records
from encoders.refining.answering import NOT_RELEASED, Rows
from encoders.refining.ledger import Ledger, names_in_ledger
from matcher.formats.errors import ParameterError
from matcher.formats.refinement import Requests

REASONS: Final = ("released", "absent", "other_record", "asked_again", "probed_record",
                  "probed_household", "partner_limit", "day_limit")  # fmt: skip
"""What may become of a request. The linkage unit is told only whether anything was released.

- `absent`: the reference is of no record of the source, which may have been withdrawn;
- `other_record`: a candidate that was asked about another record before; under the keys of one
  candidate two records could be compared that no society ever let be compared;
- `asked_again`: one candidate, again and again;
- `probed_record`, `probed_household`: more requests around one record, or one case or household,
  than a search for a person brings about;
- `partner_limit`, `day_limit`: no more today, for this partner or for all.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be released.

    Attributes:
        per_candidate: For one candidate in all.
        per_record: Of one record in all.
        per_household: Of the records of one case or household, in one file of requests.
        per_partner: To one partner on a day, as one run's pseudonyms tell partners apart.
        per_day: On a day.
    """

    per_candidate: int = 3
    per_record: int = 200
    per_household: int = 400
    per_partner: int = 50_000
    per_day: int = 100_000

    def __post_init__(self) -> None:
        if (
            min(self.per_candidate, self.per_record, self.per_household) < 1
            or min(self.per_partner, self.per_day) < 1
        ):
            raise ParameterError("Every limit on refinement must be at least 1.")


@dataclass(frozen=True, eq=False, repr=False)
class Admission:
    """What becomes of n requests.

    Attributes:
        rows: Shape (n,), int64: the record that is released, or `NOT_RELEASED`.
        reasons: Shape (n,), int8: positions in `REASONS`.
    """

    rows: Rows
    reasons: npt.NDArray[np.int8]

    def counts(self) -> dict[str, int]:
        """Give how many requests have each reason; those that none has are left out."""
        found = np.bincount(self.reasons, minlength=len(REASONS)).tolist()
        return {reason: count for reason, count in zip(REASONS, found, strict=True) if count}


def admit(
    requests: Requests,
    rows: Rows,
    records: Records,
    ledger: Ledger,
    limits: Limits,
    *,
    key: bytes,
    on: date,
) -> Admission:
    """Decide which requests are answered, and note those in the ledger.

    Args:
        requests: What is asked.
        rows: Shape (n,), int64: the record that each request is about, or `NOT_RELEASED` where
            there is none.
        records: The society's records.
        ledger: What was released before; what is released now is added to it.
        limits: How much may be released.
        key: What records and candidates are named by in the ledger.
        on: The day.
    """
    asking = _Asking(records, rows, ledger, limits, key, on, requests.header.partner)
    candidates = names_in_ledger(key, (one.tobytes() for one in requests.identifiers))
    reasons = [
        asking.decide(row, candidate)
        for row, candidate in zip(rows.tolist(), candidates, strict=True)
    ]
    codes = np.array([REASONS.index(reason) for reason in reasons], dtype=np.int8)
    kept = np.where(codes == REASONS.index("released"), rows, NOT_RELEASED)
    return Admission(kept.astype(np.int64), codes)


class _Asking:
    """One file of requests, decided on one after another."""

    def __init__(
        self,
        records: Records,
        rows: Rows,
        ledger: Ledger,
        limits: Limits,
        key: bytes,
        on: date,
        partner: str,
    ) -> None:
        self._ledger, self._limits, self._on, self._partner = ledger, limits, on, partner
        ids = records.column("record_id").to_pylist()
        self._names = names_in_ledger(key, (b"record " + str(one).encode() for one in ids))
        self._households = _households(records)
        known = [row for row in rows.tolist() if row != NOT_RELEASED]
        before = Counter({name: ledger.records[name] for name in self._names})
        self._of_record = before + Counter(self._names[row] for row in known)
        self._of_household = Counter(self._households[row] for row in known)

    def decide(self, row: int, candidate: str) -> str:
        """Give the reason of one request, and note in the ledger what is released."""
        if row == NOT_RELEASED:
            return "absent"
        reason = self._probing(row, candidate) or self._no_more_today() or "released"
        if reason == "released":
            self._ledger.add(self._on, self._partner, self._names[row], candidate)
        return reason

    def _probing(self, row: int, candidate: str) -> str | None:
        name = self._names[row]
        if self._ledger.record_of.get(candidate, name) != name:
            return "other_record"
        if self._ledger.candidates[candidate] >= self._limits.per_candidate:
            return "asked_again"
        if self._of_record[name] > self._limits.per_record:
            return "probed_record"
        if self._of_household[self._households[row]] > self._limits.per_household:
            return "probed_household"
        return None

    def _no_more_today(self) -> str | None:
        if self._ledger.released_on(self._on, self._partner) >= self._limits.per_partner:
            return "partner_limit"
        if self._ledger.released_on(self._on) >= self._limits.per_day:
            return "day_limit"
        return None


def _households(records: Records) -> list[object]:
    """Give each record's household: its case, or else father's name, family name and residence.

    A record that has neither is a household of its own.
    """
    cells, which = records.distinct("case_id", "father_name", "family_name", "residence")
    found: list[object] = []
    for number, (case, father, family, residence) in enumerate(cells):
        if case is not None:
            found.append(("case", case))
        elif father is not None and family is not None and residence is not None:
            found.append((pieces(father), pieces(family), place_parts(residence)))
        else:
            found.append(number)
    return [
        (found[one], row) if isinstance(found[one], int) else found[one]
        for row, one in enumerate(which.tolist())
    ]
