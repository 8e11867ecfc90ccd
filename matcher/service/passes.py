"""By which names evidence goes."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.store.models import AgreementRow

REMEMBERED_SECONDS: Final = 60.0


class PassNames:
    """Knows the passes of agreements' schemes, in the order of the evidence.

    They are remembered for a minute. They change with a scheme alone, after which a full night
    makes all evidence anew.

    Args:
        clock: Tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, Sequence[str]]] = {}

    def of(self, session: Session, agreements: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Give for each agreement its passes' names.

        Args:
            session: A transaction that sees the agreements.
            agreements: Ids.
        """
        now = self._clock()
        known = self._known
        missing = [one for one in agreements if one not in known or known[one][0] <= now]
        if missing:
            row = AgreementRow
            found = session.execute(
                select(row.agreement_id, row.document["scheme"]["passes"]).where(
                    row.agreement_id.in_(missing)
                )
            )
            for agreement, passes in found:
                names = tuple(one["name"] for one in passes)
                known[agreement] = (now + REMEMBERED_SECONDS, names)
        return {one: known[one][1] for one in agreements if one in known}
