"""One order over many files of pairs, read piece by piece.

Each file is in order. Of every file one piece is in memory; up to the earliest of their last
pairs nothing can be missing, so that much is put in order and given out, and so on. Memory is
bounded by a piece a file, and where there are too many files, some are merged into one first.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.measures import Measure
from matcher.scoring.ordering import Pairs, places_in_rows
from matcher.scoring.runs.store import RunFolder, all_of

# Files that are merged at once.
FAN_IN = 128


def merged(folder: RunFolder, names: Sequence[str], measure: Measure) -> Iterator[Pairs]:
    """The pairs of many files of a run's folder, in the order of `matcher.scoring.find_pairs`."""
    level = 0
    while len(names) > FAN_IN:
        joined = []
        for place in range(0, len(names), FAN_IN):
            joined.append(f"merged-{level}-{place // FAN_IN:06}")
            some = [folder.read(name) for name in names[place : place + FAN_IN]]
            folder.write_pieces(joined[-1], _merge(some, measure))
        names = joined
        level += 1
    yield from _merge([folder.read(name) for name in names], measure)


def first_of_each_row(pieces: Iterator[Pairs], left_rows: int, top: int) -> Iterator[Pairs]:
    """Of pairs in order, the first `top` of every left row."""
    seen = np.zeros(left_rows, dtype=np.int64)
    for piece in pieces:
        kept = seen[piece.left] + places_in_rows(piece.left) < top
        np.add.at(seen, piece.left, 1)
        yield Pairs(piece.left[kept], piece.right[kept], piece.score[kept])


def _merge(streams: Sequence[Iterator[Pairs]], measure: Measure) -> Iterator[Pairs]:
    waiting = list(streams)
    heads = [next(stream, None) for stream in waiting]
    while True:
        live = [place for place, head in enumerate(heads) if head is not None]
        if not live:
            return
        limit = min(_last(head, measure) for head in heads if head is not None)
        ready = []
        for place in live:
            head = heads[place]
            if head is None:
                continue
            count = _up_to(head, limit, measure)
            ready.append(_slice(head, 0, count))
            rest = _slice(head, count, len(head))
            heads[place] = rest if len(rest) else next(waiting[place], None)
        yield _sorted(all_of(iter(ready)), measure)


def _costs(pairs: Pairs, measure: Measure) -> NDArray[np.float64]:
    """What pairs are ordered by first, ascending."""
    return pairs.score if measure == Measure.hamming else -pairs.score


def _last(pairs: Pairs, measure: Measure) -> tuple[float, int, int]:
    return float(_costs(pairs, measure)[-1]), int(pairs.left[-1]), int(pairs.right[-1])


def _up_to(pairs: Pairs, limit: tuple[float, int, int], measure: Measure) -> int:
    """How many of pairs in order do not come after the limit."""
    start, stop = 0, len(pairs)
    for values, last in zip((_costs(pairs, measure), pairs.left, pairs.right), limit, strict=True):
        equal = values[start:stop]
        start, stop = (
            start + int(np.searchsorted(equal, last, side=side)) for side in ("left", "right")
        )
    return stop


def _slice(pairs: Pairs, start: int, stop: int) -> Pairs:
    return Pairs(pairs.left[start:stop], pairs.right[start:stop], pairs.score[start:stop])


def _sorted(pairs: Pairs, measure: Measure) -> Pairs:
    order = np.lexsort((pairs.right, pairs.left, _costs(pairs, measure)))
    return Pairs(pairs.left[order], pairs.right[order], pairs.score[order])
