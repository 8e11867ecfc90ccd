"""Candidates as the service has them, named by the society's own record ids again."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from encoders.client.generated import Candidate, Operations
from encoders.references import References

PAGE: Final = 100
"""Candidates asked for at once."""

UNKNOWN: Final = "absent"
"""The level of a pass or attribute of which nothing was compared."""


def candidates_of(operations: Operations, agreement: str) -> list[Candidate]:
    """Fetch all of the society's candidates under an agreement, best score first.

    Raises:
        ServiceError: The service refuses, or does not answer.
    """
    return list(_pages(operations, agreement))


def _pages(operations: Operations, agreement: str) -> Iterator[Candidate]:
    after = None
    seen: set[str] = set()
    while True:
        page = operations.candidates_listed(limit=PAGE, after=after, agreement=agreement)
        # A decision or a night in between may move one to a later page.
        yield from (one for one in page.items if one.id not in seen)
        seen.update(one.id for one in page.items)
        if not page.more:
            return
        after = page.next


def named(candidates: Sequence[Candidate], references: Sequence[References]) -> pd.DataFrame:
    """Join candidates with the reference files of their batches.

    Args:
        candidates: As the service gave them.
        references: The reference files of the society's batches.

    Returns:
        Frame of `candidate_id`, `record_id` ("" where no reference file has it), `role`,
        `other_role`, `score` (bits), `band`, `since`, `state`, `version`, `verdict`, `feedback`,
        `refinement`, `kin_bits`, then for each pass, and each attribute once any is refined, its
        level in words; in the order given.
    """
    ids = _record_ids(candidates, references)
    rows = [
        {
            "candidate_id": one.id,
            "record_id": record,
            "role": one.role,
            "other_role": one.other_role,
            "score": one.score,
            "band": one.band,
            "since": one.since.isoformat(),
            "state": one.state,
            "version": one.version,
            "verdict": one.verdict or "",
            "feedback": one.feedback,
            "refinement": one.refinement or "",
            **{each.pass_: each.level for each in one.evidence},
            "kin_bits": one.kin,
            **(one.attributes or {}),
        }
        for one, record in zip(candidates, ids, strict=True)
    ]
    levels = dict.fromkeys(name for row in rows for name in row if name not in _FIRST)
    frame = pd.DataFrame(rows, columns=pd.Index([*_FIRST, *levels]))
    return frame.fillna(dict.fromkeys(levels, UNKNOWN))


_FIRST: Final = (
    "candidate_id", "record_id", "role", "other_role", "score", "band", "since", "state",
    "version", "verdict", "feedback", "refinement", "kin_bits",
)  # fmt: skip


def _record_ids(candidates: Sequence[Candidate], references: Sequence[References]) -> list[str]:
    if not candidates:
        return []
    wanted = np.frombuffer(bytes.fromhex("".join(one.reference for one in candidates)), np.uint8)
    found = np.full(len(candidates), "", dtype=object)
    for each in references:
        ids, known = each.records_known(wanted.reshape(len(candidates), -1))
        found[known] = ids[known]
    return [str(one) for one in found]
