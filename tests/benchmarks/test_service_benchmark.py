"""The load generator on a small store and the real service: its answers are right, if not fast."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

import benchmarks.service.__main__ as bench
from benchmarks.service.load import share
from matcher.settings import Settings
from matcher.store import open_store
from matcher.store.models import AuditEntry, BatchRow, CandidateSide


def test_societies_list_and_upload_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SOCIETIES": 10, "TOGETHER": 5, "PROCESSES": 1, "LISTINGS_A_SECOND": 20.0,
        "BEGIN_SECONDS": 0.05,
    }.items():  # fmt: skip
        monkeypatch.setattr(bench, name, value)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        settings = Settings.load(data_folder=folder / "data")
        with open_store(settings, None) as store:
            clients = bench.filled(store, 2000)
            with bench.serving(settings.data_folder) as port:
                told = asyncio.run(bench.measured(clients, [port], 5.0))
            with store.as_unit() as session:
                sides = session.scalar(select(func.count()).select_from(CandidateSide))
                looks = session.scalar(
                    select(func.count()).where(AuditEntry.action == "candidates.list")
                )
                states = set(session.scalars(select(BatchRow.state)))
    assert told["wrong"] == {}
    assert told["listings"] == 100
    assert told["uploads"] == 10
    assert sides == 4000
    # Every listing is in the audit log once the service has stopped, those of the beginning too.
    assert looks == 100 + round(20 * (10 * 0.05 + 5.0))
    assert states == {"accepted", "withdrawn"}  # what was there, and what was sent


def test_shares_of_numbers() -> None:
    numbers = [float(number) for number in range(100, 0, -1)]
    assert list(share(numbers, [0.0, 0.5, 0.99, 1.0])) == [1.0, 51.0, 100.0, 100.0]
