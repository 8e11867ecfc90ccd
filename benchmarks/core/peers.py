"""What the scoring core is measured against, each called as its own documentation has it."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.core.material import BITS, Filters

Call = Callable[[], Any]


def anonlink_similarities(left: Filters, right: Filters, threshold: float) -> Call:
    """Sorted similarities and indices by anonlink's accelerated Dice, from bitarrays."""
    dice = _anonlink_dice()
    datasets = _bitarrays(left), _bitarrays(right)
    return lambda: dice(datasets, threshold)


def anonlink_candidates(
    left: Filters, right: Filters, threshold: float, block: int | None = None
) -> Call:
    """The candidate generation of anonlink, in blocks of `block` rows if given."""
    generate = importlib.import_module("anonlink.candidate_generation").find_candidate_pairs
    dice = _anonlink_dice()
    datasets = [_bitarrays(left), _bitarrays(right)]
    if block is None:
        return lambda: generate(datasets, dice, threshold)
    return lambda: generate(
        datasets, dice, threshold, blocking_f=lambda _side, row, _filter: (row // block,)
    )


def faiss_range(left: Filters, right: Filters, distance: int) -> Call:
    """The exact range search of faiss over Hamming distances, on one thread."""
    faiss = importlib.import_module("faiss")
    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(BITS)
    index.add(right.view(np.uint8))
    queries = left.view(np.uint8)
    return lambda: index.range_search(queries, distance)


def faiss_top(left: Filters, right: Filters, top: int) -> Call:
    """The exact nearest neighbours of faiss, on one thread."""
    faiss = importlib.import_module("faiss")
    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(BITS)
    index.add(right.view(np.uint8))
    queries = left.view(np.uint8)
    return lambda: index.search(queries, top)


def numkong_matrix(left: Filters, right: Filters) -> Call:
    """The full matrix of Hamming distances by numkong, from packed filters."""
    numkong = importlib.import_module("numkong")
    packed = numkong.hammings_pack(right.view(np.uint8), dtype="uint1")
    rows = left.view(np.uint8)
    return lambda: numkong.hammings_packed(rows, packed)


def numpy_matrix(left: Filters, right: Filters) -> Call:
    """Plain numpy: the full matrix of Hamming distances, row by row."""

    def distances() -> Any:
        return [np.bitwise_count(row ^ right).sum(axis=1, dtype=np.int32) for row in left]

    return distances


def _anonlink_dice() -> Any:
    return importlib.import_module("anonlink.similarities").dice_coefficient_accelerated


def _bitarrays(filters: Filters) -> list[Any]:
    bitarray = importlib.import_module("bitarray").bitarray
    made = []
    for row in filters:
        bits = bitarray()
        bits.frombytes(row.tobytes())
        made.append(bits)
    return made
