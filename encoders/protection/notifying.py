"""Telling the linkage unit whom it may no longer compare, with the next contact.

What the unit was told before lies in a folder of notices, each a signed file; a new notice says
only what has changed since. Whether a person withdrew, objected or hides, or a legal basis ran out,
is not told: `suspend` and `withdraw` are all that the unit sees.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from encoders.protection.events import Standing
from encoders.references import References
from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.notices import KINDS, MOST_REFERENCES, Kind, Notice, read_notice, write_notice

_SUFFIX: Final = ".notice.json"
_FINAL: Final[dict[Kind | None, frozenset[Kind]]] = {
    "withdraw": frozenset({"delete"}),
    "delete": frozenset(),
}
"""What can still follow a notice that is final."""


def wanted_of(standing: Standing) -> Kind | None:
    """Say what shall become of a record for what its person said; None if nothing must."""
    if standing.deletion == "done":
        return "delete"
    if standing.consent in ("refused", "withdrawn") or standing.hides:
        return "withdraw"
    if standing.objection == "upheld":
        return "withdraw"
    if standing.objection == "open" or standing.deletion == "asked":
        return "suspend"
    return None


def wanted(
    standings: Mapping[str, Standing], refused: Iterable[str], admitted: Iterable[str]
) -> dict[str, Kind]:
    """Say of each record what the linkage unit shall do with it.

    Args:
        standings: How things stand with whoever something was written down of.
        refused: Ids of records that the gates refuse today.
        admitted: Ids of records that they let pass.

    Returns:
        By record id; `resume` for those that may be compared.
    """
    found: dict[str, Kind] = dict.fromkeys(admitted, "resume")
    found |= dict.fromkeys(refused, "suspend")
    said = {record_id: wanted_of(standing) for record_id, standing in standings.items()}
    return found | {record_id: kind for record_id, kind in said.items() if kind is not None}


def told_before(folder: Path, agreement: Agreement, society: str) -> tuple[dict[str, Kind], int]:
    """Read what the linkage unit was told, and the number of the last notice.

    Returns:
        The last kind of each reference; and the highest number, 0 if there is none.

    Raises:
        InputError: A notice of the folder can't be read.
        IntegrityError: One was altered, or is not the society's own.
    """
    notices = [
        notice
        for path in sorted(folder.glob(f"*{_SUFFIX}"))
        if (notice := read_notice(path, agreement)).society == society
    ]
    last: dict[str, Kind] = {}
    for notice in sorted(notices, key=lambda one: one.number):
        last |= dict.fromkeys(notice.references, notice.kind)
    return last, max((notice.number for notice in notices), default=0)


def write_notices(
    folder: Path,
    kinds: Mapping[str, Kind],
    references: Sequence[References],
    *,
    identity: Identity,
    agreement: Agreement,
    number: int,
    on: date,
) -> list[tuple[Path, Notice]]:
    """Write the notices that are due.

    Args:
        folder: Where the notices lie, earlier ones too; must be there.
        kinds: What shall become of each record.
        references: Those of the batches that the linkage unit may still hold.
        identity: The society's.
        agreement: The batches'.
        number: The first number; higher where an earlier notice has a higher one.
        on: The day.

    Returns:
        What was written, in the order in which it must be sent.

    Raises:
        InputError: An earlier notice can't be read.
        IntegrityError: One was altered.
        OutputError: A notice can't be written.
    """
    society = identity.public.name
    before, highest = told_before(folder, agreement, society)
    due: dict[Kind, list[str]] = defaultdict(list)
    for record_references in references:
        for reference, kind in _by_reference(record_references, kinds):
            if _changes(before.get(reference), kind):
                due[kind].append(reference)
    written = []
    following = max(number, highest + 1)
    for kind in KINDS:
        ascending = sorted(set(due[kind]))
        for start in range(0, len(ascending), MOST_REFERENCES):
            notice = Notice(
                agreement_id=agreement.agreement_id,
                society=society,
                number=following,
                kind=kind,
                on=on,
                references=tuple(ascending[start : start + MOST_REFERENCES]),
            )
            path = folder / f"{following:020}-{kind}{_SUFFIX}"
            write_notice(path, notice, identity=identity)
            written.append((path, notice))
            following += 1
    return written


def _by_reference(references: References, kinds: Mapping[str, Kind]) -> list[tuple[str, Kind]]:
    record_ids = list(kinds)
    held, known = references.references_of(pa.chunked_array([record_ids], pa.string()))
    return [
        (held[place].tobytes().hex(), kinds[record_ids[place]]) for place in np.flatnonzero(known)
    ]


def _changes(before: Kind | None, kind: Kind) -> bool:
    """Tell whether a notice of this kind says anything after the last one."""
    if kind == "resume":
        return before == "suspend"
    return kind != before and kind in _FINAL.get(before, frozenset(KINDS))
