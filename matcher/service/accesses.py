"""Who saw what, for the audit log: gathered for a moment, and added together.

An entry of the log waits for all before it, to their commit. For a change that is right; two
hundred listings a second would stand in that queue. So looks are gathered, and a thread of its own
adds them every quarter of a second, all in one transaction. What is lost if the process is killed
is what was seen in the last moment before; a disclosure of who the other side is does not go
through here but is written in its own transaction. While the log can't be written, at most
`MOST_WAITING` looks are let happen, and then none.
"""

import logging
import threading
import time
from typing import Final

from matcher.formats.errors import ServiceError, StoreError
from matcher.store import Store, audit

SECONDS: Final = 0.25
"""How long a look waits to be written, at most."""

MOST_WAITING: Final = 5_000
"""Looks that may wait while the log can't be written."""

_LAST_TRIES: Final = 10

_logger = logging.getLogger("kinmatch.service")


class AccessLog:
    """Gathers looks and adds them to the audit log.

    Args:
        store: Whose log.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[audit.Access] = []
        self._lock = threading.Lock()  # of `_waiting`
        self._writing = threading.Lock()  # so that two writers keep the order
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, access: audit.Access) -> None:
        """Note a look, before what is looked at is sent.

        Raises:
            ServiceError: The log can't be written, and so nothing is shown.
        """
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise ServiceError("unavailable", "The audit log can't be written.")
            self._waiting.append(access)

    def start(self) -> None:
        """Begin to write what is noted."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._work, name="accesses", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end.

        Raises:
            StoreError: It can't be written, though it was tried for a while.
        """
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        for _ in range(_LAST_TRIES - 1):
            try:
                self.write()
            except StoreError:  # the log is held by a night, say, or the database is starting
                time.sleep(SECONDS)
            else:
                return
        self.write()

    def write(self) -> None:
        """Add all that waits to the log.

        Raises:
            StoreError: The database can't be reached; everything waits on.
        """
        with self._writing:
            with self._lock:
                taken = self._waiting[:MOST_WAITING]
            if not taken:
                return
            with self._store.as_unit() as session:
                audit.append_all(session, taken)
            with self._lock:
                del self._waiting[: len(taken)]

    def _work(self) -> None:
        while not self._stopped.wait(SECONDS):
            try:
                self.write()
            except Exception:  # whatever it is: it is tried again, and nothing is shown if it lasts
                _logger.warning("accesses wait, since the audit log can't be written")
