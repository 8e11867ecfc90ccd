"""By which names evidence goes."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from matcher.store import models

Key = tuple[str, int]
"""An agreement's id, and the number of its passes."""


class PassNames:
    """Knows the passes under which candidates were found, in the order of the evidence.

    What stands under a number never changes, so each is asked for once.
    """

    def __init__(self) -> None:
        self._known: dict[Key, Sequence[str]] = {}

    def of(self, session: Session, wanted: Iterable[Key]) -> Mapping[Key, Sequence[str]]:
        """Give the passes' names.

        Args:
            session: A transaction that sees the agreements.
            wanted: Which.
        """
        row = models.PassNames
        if missing := set(wanted) - self._known.keys():
            found = session.execute(
                select(row.agreement, row.number, row.passes).where(
                    tuple_(row.agreement, row.number).in_(missing)
                )
            )
            self._known |= {(one.agreement, one.number): tuple(one.passes) for one in found}
        return self._known
