"""Rows for batches under the tiny scheme, and what was read back beside them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, Rows
from matcher.formats.knowledge import HIGHEST
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

DrawUp = Callable[..., Agreement]
WORDS = {"one": 2, "two": 1}
COLUMNS = ("reference", "role", "relation", "known", "case", "mark", "review_on")


def make_rows(count: int, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    references = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    fingerprints = {}
    for name, words in WORDS.items():
        bits = rng.integers(0, 1 << 63, (count, words), dtype=np.uint64) << np.uint64(1)
        present = rng.random(count) < 0.7
        bits[~present] = 0
        fingerprints[name] = (bits, present)
    has_case = rng.random(count) < 0.5
    cases = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    cases[~has_case] = 0
    return Rows(
        references=references[np.lexsort(references.T[::-1])],
        roles=rng.integers(0, len(ROLES), count).astype(np.int8),
        relations=rng.integers(NO_RELATION, len(RELATIONS), count).astype(np.int8),
        known=rng.integers(0, HIGHEST + 1, count).astype(np.uint8),
        cases=cases,
        has_case=has_case,
        fingerprints=fingerprints,
        marks=rng.integers(0, 256, (count, 16), dtype=np.uint8),
        review_on=np.datetime64("2026-01-01") + rng.integers(0, 9, count),
    )


def changed(rows: Rows, **fields: Any) -> Rows:
    return replace(rows, **fields)


def in_groups(rows: Rows, size: int) -> Iterator[Rows]:
    for start in range(0, len(rows.references), size):
        part = slice(start, start + size)
        yield Rows(
            references=rows.references[part],
            roles=rows.roles[part],
            relations=rows.relations[part],
            known=rows.known[part],
            cases=rows.cases[part],
            has_case=rows.has_case[part],
            fingerprints={n: (b[part], p[part]) for n, (b, p) in rows.fingerprints.items()},
            marks=None if rows.marks is None else rows.marks[part],
            review_on=None if rows.review_on is None else rows.review_on[part],
        )


def assert_holds(read: Batch, rows: Rows) -> None:
    assert len(read) == len(rows.references)
    np.testing.assert_array_equal(read.references, rows.references)
    np.testing.assert_array_equal(read.roles, rows.roles)
    np.testing.assert_array_equal(read.relations, rows.relations)
    np.testing.assert_array_equal(read.known, rows.known)
    np.testing.assert_array_equal(read.cases, rows.cases)
    np.testing.assert_array_equal(read.has_case, rows.has_case)
    np.testing.assert_array_equal(read.marks, rows.marks)
    np.testing.assert_array_equal(read.review_on, rows.review_on)
    for name, (bits, present) in rows.fingerprints.items():
        read_bits, read_present = read.fingerprints(name)
        assert read_bits.dtype == np.uint64
        assert read_bits.flags.c_contiguous
        assert read_bits.shape == (len(read), WORDS[name])
        assert read_present.dtype == np.bool_
        np.testing.assert_array_equal(read_bits, bits)
        np.testing.assert_array_equal(read_present, present)
