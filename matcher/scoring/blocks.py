"""Pairs within blocks: many small rectangles of rows instead of all pairs."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import (
    Filters,
    Question,
    check_blocks,
    check_question,
    check_threads,
)
from matcher.scoring.compiled import compiled
from matcher.scoring.measures import merit_of, weigh
from matcher.scoring.ordering import Found, Pairs, key_shift, pairs_in_order
from matcher.scoring.search import pairs_reaching
from matcher.scoring.vectors import popcount

# A block of more pairs is worth laying out in groups.
SMALL_BLOCK = 1 << 14

# About how many pairs of small blocks a thread takes at a time.
SPAN = 1 << 16


def find_pairs_in_blocks(
    left: Filters,
    right: Filters,
    blocks: NDArray[np.int64],
    *,
    measure: str = "dice",
    threshold: float,
    threads: int | None = None,
) -> Pairs:
    """Compare rows that share a block, exactly.

    Args:
        left: As for `matcher.scoring.find_pairs`.
        right: As for `matcher.scoring.find_pairs`.
        blocks: int64 of shape (blocks, 4): each block's first left row, the one after its last,
            its first right row, the one after its last. Blocks may overlap. Sort the rows of each
            side by their blocking key, and a block is a range on each.
        measure: See `matcher.scoring.find_pairs`.
        threshold: See there.
        threads: How many threads to use; all processors if None.

    Returns:
        The pairs, each once, in the order of `matcher.scoring.find_pairs`.

    Raises:
        ParameterError: An array or an argument is not as described.
    """
    question = check_question(left, right, measure, threshold, None)
    check_blocks(blocks, len(left), len(right))
    threads = check_threads(threads)
    shift = key_shift(len(right))
    pairs = _pairs_of(blocks)
    found = _in_small_blocks(left, right, blocks[pairs <= SMALL_BLOCK], question, shift, threads)
    for block in blocks[pairs > SMALL_BLOCK]:
        rows, columns = slice(block[0], block[1]), slice(block[2], block[3])
        offset = np.uint64((int(block[0]) << shift) + int(block[2]))
        for keys, merits in pairs_reaching(left[rows], right[columns], question, shift, threads):
            found.append((keys + offset, merits))
    return _each_once(pairs_in_order(found, question, len(left), shift, threads))


def _pairs_of(blocks: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many pairs each block has."""
    return (blocks[:, 1] - blocks[:, 0]) * (blocks[:, 3] - blocks[:, 2])


def _in_small_blocks(
    left: Filters,
    right: Filters,
    blocks: NDArray[np.int64],
    question: Question,
    shift: int,
    threads: int,
) -> list[Found]:
    left_weights, right_weights = weigh(left), weigh(right)
    before = np.cumsum(_pairs_of(blocks)) - _pairs_of(blocks)
    spans = np.split(blocks, np.flatnonzero(np.diff(before // SPAN)) + 1)

    def compare(span: NDArray[np.int64]) -> Found:
        room = int(_pairs_of(span).sum())
        keys, merits = np.empty(room, dtype=np.uint64), np.empty(room)
        count = _compare(
            left,
            right,
            left_weights,
            right_weights,
            span,
            int(question.measure),
            question.merit,
            shift,
            keys,
            merits,
        )
        return keys[:count].copy(), merits[:count].copy()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(compare, spans))


@compiled
def _compare(
    left: Filters,
    right: Filters,
    left_weights: NDArray[np.int64],
    right_weights: NDArray[np.int64],
    blocks: NDArray[np.int64],
    measure: int,
    merit: float,
    shift: int,
    keys: NDArray[np.uint64],
    merits: NDArray[np.float64],
) -> int:
    """Fill `keys` and `merits`, which have room for all pairs of the blocks."""
    found = 0
    for block in range(len(blocks)):
        for row in range(blocks[block, 0], blocks[block, 1]):
            for column in range(blocks[block, 2], blocks[block, 3]):
                distance = 0
                for word in range(left.shape[1]):
                    distance += popcount(left[row, word] ^ right[column, word])
                value = merit_of(measure, distance, left_weights[row] + right_weights[column])
                keys[found] = np.uint64((row << shift) | column)
                merits[found] = value
                found += value >= merit
    return found


def _each_once(pairs: Pairs) -> Pairs:
    """Pairs in order without those that are found again, in another block."""
    same = (np.diff(pairs.left) == 0) & (np.diff(pairs.right) == 0)
    new = np.concatenate([np.ones(min(len(pairs), 1), dtype=bool), ~same])
    return Pairs(pairs.left[new], pairs.right[new], pairs.score[new])
