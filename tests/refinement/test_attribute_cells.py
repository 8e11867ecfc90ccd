"""Attribute fingerprints: alike where the names are and the keys, and telling nothing else."""

from collections.abc import Callable

import numpy as np
import pytest
from refining_cases import cells_of, names

from matcher.formats.agreement import Agreement
from matcher.formats.attributes import FIELDS, PIECE, Kind

DrawUp = Callable[..., Agreement]

FULL = {
    "given_name": "Samira",
    "father_name": "Khalid",
    "grandfather_name": "Yusuf",
    "family_name": "Haddad",
    "mother_name": "Layla Nasser",
    "other_names": "Um Omar",
    "birth_date": "1990-03-14",
    "sex": "f",
    "birth_place": "Homs",
    "residence": "Aleppo",
    "last_seen_place": "Athens",
    "last_seen_date": "2016-05-20",
    "nationality": "SYR",
}


@pytest.fixture(scope="module")
def agreement(draw_up: DrawUp) -> Agreement:
    return draw_up()


def part_of(cells: np.ndarray, kind: Kind, part: str) -> np.ndarray:
    return cells[:, kind.slice_of(part)]


def test_one_candidate_has_the_same_on_both_sides(agreement: Agreement) -> None:
    identifiers = names(1)
    left = cells_of([FULL], agreement, society="one", identifiers=identifiers)
    right = cells_of([FULL], agreement, society="other", identifiers=identifiers)
    assert list(left) == list(FIELDS)
    for part in ("bigrams", "sounds", "whole", "skeleton"):
        one, other = (part_of(side["given_1"][0], PIECE, part) for side in (left, right))
        assert np.array_equal(one, other)
    assert np.array_equal(left["birth"][0][:, :15], right["birth"][0][:, :15])  # the years


def test_two_candidates_share_nothing_of_one_record(agreement: Agreement) -> None:
    """Attack A3 counts equal cells: over a thousand candidates there are none."""
    identifiers = names(1000)
    cells = cells_of([FULL] * 1000, agreement, society="one", identifiers=identifiers)
    for name in ("given_1", "family_1", "mother_1", "birth", "residence"):
        content, present = cells[name]
        assert present.all()
        assert len(np.unique(content, axis=0)) == 1000, name
    whole = part_of(cells["given_1"][0], PIECE, "whole")
    assert len(np.unique(whole, axis=0)) > 980  # 16 bits meet by chance


@pytest.mark.parametrize("part", [part for part in PIECE.parts if part.bits])
def test_a_filter_does_not_tell_how_long_a_name_is(agreement: Agreement, part: object) -> None:
    count = 400
    weights = []
    for name in ("Li", "Konstantinopolitanova"):
        cells = cells_of(
            [{"given_name": name}] * count, agreement, society="one", identifiers=names(count)
        )
        content = part_of(cells["given_1"][0], PIECE, part.name)
        weights.append(np.bitwise_count(content).sum(axis=1))
    short, long = weights
    assert abs(short.mean() - long.mean()) < 4 * np.sqrt((short.var() + long.var()) / count)


def test_words_are_filled_so_that_none_is_missing(agreement: Agreement) -> None:
    count = 300
    cells = cells_of(
        [{"given_name": "Qwzx"}] * count, agreement, society="one", identifiers=names(count)
    )
    unknown = part_of(cells["given_1"][0], PIECE, "lexicon").copy().view("<u2")
    assert unknown.shape == (count, 8)
    assert len(np.unique(unknown)) > 0.95 * unknown.size  # random, and none alike


def test_two_societies_fill_differently(agreement: Agreement) -> None:
    identifiers = names(200)
    rows = [{"given_name": "Qwzx"}] * 200
    one, other = (
        part_of(
            cells_of(rows, agreement, society=society, identifiers=identifiers)["given_1"][0],
            PIECE,
            "lexicon",
        )
        for society in ("one", "other")
    )
    assert not (one == other).all(axis=1).any()


def test_other_keys_have_nothing_in_common(agreement: Agreement) -> None:
    identifiers = names(200)
    one, other = (
        cells_of([FULL] * 200, agreement, society="one", identifiers=identifiers, key=key)
        for key in (1, 2)
    )
    shared = part_of(one["given_1"][0], PIECE, "sounds") & part_of(
        other["given_1"][0], PIECE, "sounds"
    )
    by_chance = 256 * (1 - (1 - 1 / 256) ** 48) ** 2
    assert abs(np.bitwise_count(shared).sum(axis=1).mean() - by_chance) < 1


def test_what_is_absent_has_no_cell(agreement: Agreement) -> None:
    rows = [FULL, {"given_name": "Ana"}, {"family_name": "E", "birth_date": "soon"}]
    cells = cells_of(rows, agreement, society="one", identifiers=names(3))
    for name, (content, present) in cells.items():
        assert present[0] or name in ("given_2", "family_2", "other_2"), name
        assert present[1] == (name == "given_1")
        assert not present[2], "an initial and a date that can't be read say nothing"
        assert not content[~present].any()


def test_the_same_again(agreement: Agreement) -> None:
    once, again = (
        cells_of([FULL] * 3, agreement, society="one", identifiers=names(3)) for _ in range(2)
    )
    for name, (content, present) in once.items():
        assert np.array_equal(content, again[name][0])
        assert np.array_equal(present, again[name][1])


def test_plain_bytes_are_in_range(agreement: Agreement) -> None:
    rows = [FULL, {**FULL, "given_name": "Zzyzx", "birth_date": "1990", "residence": "nowhere"}]
    cells = cells_of(rows, agreement, society="one", identifiers=names(2))
    for name, (_, kind) in FIELDS.items():
        content, present = cells[name]
        assert (content[present, 0] < kind.plain).all()
