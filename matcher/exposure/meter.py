"""The meter: one report on what fingerprints give away, pass by pass and all passes together."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.exposure.bits import BitFigures, bit_figures
from matcher.exposure.degree import Degree, degrees
from matcher.exposure.evidence import Evidence, Told, evidence, told_by
from matcher.exposure.neighbours import Counts, Filters, Mask, Neighbours, Rows, count_neighbours
from matcher.formats.errors import ParameterError
from matcher.scoring.arguments import check_threads
from matcher.scoring.sampling import spread

SAMPLED = 4096
"""Records whose neighbours are counted, if there are more."""

BITS_SAMPLED = 1 << 16
"""Records whose bits are looked at, if there are more."""


@dataclass(frozen=True)
class Exposure:
    """What n fingerprints of different persons give away, under one pass or all together.

    Attributes:
        records: n.
        sampled: Of how many of them the neighbours were counted, among all.
        degree: The informative degree: how many other records a record visibly resembles.
        at_size: The number of records that the figures at a size are for.
        degree_at_size: The informative degree where so many records are held, of which as large a
            share has the pass as here; in proportion.
        evidence_over_entropy: What all distances say of who is who, over what there is to find
            out of all n records, whether they have the pass or not, so that passes add up. Below
            1 it bounds the share of people who can be named; from 1 on nothing is barred.
        evidence_at_size: The same where so many records are held.
        most_neighbours: The most that any sampled record has.
        share_with_neighbours: The share of them that have any.
        prosecutor_risk: One divided by the number of records that can't be told from the record
            that is easiest to know, itself included: 1 where some record is like no other.
        marketer_risk: The mean of the same over all sampled records.
        duplicates: Records whose very fingerprint another has too.
        smallest_group: Size of the smallest group of one fingerprint.
        bits: Figures of the bits, from a sample; None for all passes together.
    """

    records: int
    sampled: int
    degree: Degree
    at_size: int
    degree_at_size: Degree
    evidence_over_entropy: Evidence
    evidence_at_size: Evidence
    most_neighbours: int
    share_with_neighbours: float
    prosecutor_risk: float
    marketer_risk: float
    duplicates: int
    smallest_group: int
    bits: BitFigures | None

    def as_data(self) -> dict[str, Any]:
        """Give the figures as data for JSON."""
        data: dict[str, Any] = _rounded(asdict(self))
        return data


@dataclass(frozen=True)
class Report:
    """What fingerprints give away.

    Attributes:
        passes: By pass; a pass that fewer than two records have is left out.
        together: All passes of a record together. A neighbour is who resembles it beyond 5 sigma
            in some pass, or in all passes that both have taken together.
    """

    passes: dict[str, Exposure]
    together: Exposure

    def as_data(self) -> dict[str, Any]:
        """Give the figures as data for JSON."""
        return {
            "format": "kinmatch-exposure/1",
            "passes": {name: one.as_data() for name, one in self.passes.items()},
            "together": self.together.as_data(),
        }


def measure(
    passes: Mapping[str, tuple[Filters, Mask]],
    *,
    at_size: int | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Measure what fingerprints give away to who holds them, keys unknown.

    The neighbours of at most `SAMPLED` records, evenly spread over all, are counted, among all
    and exactly, and the bits of at most `BITS_SAMPLED` looked at; what distances say is taken from
    all pairs. Rows should be in no order that says anything, as those of a batch are. Memory is
    bounded by the fingerprints themselves.

    Args:
        passes: For each pass the fingerprints of n records, shape (n, words), uint64, and who has
            one, shape (n,). The records are different persons: who is in it twice counts as
            resembling someone.
        at_size: The number of records to state degree and evidence for; n if None.
        threads: How many threads to use; all processors if None. The figures are the same.
        progress: Told how far it is, from 0 to n.

    Raises:
        ParameterError: Fewer than two records have a fingerprint in any pass, or `at_size` is
            less than 2.
    """
    if at_size is not None and at_size < 2:
        raise ParameterError("The size to state exposure for must be at least two records.")
    passes = {name: one for name, one in passes.items() if np.count_nonzero(one[1]) >= 2}
    if not passes:
        raise ParameterError(
            "Exposure needs at least two records that have a fingerprint in the same pass."
        )
    anywhere = np.logical_or.reduce([present for _, present in passes.values()])
    held = {name: (bits[anywhere], present[anywhere]) for name, (bits, present) in passes.items()}
    size = int(np.count_nonzero(anywhere))
    rows = spread(size, SAMPLED)
    found, told = _compared(held, rows, check_threads(threads), progress)
    groups = {name: _groups(*one) for name, one in held.items()}
    by_pass = {
        name: _exposure(
            found.by_pass[name][present[rows]],
            told[name],
            groups[name],
            at_size or size,
            figures=_figures(bits, present),
        )
        for name, (bits, present) in held.items()
        if present[rows].any()  # or so few have the pass that none is in the sample
    }
    together = np.unique(np.stack(list(groups.values())), axis=1, return_inverse=True)[1]
    looks = len(held) + 1 if len(held) > 1 else 1
    whole = _exposure(
        found.together,
        functools.reduce(Told.__add__, told.values()),
        together.reshape(-1),
        at_size or size,
        looks=looks,
    )
    return Report(by_pass, whole)


def _compared(
    held: Mapping[str, tuple[Filters, Mask]],
    rows: Rows,
    threads: int,
    progress: Callable[[int], None],
) -> tuple[Neighbours, dict[str, Told]]:
    """Count the neighbours of some records, and add up by pass what all pairs tell."""
    size, steps = len(next(iter(held.values()))[1]), 1 + len(held)
    found = count_neighbours(
        held, rows, threads=threads, progress=lambda done: progress(done // steps)
    )
    told = {}
    for step, (name, one) in enumerate(held.items(), start=2):
        told[name] = _told(*one, rows, threads)
        progress(size * step // steps)
    return found, told


def _told(bits: Filters, present: Mask, rows: Rows, threads: int) -> Told:
    """Add up what the pairs of those tell who have a pass; some rows lack it, and tell nothing."""
    have_it = present[rows]
    places = np.cumsum(present)[rows[have_it]] - 1
    found = told_by(bits[present], places, threads=threads)
    by_row = np.zeros(len(rows))
    by_row[have_it] = found.by_row
    return replace(found, by_row=by_row)


def _figures(bits: Filters, present: Mask) -> BitFigures:
    rows = np.flatnonzero(present)
    return bit_figures(bits[rows[spread(len(rows), BITS_SAMPLED)]])


def _groups(bits: Filters, present: Mask) -> npt.NDArray[np.int64]:
    """Number the distinct fingerprints, and say which each record has; -1 where absent."""
    filters = np.ascontiguousarray(bits[present])
    whole = filters.view(np.dtype((np.void, 8 * filters.shape[1]))).reshape(-1)
    numbers = np.full(len(present), -1, dtype=np.int64)
    numbers[present] = np.unique(whole, return_inverse=True)[1]
    return numbers


def _exposure(
    counts: Counts,
    told: Told,
    groups: npt.NDArray[np.int64],
    at_size: int,
    *,
    figures: BitFigures | None = None,
    looks: int = 1,
) -> Exposure:
    """Put together what neighbours, pairs and groups of n records say; -1 is no fingerprint."""
    sizes = np.unique(groups[groups >= 0], return_counts=True)[1]
    records = int(sizes.sum())
    have_it = max(2, round(at_size * records / len(groups)))
    degree, degree_at_size = degrees(counts, records, (records, have_it), looks)
    said, said_at_size = evidence(told, len(groups), (len(groups), at_size))
    return Exposure(
        records=records,
        sampled=len(counts),
        degree=degree,
        at_size=at_size,
        degree_at_size=degree_at_size,
        evidence_over_entropy=said,
        evidence_at_size=said_at_size,
        most_neighbours=int(counts.max()),
        share_with_neighbours=float((counts > 0).mean()),
        prosecutor_risk=float(1 / (1 + counts.min())),
        marketer_risk=float((1 / (1 + counts)).mean()),
        duplicates=int(sizes[sizes > 1].sum()),
        smallest_group=int(sizes.min()),
        bits=figures,
    )


def _rounded(value: Any) -> Any:
    """Round floats, so that figures read well and are the same on every machine."""
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return round(value, 6) if isinstance(value, float) else value
