"""Telling the linkage unit whom it may no longer compare, with the next contact.

What the unit was told before lies in a folder of notices, each a signed file; a new notice says
only what has changed since, by record keys, so that it holds for every batch. Whether a person
withdrew, objected or hides, or a legal basis ran out, is not told: `suspend` and `withdraw` are all
that the unit sees.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from encoders.marks import record_keys
from encoders.protection.events import Standing
from encoders.protection.tables import as_key
from encoders.references import References
from matcher.formats.agreement import Agreement
from matcher.formats.errors import MismatchError
from matcher.formats.identity import Identity
from matcher.formats.notices import KINDS, MOST_REFERENCES, Kind, Notice, write_notice

_SUFFIX: Final = ".notice.json"


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
    spelled = {as_key(record_id): record_id for record_id in found}
    for record_id, standing in standings.items():
        kind = wanted_of(standing)
        if kind is not None:
            found[spelled.get(record_id, record_id)] = kind
    return found


def concerned(
    kinds: Mapping[str, Kind], references: Sequence[References], told: Iterable[str]
) -> dict[str, Kind]:
    """Keep the records of which the linkage unit must hear.

    Args:
        kinds: What shall become of each record.
        references: Those of the batches that the linkage unit was sent.
        told: Ids of records of which it heard before.

    Returns:
        Those that it was sent or heard of, and those that are deleted.
    """
    record_ids = list(kinds)
    known = set(told)
    for one in references:
        held = one.references_of(pa.chunked_array([record_ids], pa.string()))[1]
        known |= {record_ids[place] for place in np.flatnonzero(held)}
    return {
        record_id: kind
        for record_id, kind in kinds.items()
        if record_id in known or kind == "delete"
    }


def told_before(folder: Path, agreement: Agreement, society: str) -> tuple[dict[str, Kind], int]:
    """Read what the linkage unit was told.

    Args:
        folder: The earlier notices; other files are passed over.
        agreement: The agreement.
        society: Whose notices.

    Returns:
        The last kind for each record key; and the highest number, 0 if there is no notice.

    Raises:
        InputError: A notice of the folder can't be read.
        IntegrityError: One was altered.
        MismatchError: One is of another agreement or society.
    """
    notices = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        notice = Notice.read(path, agreement)
        if notice.society != society:
            raise MismatchError(
                f"{path}: the notice is of '{notice.society}', not of '{society}'. Keep the "
                "notices of each society and agreement in a folder of their own."
            )
        notices.append(notice)
    last: dict[str, Kind] = {}
    for notice in sorted(notices, key=lambda one: one.number):
        if notice.kind != "renew":
            last |= dict.fromkeys(notice.keys, notice.kind)
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
        kinds: What shall become of each record; see `wanted`.
        references: Those of the batches that the linkage unit was sent.
        identity: The society's.
        agreement: The batches'.
        number: The first number; a higher one where an earlier notice has that or a higher one.
        on: The day.

    Returns:
        What was written, in the order in which it must be sent.

    Raises:
        InputError: An earlier notice can't be read.
        IntegrityError: One was altered.
        MismatchError: One is of another agreement or society.
        OutputError: A notice can't be written.
    """
    society = identity.public.name
    before, highest = told_before(folder, agreement, society)
    record_ids = list(kinds)
    keys = record_keys(identity, agreement.agreement_id, record_ids)
    key_of = {record_id: key.hex() for record_id, key in zip(record_ids, keys, strict=True)}
    heard = [record_id for record_id, key in key_of.items() if key in before]
    due: dict[Kind, list[str]] = defaultdict(list)
    for record_id, kind in concerned(kinds, references, heard).items():
        if _changes(before.get(key_of[record_id]), kind):
            due[kind].append(key_of[record_id])
    written = []
    following = max(number, highest + 1)
    for kind in KINDS:
        ascending = sorted(due[kind])
        for start in range(0, len(ascending), MOST_REFERENCES):
            notice = Notice(
                agreement_id=agreement.agreement_id,
                society=society,
                number=following,
                kind=kind,
                on=on,
                keys=tuple(ascending[start : start + MOST_REFERENCES]),
            )
            path = folder / f"{following:020}-{kind}{_SUFFIX}"
            write_notice(path, notice, identity=identity)
            written.append((path, notice))
            following += 1
    return written


def _changes(before: Kind | None, kind: Kind) -> bool:
    """Tell whether a notice of this kind says anything after the last one."""
    if before == "delete":
        return False
    if kind == "resume":
        return before in ("suspend", "withdraw")
    return kind != before and (before, kind) != ("withdraw", "suspend")
