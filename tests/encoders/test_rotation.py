"""Encoding anew under a new key epoch: references stay, bits do not."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from encoders.batching import write_batch_of
from encoders.encoding import encode
from encoders.keys import Keys
from encoders.records import Records
from encoders.references import References, read_references
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, read_batch
from matcher.formats.scheme import Scheme

DrawUp = Callable[..., Agreement]


@pytest.fixture
def first(draw_up: DrawUp) -> Agreement:
    return draw_up(scheme=Scheme.published("standard/1"))


def people(*numbers: int) -> Records:
    rows = [
        {"record_id": f"r{number}", "given_name": f"Amina{number}", "birth_date": "1990-03-04"}
        for number in numbers
    ]
    return Records.from_rows(rows, role="sought")


def encoded(
    folder: Path, records: Records, under: Agreement, keep: References | None = None
) -> tuple[Batch, References]:
    path, references = (folder / f"{under.key_epoch}.{kind}" for kind in ("batch", "references"))
    keys = Keys.throwaway(under, seed=1)
    write_batch_of(
        encode(records, under, keys),
        records,
        society="red-one",
        agreement=under,
        path=path,
        references_path=references,
        keep=keep,
    )
    return read_batch(path, under), read_references(references, under)


def by_record(batch: Batch, references: References) -> dict[str, tuple[bytes, bytes]]:
    """For each record its reference and its fingerprint of the first pass."""
    bits, _ = batch.fingerprints("name_birth")
    return {
        record: (reference.tobytes(), filter_bits.tobytes())
        for record, reference, filter_bits in zip(
            references.record_ids(batch.references), batch.references, bits, strict=True
        )
    }


def test_references_stay_and_bits_do_not(first: Agreement, tmp_path: Path) -> None:
    old = encoded(tmp_path, people(*range(40)), first)
    amended = first.with_next_epoch(date(2026, 6, 1), overlap_days=0)
    kept = read_references(tmp_path / "1.references", amended)
    new = encoded(tmp_path, people(*range(10, 60)), amended, kept)
    before, after = by_record(*old), by_record(*new)
    assert set(after) == {f"r{number}" for number in range(10, 60)}
    for record in set(before) & set(after):
        assert before[record][0] == after[record][0]
    fresh = {after[record][0] for record in set(after) - set(before)}
    assert not fresh & {reference for reference, _ in before.values()}
    differing = [
        np.bitwise_count(
            np.frombuffer(before[record][1], np.uint8) ^ np.frombuffer(after[record][1], np.uint8)
        ).sum()
        / (8 * len(before[record][1]))
        for record in set(before) & set(after)
    ]
    # As between strangers: nobody can follow a person from one epoch to the next by its bits.
    assert 0.45 < np.mean(differing) < 0.55


def test_without_an_old_file_references_are_fresh(first: Agreement, tmp_path: Path) -> None:
    amended = first.with_next_epoch(date(2026, 6, 1), overlap_days=0)
    one = by_record(*encoded(tmp_path, people(1, 2), first))
    two = by_record(*encoded(tmp_path, people(1, 2), amended))
    assert not {one[r][0] for r in one} & {two[r][0] for r in two}
