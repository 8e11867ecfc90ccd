"""Who is found by symbols that are shared: every request is compared with the whole register."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import poisson

from benchmarks.bands.banding import Banding, Symbols, drawn
from benchmarks.peers.sets import LabelledSet
from encoders.records import Records
from matcher.scoring.compiled import compiled

Rows = npt.NDArray[np.int64]
Order = npt.NDArray[np.int32]

BY_CHANCE = 1e-9
"""How likely two records with nothing in common may share as many symbols as must be shared."""


def least_shared(banding: Banding) -> int:
    """Give how many symbols two records must share to be looked at (`BY_CHANCE`)."""
    return int(poisson.isf(BY_CHANCE, banding.by_chance)) + 1


def found_among(labelled: LabelledSet, banding: Banding, most: int, seed: int) -> float:
    """Give the share of true pairs that are among the best candidates of their request.

    Candidates share symbols enough (`least_shared`); who shares more comes first, and of equals
    who stands first in the register.

    Args:
        labelled: A set; nearly all its records have a name, and all are compared.
        banding: What is hashed.
        most: How many candidates a request has.
        seed: Of the draw.
    """
    both = pd.concat([labelled.requests, labelled.register], ignore_index=True)
    both["record_id"] = np.arange(len(both)).astype(str)
    symbols = drawn(Records.from_frame(both, role="sought"), banding, seed)
    sought, held = symbols[: len(labelled.requests)], symbols[len(labelled.requests) :]
    requests, register = (
        pd.Index(side["record_id"]).get_indexer(labelled.truth[column])
        for side, column in (
            (labelled.requests, "request_id"),
            (labelled.register, "register_id"),
        )
    )
    order = np.argsort(held, axis=0, kind="stable").T.astype(np.int32)
    ordered = np.take_along_axis(held.T, order, axis=1)
    shared, ahead = _ranked(
        np.ascontiguousarray(sought[requests]), ordered, order, register.astype(np.int64)
    )
    return float(((shared >= least_shared(banding)) & (ahead < most)).mean())


@compiled
def _ranked(sought: Symbols, ordered: Symbols, order: Order, wanted: Rows) -> tuple[Rows, Rows]:
    """Count what every request shares with whom it wants, and the others that come before him."""
    bands, held = ordered.shape
    shared, ahead = np.zeros(len(sought), np.int64), np.zeros(len(sought), np.int64)
    counts = np.zeros(held, np.int32)
    for request in range(len(sought)):
        counts[:] = 0
        for band in range(bands):
            symbol = sought[request, band]
            at = np.searchsorted(ordered[band], symbol)
            while at < held and ordered[band, at] == symbol:
                counts[order[band, at]] += 1
                at += 1
        one = wanted[request]
        shared[request] = counts[one]
        ahead[request] = np.sum(counts > counts[one]) + np.sum(counts[:one] == counts[one])
    return shared, ahead
