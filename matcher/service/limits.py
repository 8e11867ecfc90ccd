"""How much anybody may ask: buckets that fill at a steady pace and empty by one a request.

They lie in this process's memory: one in the database would cost every request a write, which is
more than most requests cost, and what they guard, this process's time, is its own. A second
process has buckets of its own, and a restart fills them. What must hold for days, such as how much
a society may upload, is counted in the database instead.
"""

import math
import shutil
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.formats.errors import ServiceError
from matcher.service.credentials import Holder
from matcher.service.uploads import UNFINISHED
from matcher.settings import Settings
from matcher.store.models import BatchRow

BURST_SECONDS: Final = 30.0
"""A bucket holds what comes in so long: who was quiet may hurry for a while."""
_MOST_KEPT: Final = 100_000


class Buckets:
    """A bucket for each key, all alike; full when first asked for.

    Args:
        a_second: What comes into each.
        most: What each holds.
        clock: Tells seconds.
    """

    def __init__(self, a_second: float, most: float, clock: Callable[[], float]) -> None:
        self._a_second = a_second
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until one can be taken; 0.0 if it can be now."""
        return max(0.0, (1.0 - self._level(key)) / self._a_second)

    def take(self, key: str) -> None:
        """Take one, even if there is none left: the wait is longer then, up to twice as long."""
        level = max(self._level(key) - 1.0, -self._most)
        self._kept[key] = (level, self._clock())
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    def _level(self, key: str) -> float:
        level, since = self._kept.get(key, (self._most, 0.0))
        return min(self._most, level + (self._clock() - since) * self._a_second)


class Limits:
    """What callers may ask of this process.

    Args:
        settings: How much.
        clock: Tells seconds.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        def paced(a_second: float) -> Buckets:
            return Buckets(a_second, max(1.0, a_second * BURST_SECONDS), clock)

        self._users = {
            "requests": paced(settings.user_rate),
            "listing": paced(settings.listing_rate),
        }
        self._societies = paced(settings.society_rate)
        self._misses = Buckets(settings.most_misses / 3600, settings.most_misses, clock)
        self._strangers = paced(settings.stranger_rate)

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
