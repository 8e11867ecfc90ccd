"""Bands of min-wise hashes: who shares how many, whom that finds, and what it tells."""

from itertools import pairwise
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import benchmarks.bands
from benchmarks.attacks.populations import overlapping, people, records_of
from benchmarks.bands.attack import graph_matching, known_plaintext_attack
from benchmarks.bands.banding import Banding, Stratum, counted, drawn, largest_class, shared_by
from benchmarks.bands.evidence import told
from benchmarks.bands.finding import _ranked, found_among, least_shared
from benchmarks.peers.sets import generated
from encoders.records import Records
from matcher.formats.scheme import Attribute, Pass, View

FILES = sorted(Path(benchmarks.bands.__file__).parent.glob("*.toml"))


def banding(bands: int = 400, *, rows: int = 1, floor: float = 0) -> Banding:
    """The letters of a name; every pair of letters weighs the same in every record."""
    views = (View(name="name.bigrams/2", each=2, most=1000),)
    attributes = (Attribute(name="name", views=views),)
    tokens = Pass(name="bands", attributes=attributes, needs=(), bits=1024, floor=0, hardening=())
    return Banding("letters", bands, (Stratum(tokens, rows, floor),))


def named(*names: str) -> Records:
    return Records.from_rows([{"given_name": name} for name in names], role="sought")


def test_every_file_can_be_read() -> None:
    assert FILES
    for file in FILES:
        assert Banding.read(file).name == file.stem


def test_the_same_seed_draws_the_same() -> None:
    records = records_of(people(50, 1))
    one, again, other = (drawn(records, banding(), seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("rows", "ends"), [(1, (20, 100, 400, 2000)), (3, (2, 20, 100, 2000))])
def test_as_many_symbols_are_shared_as_plaintext_lets_expect(
    rows: int, ends: tuple[int, ...]
) -> None:
    records = records_of(people(300, 4))
    made = banding(2000, rows=rows)
    expected, seen = shared_by(records, made), counted(drawn(records, made, 1))
    above = np.triu_indices(300, 1)
    for low, high in pairwise(ends):
        there = (low <= expected[above]) & (expected[above] < high)
        rows_of, columns = (side[there] for side in above)
        assert len(rows_of) > 20
        share = seen[rows_of, columns].mean() / expected[rows_of, columns].mean()
        assert share == pytest.approx(1, abs=0.1)


def test_who_is_the_same_shares_all_and_who_has_nothing_in_common_none() -> None:
    seen = counted(drawn(named("Amina", "Amina", "Георгий", "Boutros"), banding(), 1))
    assert seen[0, 1] == 400
    assert seen[0, 3] == seen[1, 3] == 0
    assert seen[2, 2] == 0


def test_a_floor_keeps_apart_who_holds_little() -> None:
    records = named("Li", "Li", "Maximilian Featherstonehaugh", "Maximilian Featherstonehaugh")
    seen = counted(drawn(records, banding(floor=20), 1))
    assert seen[0, 1] < 200
    assert seen[2, 3] == 400
    assert shared_by(records, banding(floor=20))[0, 1] == pytest.approx(seen[0, 1], rel=0.3)


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 20))
def test_counting_is_that_of_all_pairs(seed: int, size: int, bands: int) -> None:
    symbols = np.random.default_rng(seed).integers(4, size=(size, bands)).astype(np.uint32)
    pairs = (symbols[:, None] == symbols[None]).sum(axis=2)
    np.fill_diagonal(pairs, 0)
    assert np.array_equal(counted(symbols), pairs)
    assert largest_class(symbols) == max((symbols == one).sum(axis=0).max() for one in symbols)


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 20))
def test_ranks_are_those_of_all_pairs(seed: int, held: int, bands: int) -> None:
    generator = np.random.default_rng(seed)
    register = generator.integers(3, size=(held, bands)).astype(np.uint32)
    sought = generator.integers(3, size=(7, bands)).astype(np.uint32)
    wanted = generator.integers(held, size=7)
    order = np.argsort(register, axis=0, kind="stable").T.astype(np.int32)
    ordered = np.ascontiguousarray(np.take_along_axis(register.T, order, axis=1))
    shared, ahead = _ranked(sought, ordered, order, wanted)
    for row, one in enumerate(wanted):
        counts = [int((sought[row] == other).sum()) for other in register]
        best_first = sorted(range(held), key=lambda other: (-counts[other], other))
        assert (shared[row], ahead[row]) == (counts[one], best_first.index(one))


def test_more_rows_find_fewer_and_tell_less() -> None:
    labelled = generated(300, 1500, 5)
    shares = [found_among(labelled, banding(rows=rows), 10, 1) for rows in (1, 6)]
    assert 0.95 > shares[0] > shares[1] + 0.1
    means = [shared_by(records_of(people(200, 1)), banding(rows=rows)) for rows in (1, 6)]
    above = np.triu_indices(200, 1)
    assert told(means[0][above].astype(float)) > 3 * told(means[1][above].astype(float))


def test_nothing_is_told_where_all_are_equally_alike() -> None:
    assert told(np.full(1000, 0.3)) == pytest.approx(0, abs=1e-6)


def test_a_pair_that_cannot_be_mistaken_tells_which_kind_it_is_of() -> None:
    # A hundredth of all pairs share hundreds, the others nothing: that is all there is to tell.
    means = np.repeat([1e-9, 500.0], [990, 10])
    assert told(means) == pytest.approx(-990 * log(0.99) - 10 * log(0.01), rel=1e-6)


def test_what_must_be_shared_is_not_shared_by_chance() -> None:
    assert least_shared(banding(2000)) == 2
    assert least_shared(banding(10**7)) == 4


def test_attacks_prove_themselves_where_much_is_shared() -> None:
    records, knowledge = overlapping(300, 300, 3)
    plain = Banding.read(FILES[0])
    open_to_all = Banding("open", 500, tuple(Stratum(one.tokens, 1, 0) for one in plain.strata))
    named = graph_matching(records, knowledge, open_to_all, 3)
    assert max(list(named.values())[:-1]) > 290
    assert 190 < named["30% known"] < 220, "the 30 % that it knows are none that it names"
    assert known_plaintext_attack(records_of(people(1000, 3)), open_to_all, 200, 3).rate > 0.9
