"""How much anybody may ask, of all processes of the service together.

Paces are kept in `matcher.service.buckets`. What must hold for days and on every machine, such as
how much a society may upload, is counted in the database instead.
"""

import math
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.formats.errors import ServiceError
from matcher.service.buckets import Buckets
from matcher.service.credentials import Holder
from matcher.service.uploads import UNFINISHED
from matcher.settings import Settings
from matcher.store.models import BatchRow

FOLDER: Final = "paces"
"""The folder of the buckets in the data folder."""

BURST_SECONDS: Final = 30.0
"""A bucket holds what comes in so long: who was quiet may hurry for a while."""


class Limits:
    """What callers may ask.

    Args:
        settings: How much.
        folder: Where the buckets lie, for all processes of the service.
        clock: Tells seconds, alike in all processes.
    """

    def __init__(
        self, settings: Settings, folder: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        def paced(name: str, a_second: float) -> Buckets:
            most = max(1.0, a_second * BURST_SECONDS)
            return Buckets(folder / name, a_second, most, clock)

        self._users = {
            "requests": paced("requests", settings.user_rate),
            "listing": paced("listing", settings.listing_rate),
        }
        self._societies = paced("societies", settings.society_rate)
        self._strangers = paced("strangers", settings.stranger_rate)
        most = settings.most_misses
        self._misses = Buckets(folder / "misses", most / 3600, most, clock)

    def take(self, holder: Holder, pace: str) -> None:
        """Let a request pass, or say when it may come again.

        Args:
            holder: Whose request.
            pace: One of `PACES`.

        Raises:
            ServiceError: Not now: too many requests, or too many for what isn't there.
        """
        user = str(holder.user)
        whose = holder.society or user
        wait = max(
            self._users[pace].wait(user), self._societies.wait(whose), self._misses.wait(user)
        )
        if wait > 0.0:
            raise _too_many(wait)
        self._users[pace].take(user)
        self._societies.take(whose)

    def admit_stranger(self, address: str) -> None:
        """Let somebody be looked up of whom nothing is known yet, or say when they may come again.

        Args:
            address: Where they come from.

        Raises:
            ServiceError: Too many from there were nobody.
        """
        wait = self._strangers.wait(address)
        if wait > 0.0:
            raise _too_many(wait)

    def stranger(self, address: str) -> None:
        """Note that whoever came from an address was nobody."""
        self._strangers.take(address)

    def missed(self, holder: Holder) -> bool:
        """Note that a caller asked for what isn't there or isn't theirs.

        Returns:
            Whether that was one too many: from now on they wait.
        """
        user = str(holder.user)
        before = self._misses.wait(user)
        self._misses.take(user)
        return before == 0.0 and self._misses.wait(user) > 0.0


def _too_many(wait: float) -> ServiceError:
    return ServiceError(
        "too-many-requests", "Wait as long as Retry-After says.", retry_after=math.ceil(wait)
    )


PACES: Final = ("requests", "listing")
"""What is paced by itself: `listing` is slower, since whoever lists much may be probing."""


def require_quota(session: Session, settings: Settings, size: int, on: date) -> None:
    """Refuse a batch that would be more than a society may send.

    Args:
        session: A transaction `as_society`, whose batches count, with its registration locked.
        settings: How much that is.
        size: Bytes of the batch.
        on: The day.

    Raises:
        ServiceError: It would be.
    """
    if size > settings.most_batch_bytes:
        raise ServiceError(
            "too-large", f"A batch may have {settings.most_batch_bytes:,} bytes; send several."
        )
    open_bytes, today = session.execute(
        select(
            func.coalesce(func.sum(BatchRow.size).filter(BatchRow.state.in_(UNFINISHED)), 0),
            func.count().filter(BatchRow.registered_on == on),
        )
    ).one()
    if open_bytes + size > settings.most_open_bytes:
        raise ServiceError(
            "quota",
            f"Batches that are not validated yet may have {settings.most_open_bytes:,} bytes "
            "together; finish or withdraw one first.",
        )
    if today >= settings.most_batches_a_day:
        raise ServiceError(
            "quota", f"{settings.most_batches_a_day:,} batches a day may be registered."
        )


def require_room(folder: Path, settings: Settings) -> None:
    """Refuse uploads while the disk is nearly full.

    Raises:
        ServiceError: It is.
    """
    if shutil.disk_usage(folder).free < settings.least_free_bytes:
        raise ServiceError("no-room", "The disk is nearly full.")
