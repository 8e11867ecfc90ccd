"""The scoring core's races: figures and ratios from raw timings."""

import io

import pytest
from rich.console import Console

from benchmarks.core import limits, report
from benchmarks.core.bench_scoring import RACES


def raw_timings(seconds: float) -> dict[str, object]:
    """What pytest-benchmark would write if every race took so long."""
    benchmarks = [
        {
            "extra_info": {"case": race.case, "who": race.who, "units": 100 * place + 100},
            "stats": {"min": seconds, "mean": 2 * seconds},
        }
        for place, race in enumerate(RACES)
    ]
    return {"benchmarks": benchmarks, "machine_info": {"cpu": {"brand_raw": "X", "count": 2}}}


def test_every_promise_has_its_races_and_its_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "PEERS", ["numpy"])
    found = report.figures(raw_timings(0.5))
    speeds = {(row["case"], row["who"]): row["per_second"] for row in found["per_second"]}
    assert len(speeds) == len(RACES)
    assert speeds[RACES[0].case, RACES[0].who] == 200
    for promise, row in zip(report.PROMISES, found["promises"], strict=True):
        assert row["ratio"] == speeds[promise.case] / speeds[promise.against]
        assert row["at_least"] == promise.least
    shown = io.StringIO()
    for table in report.tables(found):
        Console(file=shown, width=200).print(table)
    assert "missed" in shown.getvalue()


def test_the_probe_counts_bits() -> None:
    call, pairs = limits.arithmetic_probe(3)
    assert pairs == 3 * limits.LANES
    assert 0 < call() <= 3 * 64 * limits.WORDS
