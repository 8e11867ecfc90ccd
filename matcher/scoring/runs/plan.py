"""The plan of a run: which tiles there are, and of what.

A tile is some left rows against some right rows. A plan is made from the two sets and the
question alone, so whoever makes it anew gets the same tiles, and its digest names what is
compared: the contents of the files, the measure, the threshold and the top.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

from matcher.formats.errors import MismatchError, ParameterError
from matcher.scoring.arguments import check_measure, check_threshold, check_top
from matcher.scoring.runs.sets import FilterSet

# Large enough that what is done once a tile costs nothing, small enough to lose at a kill.
LEFT_ROWS = 1 << 15
RIGHT_ROWS = 1 << 18

# With a top, each tile gives so many pairs a row however unlikely, so tiles are longer.
RIGHT_ROWS_WITH_TOP = 1 << 20


@dataclass(frozen=True)
class PlannedTile:
    """Some left rows against some right rows.

    Attributes:
        number: Its place in the plan, from 0.
        left: The first left row, and the one after the last.
        right: The same of the right side.
    """

    number: int
    left: tuple[int, int]
    right: tuple[int, int]

    @property
    def pairs(self) -> int:
        """How many pairs are compared."""
        return (self.left[1] - self.left[0]) * (self.right[1] - self.right[0])


@dataclass(frozen=True)
class Plan:
    """What is to be compared.

    Attributes:
        left: The left set.
        right: The right set.
        measure: See `matcher.scoring.find_pairs`.
        threshold: See there.
        top: See there.
        tile_rows: How many left and right rows a tile has at most.
        contents: Digests of the left and the right set when the plan was made.
    """

    left: FilterSet
    right: FilterSet
    measure: str
    threshold: float | None
    top: int | None
    tile_rows: tuple[int, int]
    contents: tuple[str, str]

    @cached_property
    def tiles(self) -> tuple[PlannedTile, ...]:
        """The tiles, those with the same left rows one after the other."""
        spans = [
            (left, right)
            for left in _spans(len(self.left), self.tile_rows[0])
            for right in _spans(len(self.right), self.tile_rows[1])
        ]
        return tuple(PlannedTile(number, *span) for number, span in enumerate(spans))

    @property
    def pairs(self) -> int:
        """How many pairs are compared."""
        return len(self.left) * len(self.right)

    @property
    def digest(self) -> str:
        """SHA-256 of what is compared, and how it is divided."""
        said = {
            "contents": self.contents,
            "measure": self.measure,
            "threshold": self.threshold,
            "top": self.top,
            "tiles": [asdict(tile) for tile in self.tiles],
        }
        return "sha256:" + hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def check_contents(self) -> None:
        """Refuse sets that changed since the plan was made.

        Raises:
            MismatchError: The files' contents have another digest.
        """
        for name, filters, planned in (
            ("left", self.left, self.contents[0]),
            ("right", self.right, self.contents[1]),
        ):
            found = filters.digest()
            if found != planned:
                raise MismatchError(
                    f"The {name} set changed since the plan was made: it was {planned} and is "
                    f"{found}. Make a new plan, with a folder of its own."
                )


def plan_run(
    left: FilterSet,
    right: FilterSet,
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int | None = None,
) -> Plan:
    """Plan the comparison of two sets; reads both once, for their digests.

    Raises:
        ParameterError: The question is not as `matcher.scoring.find_pairs` describes it, or the
            sets' filters differ in length.
        InputError: A file can't be read.
    """
    checked = check_measure(measure)
    if threshold is None and top is None:
        raise ParameterError("Give a threshold, a top, or both; else every pair would be kept.")
    if threshold is not None:
        threshold = check_threshold(checked, threshold)
    top = check_top(top)
    if left.words != right.words:
        raise ParameterError(
            "Filters on both sides must have the same number of words: "
            f"left has {left.words}, right has {right.words}."
        )
    tile_rows = LEFT_ROWS, RIGHT_ROWS if top is None else RIGHT_ROWS_WITH_TOP
    contents = left.digest(), right.digest()
    return Plan(left, right, measure, threshold, top, tile_rows, contents)


def _spans(rows: int, height: int) -> list[tuple[int, int]]:
    return [(start, min(start + height, rows)) for start in range(0, rows, height)]
