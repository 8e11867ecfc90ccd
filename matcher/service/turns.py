"""Whose turn it is: few requests are at work, some wait for it, and all others are refused at once.

More at work than a few spend the processor on taking the interpreter from each other, so that a
moment's delay grows instead of passing. And what has waited long is answered in vain: its caller
has given up, or would sooner have come again. So a queue that can't be worked off within
`SECONDS` is not let grow.
"""

import asyncio
from typing import Final

AT_WORK: Final = 16
"""Requests at work at a time."""

MOST_WAITING: Final = 128
"""Requests that wait for their turn, at most."""

SECONDS: Final = 1.0
"""How long a request waits for its turn, at most."""

_SECONDS_AGAIN: Final = 30.0


class Turns:
    """Gives requests their turns, in the order in which they come."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_WORK)
        self._waiting = 0

    async def begin(self) -> bool:
        """Take a turn for a request that has just come; False if it is to come later instead."""
        if self._waiting >= MOST_WAITING:
            return False
        return await self._taken(SECONDS)

    async def again(self) -> bool:
        """Take a turn for one that waited for its caller: what was sent is not lost so easily."""
        return await self._taken(_SECONDS_AGAIN)

    def end(self) -> None:
        """Give a turn back."""
        self._free.release()

    async def _taken(self, seconds: float) -> bool:
        if not self._free.locked():
            return await self._free.acquire()
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                return await self._free.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
