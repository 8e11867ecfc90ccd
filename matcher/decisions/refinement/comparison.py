"""From the cells of two records to the outcome of every attribute.

Cells are as `matcher.formats.attributes` lays them out. Both sides of a row are under the same
one-time keys; rows have nothing to do with each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from matcher.decisions.refinement.outcomes import NAMES, OUTCOMES, code
from matcher.decisions.refinement.pieces import ALIKE, NOTHING, Grades, PieceWeights, grades
from matcher.formats.attributes import (
    BIRTH,
    CODE,
    KNOWN_OF_PLACE,
    MOTHERS,
    PIECES,
    PLACE,
    PLACES,
    PRECISIONS,
    SEPARATION,
    SEPARATION_MARGINS,
    SEPARATION_PRECISIONS,
    YEAR_MARGIN,
    Kind,
)
from matcher.formats.cells import Mask, Octets

Cells = Mapping[str, tuple[Octets, Mask]]
"""For each of `matcher.formats.attributes.FIELDS` n cells and whether each is present."""

Codes = npt.NDArray[np.int8]

_GIVEN = ("given_1", "given_2")
_FAMILY = ("family_1", "family_2")
_OTHERS = ("other_1", "other_2")
# Where else a name of each attribute may stand, when it is not where it should be.
_ELSEWHERE = {
    "father": ("grandfather", *_FAMILY, *_OTHERS, "given_2"),
    "grandfather": ("father", *_FAMILY, *_OTHERS),
    "family": ("father", "grandfather", *_OTHERS, "given_2"),
}
_OWN = {
    "father": ("father",),
    "grandfather": ("grandfather",),
    "family": _FAMILY,
}
_SWAPPED_WITH = {"family": ("given_1",)}  # looked at too, but not missed there
_CHUNK = 1 << 14  # rows compared together: their pieces are stacked
_CLOSE_IN_WORDS, _VERY_CLOSE_IN_WORDS = 0.5, 0.75
_WORDS_COMMON_BY_CHANCE = 4.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Compared:
    """What the attributes of n candidates came to.

    Attributes:
        outcomes: Shape (n, attributes), int8: numbers of `OUTCOMES`, in its order of attributes.
        classes: Shape (n, names), int8: the frequency class of the name that agrees, for each of
            `NAMES`; -1 where none does.
    """

    outcomes: Codes
    classes: Codes


def compare(weights: PieceWeights, left: Cells, right: Cells) -> Compared:
    """Compare n candidates attribute by attribute.

    Args:
        weights: What pieces of names weigh.
        left: The cells of each candidate's one record.
        right: Those of the other, under the same keys.
    """
    names, classes = _names(weights, left, right)
    birth = _Birth(left["birth"], right["birth"])
    columns = {
        **names,
        "birth_year": birth.year(),
        "birth_day": birth.day(),
        "sex": _code(left["sex"], right["sex"]),
        "nationality": _code(left["nationality"], right["nationality"]),
        "birth_place": _place(left["birth_place"], right["birth_place"]),
        "residence": _residence(left, right),
        "separation": _separation(left["separation"], right["separation"]),
        "separation_place": _place(left["last_seen_place"], right["last_seen_place"]),
    }
    return Compared(
        np.stack([columns[name] for name in OUTCOMES], axis=1),
        np.stack([classes[name] for name in NAMES], axis=1),
    )


def _names(
    weights: PieceWeights, left: Cells, right: Cells
) -> tuple[dict[str, Codes], dict[str, Codes]]:
    own = _Matrix.of(weights, left, right, PIECES)
    mothers = _Matrix.of(weights, left, right, MOTHERS)
    found = {
        name: own.outcome(_OWN[name], _ELSEWHERE[name], _SWAPPED_WITH.get(name, ()))
        for name in _OWN
    }
    found["given"] = own.given()
    found["mother"] = mothers.outcome(MOTHERS)
    return (
        {name: outcomes for name, (outcomes, _) in found.items()},
        {name: classes for name, (_, classes) in found.items()},
    )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Matrix:
    """The grades of all pieces of one side against all of the other, and their classes."""

    fields: Sequence[str]
    grades: Grades
    left: Codes
    right: Codes

    @classmethod
    def of(
        cls, weights: PieceWeights, left: Cells, right: Cells, fields: Sequence[str]
    ) -> "_Matrix":
        n = len(left[fields[0]][0])
        graded = [
            grades(weights, *_stacked(left, fields, rows), *_stacked(right, fields, rows))
            for rows in (slice(start, start + _CHUNK) for start in range(0, max(n, 1), _CHUNK))
        ]
        return cls(
            fields, np.concatenate(graded), *(_classes(side, fields) for side in (left, right))
        )

    def outcome(
        self, own: Sequence[str], elsewhere: Sequence[str] = (), swapped_with: Sequence[str] = ()
    ) -> tuple[Codes, Codes]:
        """Give the outcome of an attribute, and the class of the name that agrees.

        A name is looked for in its own fields first, and only where it is not found there among
        the others, either side's here against the other side's there.
        """
        direct, classes = self._best(own, own)
        expected = np.maximum(self._best(own, elsewhere)[0], self._best(elsewhere, own)[0])
        there = (*elsewhere, *swapped_with)
        moved, moved_classes = self._best(own, there)
        back, back_classes = self._best(there, own)
        moved_classes = np.where(back > moved, back_classes, moved_classes)
        moved = np.maximum(moved, back)
        is_moved = (direct < ALIKE) & (moved >= ALIKE)
        outcomes = np.select(
            [is_moved & (moved >= ALIKE + 2), is_moved, (direct == NOTHING) & (expected > NOTHING)],
            [code("family", f"{how} elsewhere") for how in ("same", "alike", "nothing")],
            direct + 1,
        )
        agrees = is_moved | (direct >= ALIKE)
        classes = np.where(agrees, np.where(is_moved, moved_classes, classes), NOTHING)
        return outcomes.astype(np.int8), classes.astype(np.int8)

    def given(self) -> tuple[Codes, Codes]:
        """Give the outcome of the given name, which may have changed places with the family's."""
        direct, classes = self._best((*_GIVEN, *_OTHERS), _GIVEN)
        other, other_classes = self._best(_GIVEN, _OTHERS)
        is_other = other > direct
        direct, classes = np.maximum(direct, other), np.where(is_other, other_classes, classes)
        moved, _ = self._best(_GIVEN, _FAMILY)
        back, _ = self._best(_FAMILY, _GIVEN)
        is_moved = (direct < ALIKE) & (np.maximum(moved, back) >= ALIKE)
        is_swapped = (direct < ALIKE) & (np.minimum(moved, back) >= ALIKE)
        outcomes = np.select([is_swapped, is_moved], [9, 8], direct + 1).astype(np.int8)
        return outcomes, np.where(direct >= ALIKE, classes, -1).astype(np.int8)

    def _best(self, of_left: Sequence[str], of_right: Sequence[str]) -> tuple[Codes, Codes]:
        """Give the best grade between some fields, and the more common class of its two pieces."""
        best = np.full(len(self.grades), NOTHING, dtype=np.int8)
        classes = np.full(len(self.grades), -1, dtype=np.int8)
        for one in (self.fields.index(name) for name in of_left):
            for other in (self.fields.index(name) for name in of_right):
                better = self.grades[:, one, other] > best
                best[better] = self.grades[better, one, other]
                classes[better] = np.minimum(self.left[better, one], self.right[better, other])
        return best, classes


def _stacked(side: Cells, fields: Sequence[str], rows: slice) -> tuple[Octets, Mask]:
    return (
        np.ascontiguousarray(np.stack([side[name][0][rows] for name in fields], axis=1)),
        np.ascontiguousarray(np.stack([side[name][1][rows] for name in fields], axis=1)),
    )


def _classes(side: Cells, fields: Sequence[str]) -> Codes:
    return np.stack([side[name][0][:, 0] for name in fields], axis=1).astype(np.int8)


class _Birth:
    """What two births have in common."""

    def __init__(self, left: tuple[Octets, Mask], right: tuple[Octets, Mask]) -> None:
        (self._left, has_left), (self._right, has_right) = left, right
        self._both = has_left & has_right
        self._precise = np.maximum(self._left[:, 0], self._right[:, 0])

    def year(self) -> Codes:
        """Give the outcome of the year."""
        apart = 2 * YEAR_MARGIN + 1 - self._common("years")
        digit = (self._common("ones") > 0) | (self._common("swapped_year") > 0)
        is_exact = self._precise <= PRECISIONS.index("year")
        steps = np.searchsorted([1, 2, 3, 2 * YEAR_MARGIN + 1], apart, side="right")
        found = np.array([7, 4, 3, 2, 1])[steps]
        found = np.where((found == 7) & ~is_exact, 6, found)
        found = np.where((found <= 2) & is_exact & digit, 5, found)
        return np.where(self._both, found, 0).astype(np.int8)

    def day(self) -> Codes:
        """Give the outcome of day and month."""
        day, month = self._common("day") > 0, self._common("month") > 0
        swapped, near = self._common("day_and_month") > 0, self._common("near_days") > 0
        found = np.select(
            [day & month, swapped, near, month, day],
            [7, 5, 6, 3, 2],
            default=1,
        )
        to_month = self._precise == PRECISIONS.index("month")
        found = np.where(to_month, np.where(month, 4, 1), found)
        known = self._both & (self._precise <= PRECISIONS.index("month"))
        return np.where(known, found, 0).astype(np.int8)

    def _common(self, part: str) -> Codes:
        return _common_words(BIRTH, part, self._left, self._right)


def _code(left: tuple[Octets, Mask], right: tuple[Octets, Mask]) -> Codes:
    same = _common_words(CODE, "codes", left[0], right[0]) > 0
    return np.where(left[1] & right[1], np.where(same, 2, 1), 0).astype(np.int8)


def _place(left: tuple[Octets, Mask], right: tuple[Octets, Mask]) -> Codes:
    one, other = left[0], right[0]
    known = np.minimum(one[:, 0], other[:, 0])
    country, region, town = (
        _common_words(PLACE, part, one, other) > 0 for part in ("country", "region", "town")
    )
    bits = common_bits(PLACE, "bigrams", one, other)
    draws = PLACE.parts[0].draws
    alike = (bits - _WORDS_COMMON_BY_CHANCE) / (draws - _WORDS_COMMON_BY_CHANCE)
    is_same = _common_words(PLACE, "whole", one, other) > 0
    by_words = np.where(is_same, 7, np.where(alike >= _CLOSE_IN_WORDS, 6, 5))
    in_gazetteer = known > 0
    both_towns = known >= KNOWN_OF_PLACE.index("town")
    both_addresses = known == KNOWN_OF_PLACE.index("address")
    found = np.select(
        [
            both_addresses & is_same,
            both_addresses & (alike >= _VERY_CLOSE_IN_WORDS),
            both_addresses & (alike >= _CLOSE_IN_WORDS),
            both_towns & town,
            is_same,
            both_towns & region,
            in_gazetteer & country,
            in_gazetteer,
        ],
        [10, 9, 8, 4, 7, 3, 2, 1],
        default=by_words,
    )
    return np.where(left[1] & right[1], found, 0).astype(np.int8)


_RANK = np.array(
    [0, 1, 4, 5, 7, 2, 3, 6, 8, 9, 10]
)  # of the outcomes of a place, the best one highest


def _separation(left: tuple[Octets, Mask], right: tuple[Octets, Mask]) -> Codes:
    """Compare when people were parted, as precisely as both know it."""
    common = {
        part: _common_words(SEPARATION, part, left[0], right[0]) for part in SEPARATION_MARGINS
    }
    whole = {part: 2 * margin + 1 for part, margin in SEPARATION_MARGINS.items()}
    precise = np.maximum(left[0][:, 0], right[0][:, 0])
    to_day, to_month = (precise <= SEPARATION_PRECISIONS.index(part) for part in ("day", "month"))
    by_years = np.select(
        [common["years"] >= whole["years"] - apart for apart in range(3)],
        [np.where(to_month, 4, 5), 3, 2],
        default=1,
    )
    found = np.select(
        [
            to_day & (common["days"] >= whole["days"]),
            to_day & (common["days"] > 0),
            to_month & (common["months"] >= whole["months"]),
            to_month & (common["months"] > 0),
        ],
        [9, 8, 7, 6],
        default=by_years,
    )
    return np.where(left[1] & right[1], found, 0).astype(np.int8)


_APART = frozenset((("birth_place", "birth_place"), ("last_seen_place", "last_seen_place")))


def _residence(left: Cells, right: Cells) -> Codes:
    """Compare all places of one record with all of the other, but for those compared by themselves.

    These are the places of the two births and of the two separations.
    """
    best = np.zeros(len(left["birth"][0]), dtype=np.int8)
    for one in PLACES:
        for other in PLACES:
            if (one, other) not in _APART:
                found = _place(left[one], right[other])
                best = np.where(_RANK[found] > _RANK[best], found, best)
    return best


def common_bits(kind: Kind, part: str, left: Octets, right: Octets) -> Codes:
    """Count what a part of n cells has in common: bits that both set, or words that both hold."""
    if next(one for one in kind.parts if one.name == part).bits == 0:
        return _common_words(kind, part, left, right)
    where = kind.slice_of(part)
    counts: Codes = np.bitwise_count(left[:, where] & right[:, where]).sum(axis=1).astype(np.int8)
    return counts


def _common_words(kind: Kind, part: str, left: Octets, right: Octets) -> Codes:
    where = kind.slice_of(part)
    words = (np.ascontiguousarray(side[:, where]).view("<u2") for side in (left, right))
    found: Codes = _count_common(*words)
    return found


@numba.njit(cache=True, nogil=True)
def _count_common(left, right):  # type: ignore[no-untyped-def]
    """Count the left words that stand among the right ones."""
    counts = np.zeros(len(left), dtype=np.int8)
    for row in range(len(left)):
        for one in left[row]:
            for other in right[row]:
                if one == other:
                    counts[row] += 1
                    break
    return counts
