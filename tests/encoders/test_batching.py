"""From fingerprints to a batch: pseudonyms, shuffle, the reference file, and nothing by halves."""

import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encoders import batching, encoding
from encoders.batching import write_batch_of
from encoders.encoding import Encoded, Encoding, Fingerprints, encode
from encoders.keys import Keys
from encoders.records import Records
from encoders.references import read_references
from encoders.views import VIEWS
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, read_batch
from matcher.formats.errors import (
    AgreementError,
    InputError,
    IntegrityError,
    MismatchError,
    OutputError,
    ParameterError,
)
from matcher.formats.scheme import Scheme
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

DrawUp = Callable[..., Agreement]
COUNT = 300
CANARY = "QZXCANARY"


def make_records(count: int = COUNT) -> Records:
    """Records of cases of three, whose ids give the position, with canaries as values."""
    rows = [
        {
            "record_id": f"{CANARY}-{i}",
            "case_id": f"{CANARY}-case-{i // 3}" if i % 4 else None,
            "role": ROLES[i % 4],
            "relation": ("Mother", None, "best friend")[i % 3],
            "given_name": CANARY,
        }
        for i in range(count)
    ]
    return Records.from_rows(rows, role="sought")


def make_encoded(count: int = COUNT) -> Encoded:
    """Fingerprints whose first word gives the position."""
    passes = {}
    for name, words in (("one", 2), ("two", 1)):
        bits = np.zeros((count, words), np.uint64)
        bits[:, 0] = np.arange(1, count + 1)
        present = np.arange(count) % 5 != 0
        bits[~present] = 0
        passes[name] = Fingerprints(bits, present)
    return Encoded(passes)


Write = Callable[..., tuple[Path, Path]]


@pytest.fixture
def write(tmp_path: Path, draw_up: DrawUp) -> Write:
    def written(name: str = "a", **changes: Any) -> tuple[Path, Path]:
        usual: dict[str, Any] = {
            "encoded": make_encoded(),
            "records": make_records(),
            "society": "red-one",
            "agreement": draw_up(),
            "path": tmp_path / f"{name}.batch",
            "references_path": tmp_path / f"{name}.references",
        }
        arguments = {**usual, **changes}
        write_batch_of(**arguments)
        return arguments["path"], arguments["references_path"]

    return written


def positions(batch: Batch, path: Path, agreement: Agreement) -> list[int]:
    ids = read_references(path, agreement).record_ids(batch.references)
    return [int(record_id.rpartition("-")[2]) for record_id in ids]


def test_every_row_is_the_record_that_its_reference_stands_for(
    write: Write, draw_up: DrawUp
) -> None:
    path, references_path = write()
    batch = read_batch(path, draw_up())
    where = positions(batch, references_path, draw_up())
    assert sorted(where) == list(range(COUNT))
    for name, prints in make_encoded().passes.items():
        bits, present = batch.fingerprints(name)
        np.testing.assert_array_equal(bits, prints.bits[where])
        np.testing.assert_array_equal(present, prints.present[where])
    assert [ROLES[code] for code in batch.roles] == [ROLES[i % 4] for i in where]
    mother = RELATIONS.index("mother")
    assert batch.relations.tolist() == [NO_RELATION if i % 3 else mother for i in where]
    assert batch.has_case.tolist() == [i % 4 != 0 for i in where]


def test_the_persons_of_one_case_share_its_pseudonym(write: Write, draw_up: DrawUp) -> None:
    path, references_path = write()
    batch = read_batch(path, draw_up())
    cases: dict[int, set[bytes]] = {}
    for row, i in enumerate(positions(batch, references_path, draw_up())):
        if i % 4:
            cases.setdefault(i // 3, set()).add(batch.cases[row].tobytes())
    assert all(len(pseudonyms) == 1 for pseudonyms in cases.values())
    assert len(set.union(*cases.values())) == len(cases)


def test_the_order_says_nothing(write: Write, draw_up: DrawUp) -> None:
    path, references_path = write(seed=1)
    where = positions(read_batch(path, draw_up()), references_path, draw_up())
    assert abs(np.corrcoef(where, range(COUNT))[0, 1]) < 0.2


def test_nothing_of_a_record_gets_into_the_batch(write: Write) -> None:
    path, references_path = write()
    assert CANARY.encode() not in path.read_bytes()
    # Only the id, and the day on which a record is due for review, are in the reference file.
    assert pq.read_schema(references_path).names == ["reference", "record_id", "review_on"]
    assert references_path.read_bytes().count(CANARY.encode()) == COUNT


def test_one_seed_one_batch(write: Write) -> None:
    first, again, other = (
        write(name, seed=seed) for name, seed in zip("abc", (7, 7, 8), strict=True)
    )
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert first[0].read_bytes() != other[0].read_bytes()


def test_without_a_seed_no_batch_is_like_another(write: Write, draw_up: DrawUp) -> None:
    first, again = (read_batch(write(name)[0], draw_up()) for name in "ab")
    for one, two in ((first.references, again.references), (first.cases, again.cases)):
        there = {row.tobytes() for row in one} & {row.tobytes() for row in two}
        assert there <= {bytes(16)}


def test_two_societies_with_one_seed_are_shuffled_apart(write: Write, draw_up: DrawUp) -> None:
    """Or the order of the rows would tell a rehearsal who is whom."""
    orders = []
    for society in ("red-one", "red-two"):
        path, references_path = write(society, society=society, seed=7)
        orders.append(positions(read_batch(path, draw_up()), references_path, draw_up()))
    assert abs(np.corrcoef(*orders)[0, 1]) < 0.2


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_reference_file_is_for_the_society_alone(write: Write) -> None:
    assert stat.S_IMODE(write()[1].stat().st_mode) == 0o600


def test_the_reference_file_names_its_batch(write: Write, draw_up: DrawUp) -> None:
    path, references_path = write()
    batch, references = read_batch(path, draw_up()), read_references(references_path, draw_up())
    assert references.header.batch_seal == batch.header.seal
    assert references.header.society == "red-one"
    assert len(references) == COUNT
    assert repr(references) == f"<{COUNT} references of red-one>"


def test_a_reference_of_another_batch(write: Write, draw_up: DrawUp) -> None:
    references = read_references(write("a")[1], draw_up())
    other = read_batch(write("b")[0], draw_up())
    with pytest.raises(MismatchError, match="2 of 2 references") as caught:
        references.record_ids(other.references[:2])
    assert CANARY not in str(caught.value)
    assert references.record_ids(other.references[:0]) == []


@pytest.mark.parametrize(
    ("terms", "values"),
    [
        ({"agreement_id": "cd" * 16}, ("ab" * 16, "cd" * 16)),
        ({"key_epoch": 2}, ("epoch 1", "has 2")),
    ],
)
def test_a_reference_file_of_another_agreement(
    write: Write, draw_up: DrawUp, terms: dict[str, object], values: tuple[str, str]
) -> None:
    with pytest.raises(MismatchError) as caught:
        read_references(write()[1], draw_up(**terms))
    assert all(value in str(caught.value) for value in values)


def test_batch_and_reference_file_are_not_taken_for_each_other(
    write: Write, draw_up: DrawUp
) -> None:
    path, references_path = write()
    with pytest.raises(InputError, match="not a kinmatch-references but a kinmatch-batch"):
        read_references(path, draw_up())
    with pytest.raises(InputError, match="not a kinmatch-batch but a kinmatch-references"):
        read_batch(references_path, draw_up())


def test_an_altered_reference_file(write: Write, draw_up: DrawUp) -> None:
    references_path = write()[1]
    content = references_path.read_bytes()
    for at in range(0, len(content), 13):
        altered = bytearray(content)
        altered[at] ^= 4
        references_path.write_bytes(altered)
        with pytest.raises((IntegrityError, InputError)) as caught:
            read_references(references_path, draw_up())
        assert CANARY not in str(caught.value)


def test_a_reference_file_is_never_replaced(write: Write, tmp_path: Path) -> None:
    before = [path.read_bytes() for path in write()]
    with pytest.raises(OutputError, match="can't be resolved"):
        write()
    assert [(tmp_path / name).read_bytes() for name in ("a.batch", "a.references")] == before


@pytest.mark.parametrize(("chunk", "group", "workers"), [(7, 100, 1), (100, 7, 2), (64, 64, 3)])
def test_a_batch_encoded_on_its_way_is_the_same_file(
    write: Write,
    draw_up: DrawUp,
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
    group: int,
    workers: int,
) -> None:
    agreement, records = draw_up(scheme=Scheme.published("standard/1")), make_records()
    keys = Keys.throwaway(agreement, seed=1)
    monkeypatch.setattr(batching, "GROUP_ROWS", group)
    whole = write("whole", encoded=encode(records, agreement, keys), agreement=agreement, seed=3)
    monkeypatch.setattr(encoding, "CHUNK", chunk)
    told: list[int] = []
    lazy = Encoding(records, agreement, keys, workers=workers, progress=told.append)
    pieces = write("pieces", encoded=lazy, agreement=agreement, seed=3)
    assert [path.read_bytes() for path in pieces] == [path.read_bytes() for path in whole]
    assert told[-1] == COUNT
    assert len(told) == -(-COUNT // chunk)
    metadata = pq.read_metadata(pieces[0])
    groups = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert groups == [group] * (COUNT // group) + [COUNT % group] * bool(COUNT % group)


@pytest.mark.parametrize("lazily", [True, False])
def test_a_record_that_can_not_be_encoded_is_left_out(
    write: Write, draw_up: DrawUp, monkeypatch: pytest.MonkeyPatch, lazily: bool
) -> None:
    agreement, records = draw_up(scheme=Scheme.published("standard/1")), make_records()
    names = [f"Ana {'zz' * (i in (3, 200))}" for i in range(COUNT)]
    records = records.with_columns({"given_name": pa.array(names)})
    label = agreement.scheme.passes[0].attributes[0].views[0].name

    def tokens(part: str) -> list[str]:
        return [str(1 // ("zz" not in part))]

    monkeypatch.setitem(VIEWS, label, replace(VIEWS[label], tokens=tokens))
    keys = Keys.throwaway(agreement, seed=1)
    encoded = (Encoding if lazily else encode)(records, agreement, keys)
    path, references_path = write(encoded=encoded, records=records, agreement=agreement)
    batch = read_batch(path, agreement)
    assert sorted(positions(batch, references_path, agreement)) == sorted(
        set(range(COUNT)) - {3, 200}
    )
    assert len(read_references(references_path, agreement)) == COUNT - 2
    assert [(one.field, one.rows.tolist()) for one in encoded.findings] == [
        ("given_name", [3, 200])
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"society": "stranger"}, AgreementError),
        ({"encoded": make_encoded(COUNT - 1)}, ParameterError),
        ({"records": make_records(COUNT - 1)}, ParameterError),
        ({"encoded": Encoded({})}, ParameterError),
    ],
)
def test_what_does_not_fit_is_refused(
    write: Write, tmp_path: Path, change: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        write(**change)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("record_id", None, "Record 3 has no record_id"),
        ("role", CANARY, "Record 3 has no role or an unknown one"),
        ("role", None, "Record 3 has no role or an unknown one"),
    ],
)
def test_records_that_were_not_checked(
    write: Write, tmp_path: Path, column: str, cell: str | None, message: str
) -> None:
    records = make_records()
    cells = records.column(column).to_pylist()
    cells[2] = cell
    with pytest.raises(ParameterError, match=message) as caught:
        write(records=records.with_columns({column: pa.array(cells, pa.string())}))
    assert CANARY not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_one_name_for_two_files(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="two names"):
        write(references_path=tmp_path / "x" / ".." / "a.batch")


def test_no_records(write: Write, draw_up: DrawUp) -> None:
    path, references_path = write(encoded=make_encoded(0), records=make_records(0))
    assert len(read_batch(path, draw_up())) == 0
    assert len(read_references(references_path, draw_up())) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes to set")
@pytest.mark.parametrize("limit", [100, 15_000, 22_000])
def test_a_full_disk_leaves_neither_file(draw_up: DrawUp, tmp_path: Path, limit: int) -> None:
    """15,000 bytes are too few for the batch; 22,000 hold it, but not the longer reference file."""
    draw_up().write(tmp_path / "agreement.toml")
    (tmp_path / "out").mkdir()
    script = f"""
        import resource, sys
        from pathlib import Path
        from encoders.batching import write_batch_of
        from matcher.formats.agreement import Agreement
        from matcher.formats.errors import OutputError
        from test_batching import make_encoded, make_records

        agreement = Agreement.read(Path("agreement.toml"))
        encoded, records = make_encoded(), make_records()
        ids = records.column("record_id").to_pylist()
        records = records.with_columns({{"record_id": [i + "x" * 100 for i in ids]}})
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        try:
            write_batch_of(
                encoded, records, society="red-one", agreement=agreement,
                path=Path("out/a.batch"), references_path=Path("out/a.references"),
            )
        except OutputError as error:
            sys.exit("refused: " + str(error))
    """
    ran = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
    )
    file = "a.references" if limit == 22_000 else "a.batch"
    assert f"refused: out/{file}: can't be written" in ran.stderr, ran.stderr
    assert CANARY not in ran.stderr
    assert not list((tmp_path / "out").iterdir())
