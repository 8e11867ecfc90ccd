"""What `kinmatch worker` does; loaded when it is called, since it needs the extra `service`."""

import asyncio
import threading
from functools import partial
from pathlib import Path

from matcher.cli.operations import require_file, store_keys
from matcher.cli.passphrases import Passphrases
from matcher.formats.identity import Identity
from matcher.service.jobs import Work
from matcher.service.observing import log_libraries, standard_error_log
from matcher.service.worker import run_worker
from matcher.settings import Settings
from matcher.store import open_store


def work(data_folder: Path | None, passphrase_fd: int | None) -> None:
    """Take jobs until told to stop."""
    settings = Settings.load(data_folder=data_folder)
    passphrases = Passphrases(passphrase_fd)
    keys = store_keys(settings, passphrases)
    require_file(settings.identity)
    identity = passphrases.open(settings.identity, partial(Identity.open, settings.identity))
    log = standard_error_log()
    log_libraries(log)
    with open_store(settings, keys) as store:
        asyncio.run(run_worker(Work(store, settings, identity, log, threading.Event())))
