"""100,000 new against 1,000,000 held, end to end: `python -m benchmarks.night [NEW HELD]`.

Planned, compared, published and signed, in a store of its own on the private PostgreSQL; beside it
the scoring core's own rate, in the same process on the same filters in memory. About a quarter of
an hour. All of it may take 15 minutes, and comparing, with all that is read, weighed and written
for it, may not fall under 0.7 of the core's rate; exit status 1 says that a limit is not kept.
Another size is measured, and not kept.
"""

import hashlib
import json
import platform
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from sqlalchemy import func, select, text

from benchmarks.night.drawn import Drawn
from matcher.decisions.evidence import EvidenceModel
from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch
from matcher.formats.files import written_whole
from matcher.formats.ledger import Receipt
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme
from matcher.formats.terms import Terms
from matcher.nightly.night import Limits, run_night
from matcher.nightly.planning import plan_night
from matcher.scoring import find_pairs
from matcher.settings import Settings
from matcher.store import acceptance, admitting, audit, batches
from matcher.store.database import Store, open_store
from matcher.store.models import AgreementRow, CandidateRow, Record, RunRow
from matcher.vault import StoreKeys

if TYPE_CHECKING:
    from matcher.decisions.candidates import Filters

NEW, HELD, BATCH, TOP = 100_000, 1_000_000, 100_000, 10
MOST_SECONDS, LEAST_OF_CORE = 900, 0.7
RESULTS = Path(__file__).parent.parent / "results" / "night.json"

_ONE, _TWO, _ON = "red-one", "red-two", date(2026, 6, 1)


def main() -> None:
    """Load a store, run the night, and write what it took."""
    new, held = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (NEW, HELD)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # the database's system user must get in
        settings = Settings.load(data_folder=folder / "data")
        keys = StoreKeys.new(settings.store_keys, "bench")
        with open_store(settings, keys) as store:
            begin = time.perf_counter()
            agreement = _load(store, folder, new, held)
            console.print(f"loaded in {time.perf_counter() - begin:,.0f} s")
            core = _core_rate(folder, agreement)
            console.print(f"the core alone: {core:,.0f} pairs a second")
            told = _night(store, settings, console)
    pairs = new * held
    rate = pairs / told["seconds"]["compare"]
    report = {
        "new": new, "held": held, "pairs": pairs, **told,
        "compared_per_second": round(rate), "core_pairs_per_second": round(core),
        "of_core": round(rate / core, 3),
        "of_core_to_the_end": round(pairs / told["seconds"]["all"] / core, 3),
        "machine": _machine(),
    }  # fmt: skip
    console.print(report)
    if (new, held) == (NEW, HELD):
        with written_whole(RESULTS) as path:
            path.write_text(json.dumps(report, indent=1) + "\n")
        sys.exit(told["seconds"]["all"] > MOST_SECONDS or rate < LEAST_OF_CORE * core)


def _load(store: Store, folder: Path, new: int, held: int) -> Agreement:
    """Have the held records taken in and called compared, then the new ones taken in."""
    agreement = Agreement.new(
        agreement_id="ab" * 16,
        parties=(_ONE, _TWO),
        scheme=Scheme.published(DEFAULT_SCHEME),
        linkage_unit="hub",
        purposes=("family-tracing",),
        legal_bases=("consent",),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        retention_days=365,
        terms=Terms.of_fiction(
            permutations((_ONE, _TWO), 2), ("family-tracing",), date(2026, 1, 1), date(2026, 12, 31)
        ),
    )
    with store.as_unit() as session:
        admitting.add_agreement(session, agreement, on=agreement.valid_from)
    drawn = Drawn(agreement.scheme, seed=1)
    for number, start in enumerate(range(0, held, BATCH)):
        path = folder / ("held" if number == 0 else "further")
        drawn.write(path, agreement, _TWO, "registered", min(BATCH, held - start), again=False)
        _take_in(store, agreement, _TWO, path)
    _call_compared(store, agreement)
    drawn.write(folder / "new", agreement, _ONE, "sought", new, again=True)
    _take_in(store, agreement, _ONE, folder / "new")
    return agreement


def _take_in(store: Store, agreement: Agreement, society: str, path: Path) -> None:
    content = path.read_bytes()
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    with store.as_society(society) as session:
        batch = batches.register(
            session, society=society, agreement=agreement.agreement_id, digest=digest,
            size=len(content), on=_ON, actor="bench",
        ).id  # fmt: skip
        batches.note_part(session, batch, number=0, size=len(content), digest=digest, actor="bench")
        batches.finish(session, batch, actor="bench")
    receipt = Receipt(
        agreement_id=agreement.agreement_id, society=society, number=time.time_ns(), key_epoch=1,
        digest=digest,
    )  # fmt: skip
    with path.open("rb") as file:
        acceptance.take_in(store, batch, read_batch(path, agreement), file, receipt, on=_ON)


def _call_compared(store: Store, agreement: Agreement) -> None:
    """Say that earlier nights have compared all that is there."""
    with store.as_unit() as session:
        row = session.get_one(AgreementRow, agreement.agreement_id)
        plan = plan_night(session, row, on=_ON)
        run = RunRow(
            agreement=agreement.agreement_id, state="published", on_date=_ON, is_full=True,
            compares_as=plan.compares_as, plan=plan.summary(), plan_digest=plan.digest, pairs=0,
        )  # fmt: skip
        session.add(run)
        session.flush()
        row.compared_as = plan.compares_as
        row.compared_corridors = [list(pair) for pair in plan.corridors]
        session.query(Record).update({"taken_in": run.id, "compared_in": run.id})


def _core_rate(folder: Path, agreement: Agreement) -> float:
    """Pairs a second of the core alone over one tile in memory, pass by pass: the best of two."""
    model = EvidenceModel.of(agreement.scheme)
    new, held = (read_batch(folder / name, agreement) for name in ("new", "held"))
    sides: list[tuple[Filters, Filters, int]] = []
    for name, reach in model.reach.items():
        left, right = (
            bits[present] for bits, present in (new.fingerprints(name), held.fingerprints(name))
        )
        sides.append((left, right, reach))
        find_pairs(left[:100], right[:100], measure="hamming", threshold=reach)  # compiles
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        for left, right, reach in sides:
            find_pairs(left, right, measure="hamming", threshold=reach)
        seconds.append(time.perf_counter() - begin)
    return len(new) * len(held) / min(seconds)


def _night(store: Store, settings: Settings, console: Console) -> dict[str, Any]:
    with store.as_unit() as session:
        begin = time.perf_counter()
        plan_night(session, session.scalars(select(AgreementRow)).one(), on=_ON)
        planning = time.perf_counter() - begin
    tiles = []

    def advance(pairs: int) -> None:
        tiles.append(time.perf_counter())
        console.print(f"{pairs:,} pairs, {tiles[-1] - begin:,.1f} s")

    begin = time.perf_counter()
    (outcome,) = run_night(
        store, on=_ON, limits=Limits(settings.most_pairs, settings.most_candidates), top=TOP,
        advance=advance,
    )  # fmt: skip
    published = time.perf_counter()
    with store.as_unit() as session:
        audit.sign(session, audit.signing_key(settings.audit_key), settings.checkpoints)
    end = time.perf_counter()
    if outcome.refused:
        sys.exit(outcome.refused)
    with store.as_unit() as session:
        held = session.scalar(select(func.count()).select_from(CandidateRow))
        size = session.scalar(text("SELECT pg_database_size(current_database())"))
    return {
        "candidates": held,
        "database_bytes": size,
        "seconds": {
            name: round(value, 1)
            for name, value in (
                ("plan", planning),
                ("compare", tiles[-1] - begin - planning),
                ("publish", published - tiles[-1]),
                ("sign", end - published),
                ("all", end - begin),
            )
        },
    }


def _machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    models = {
        line.partition(":")[2].strip()
        for line in (info.read_text().splitlines() if info.exists() else ())
        if line.startswith("model name")
    }
    return {
        "processor": ", ".join(sorted(models)) or platform.machine(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("kinmatch", "numba", "numpy", "psycopg", "pyarrow")},
    }


if __name__ == "__main__":
    main()
