"""Telling the linkage unit whom it may no longer compare, or for longer, with the next contact.

What the unit was told before lies in a folder of notices, each a signed file, and in the reference
files of its batches; a new notice says only what has changed since, by record keys, so that it
holds for every batch. Whether a person withdrew, objected or hides, or a legal basis ran out, is
not told: `suspend` and `withdraw` are all that the unit sees. Nor is told what a review found:
`renew` is a date.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from encoders.marks import record_keys
from encoders.protection.events import Standing
from encoders.protection.tables import as_key
from encoders.references import References
from matcher.formats.agreement import Agreement
from matcher.formats.errors import MismatchError
from matcher.formats.identity import Identity
from matcher.formats.notices import KINDS, MOST_REFERENCES, SUFFIX, Kind, Notice, write_notice

_What = tuple[Kind, date | None]  # with `renew` until when


def wanted_of(standing: Standing) -> Kind | None:
    """Say what shall become of a record for what its person said; None if nothing must."""
    if standing.deletion == "done":
        return "delete"
    if standing.consent in ("refused", "withdrawn") or standing.hides:
        return "withdraw"
    if standing.objection == "upheld" or standing.archived:
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
    known = set(told).union(*(one.reviews_of(list(kinds)) for one in references))
    return {
        record_id: kind
        for record_id, kind in kinds.items()
        if record_id in known or kind == "delete"
    }


@dataclass(frozen=True, repr=False)
class Told:
    """What the linkage unit was told by notices.

    Attributes:
        kinds: The last kind for each record key, but `renew`.
        reviews: For each record key the last notice that renewed it: its number and review date.
        highest: The highest number, 0 if there is no notice.
    """

    kinds: Mapping[str, Kind]
    reviews: Mapping[str, tuple[int, date]]
    highest: int


def told_before(folder: Path, agreement: Agreement, society: str) -> Told:
    """Read what the linkage unit was told.

    Args:
        folder: The earlier notices; other files are passed over.
        agreement: The agreement.
        society: Whose notices.

    Raises:
        InputError: A notice of the folder can't be read.
        IntegrityError: One was altered.
        MismatchError: One is of another agreement or society.
    """
    notices = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        notice = Notice.read(path, agreement)
        if notice.society != society:
            raise MismatchError(
                f"{path}: the notice is of '{notice.society}', not of '{society}'. Keep the "
                "notices of each society and agreement in a folder of their own."
            )
        notices.append(notice)
    kinds: dict[str, Kind] = {}
    reviews: dict[str, tuple[int, date]] = {}
    for notice in sorted(notices, key=lambda one: one.number):
        if notice.review_on is None:
            kinds |= dict.fromkeys(notice.keys, notice.kind)
        else:
            reviews |= dict.fromkeys(notice.keys, (notice.number, notice.review_on))
    return Told(kinds, reviews, max((notice.number for notice in notices), default=0))


def renewed(
    reviews: Mapping[str, date],
    references: Sequence[References],
    told: Mapping[str, tuple[int, date]],
) -> dict[str, date]:
    """Keep the records whose review date the linkage unit has another of.

    Args:
        reviews: The review date of each record that may be compared.
        references: Those of the batches that the linkage unit was sent.
        told: For each record the last notice that renewed it: its number and review date. It
            counts for the batches with a lower number.
    """
    record_ids = list(reviews)
    had: dict[str, set[date | None]] = defaultdict(set)
    for one in references:
        for record_id, review_on in one.reviews_of(record_ids).items():
            number, day = told.get(record_id, (0, None))
            had[record_id].add(day if number > one.header.number else review_on)
    return {
        record_id: reviews[record_id] for record_id, days in had.items()
        if days != {reviews[record_id]}
    }  # fmt: skip


def write_notices(
    folder: Path,
    kinds: Mapping[str, Kind],
    references: Sequence[References],
    *,
    reviews: Mapping[str, date],
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
        reviews: The review date of each record that may be compared.
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
    told = told_before(folder, agreement, society)
    record_ids = list(kinds)
    keys = record_keys(identity, agreement.agreement_id, record_ids)
    key_of = {record_id: key.hex() for record_id, key in zip(record_ids, keys, strict=True)}
    heard = [record_id for record_id, key in key_of.items() if key in told.kinds]
    due: dict[_What, list[str]] = defaultdict(list)
    for record_id, kind in concerned(kinds, references, heard).items():
        if _changes(told.kinds.get(key_of[record_id]), kind):
            due[kind, None].append(key_of[record_id])
    before = {one: told.reviews[key] for one, key in key_of.items() if key in told.reviews}
    # Of what was withdrawn the unit has nothing to renew.
    compared = {
        record_id: day
        for record_id, day in reviews.items()
        if kinds.get(record_id) == "resume"
        and told.kinds.get(key_of[record_id]) not in ("withdraw", "delete")
    }
    for record_id, day in renewed(compared, references, before).items():
        due["renew", day].append(key_of[record_id])
    written = []
    following = max(number, told.highest + 1)
    for kind, review_on in sorted(due, key=lambda what: (KINDS.index(what[0]), what[1] or on)):
        ascending = sorted(due[kind, review_on])
        for start in range(0, len(ascending), MOST_REFERENCES):
            notice = Notice(
                agreement_id=agreement.agreement_id,
                society=society,
                number=following,
                kind=kind,
                on=on,
                keys=tuple(ascending[start : start + MOST_REFERENCES]),
                review_on=review_on,
            )
            path = folder / f"{following:020}-{kind}{SUFFIX}"
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
