"""What a society has released so far, so that nobody gets too much of a record by asking again.

The ledger is one small JSON file for each agreement, for its owner alone, and holds no more than
counts (releases by day and partner, by record, and by candidate) and the record that each candidate
was about. Records and candidates stand in it
under names that only the keys of the agreement can make, so that it tells nobody who was asked for.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.errors import InputError, MismatchError
from matcher.formats.files import written_whole

_Count = Annotated[int, Field(ge=1)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["kinmatch-refinement-ledger/1"] = "kinmatch-refinement-ledger/1"
    agreement_id: str
    days: dict[str, dict[str, _Count]]
    records: dict[str, _Count]
    candidates: dict[str, _Count]
    record_of: dict[str, str]


@dataclass(eq=False, repr=False)
class Ledger:
    """The releases of one society under one agreement.

    Attributes:
        agreement_id: The agreement.
        days: Releases of each day to each partner.
        records: Releases of each record, by its name in the ledger.
        candidates: Releases for each candidate.
        record_of: For each candidate the record that was released for it.
    """

    agreement_id: str
    days: dict[str, Counter[str]] = field(default_factory=dict)
    records: Counter[str] = field(default_factory=Counter)
    candidates: Counter[str] = field(default_factory=Counter)
    record_of: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, agreement_id: str) -> Self:
        """Read a ledger; one that is not there yet is empty.

        Raises:
            InputError: The file can't be read as a ledger.
            MismatchError: It is of another agreement.
        """
        if not path.exists():
            return cls(agreement_id)
        try:
            held = _File.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise InputError(
                f"{path}: can't be read as a ledger of refinements. Take it from a backup: without "
                "it nobody knows what was released."
            ) from None
        if held.agreement_id != agreement_id:
            raise MismatchError(
                f"{path}: the ledger is of agreement {held.agreement_id}, the agreement given is "
                f"{agreement_id}. Keep one ledger for each agreement."
            )
        days = {day: Counter(partners) for day, partners in held.days.items()}
        return cls(
            agreement_id, days, Counter(held.records), Counter(held.candidates), held.record_of
        )

    def write(self, path: Path) -> None:
        """Write the ledger, whole or not at all.

        Raises:
            OutputError: It can't be written.
        """
        held = _File(
            agreement_id=self.agreement_id,
            days={day: dict(partners) for day, partners in self.days.items()},
            records=dict(self.records),
            candidates=dict(self.candidates),
            record_of=self.record_of,
        )
        text = json.dumps(held.model_dump(), indent=1, sort_keys=True) + "\n"
        with written_whole(path, private=True) as aside:
            aside.write_text(text, encoding="utf-8", newline="\n")

    def released_on(self, day: date, partner: str | None = None) -> int:
        """Give how much was released on a day, to one partner or to all."""
        partners = self.days.get(day.isoformat(), Counter())
        return partners.total() if partner is None else partners[partner]

    def add(self, day: date, partner: str, record: str, candidate: str) -> None:
        """Note one release."""
        self.days.setdefault(day.isoformat(), Counter())[partner] += 1
        self.records[record] += 1
        self.candidates[candidate] += 1
        self.record_of[candidate] = record


def names_in_ledger(key: bytes, things: Iterable[bytes]) -> list[str]:
    """Name records or candidates by 64 bits of keyed BLAKE2b."""
    return [hashlib.blake2b(one, key=key, digest_size=8).hexdigest() for one in things]
