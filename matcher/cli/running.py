"""What `kinmatch serve` does; nothing else that the operator calls needs what serves HTTP."""

from pathlib import Path

from matcher.service.running import PATIENCE, run
from matcher.settings import Settings
from matcher.store import open_store
from matcher.store.journal import Journal
from matcher.store.keeping_up import catch_up


def serve(data_folder: Path | None, host: str, port: int) -> None:
    """Run the service."""
    settings = Settings.load(data_folder=data_folder)
    with open_store(settings, None, patience=PATIENCE) as store:
        with open_store(settings, None) as patient:  # a night may be at work
            catch_up(patient, Journal(settings.protection_journal))
        run(store, settings, host=host, port=port)
