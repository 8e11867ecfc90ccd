"""Exposure of batches: what a society's fingerprints give away, and the ceiling on it.

People are compared within one society, where nobody but by mistake stands twice: between
societies the same person is what is looked for, and would count as resembling somebody.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from matcher.exposure.meter import Report, measure
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.errors import ExposureError


def measure_batches(
    batches: Sequence[Batch],
    *,
    at_size: int | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Measure what batches of one society under one scheme and key epoch give away together.

    Args:
        batches: At least one.
        at_size: As for `matcher.exposure.measure`.
        threads: As for `matcher.exposure.measure`.
        progress: As for `matcher.exposure.measure`.

    Raises:
        ParameterError: As for `matcher.exposure.measure`.
        IntegrityError: A file was altered after it was opened.
    """
    passes = {}
    for name in batches[0].header.counts.present:
        filters, present = zip(*(batch.fingerprints(name) for batch in batches), strict=True)
        passes[name] = (np.concatenate(filters), np.concatenate(present))
    return measure(passes, at_size=at_size, threads=threads, progress=progress)


def measurable(batches: Sequence[Batch]) -> bool:
    """Whether at least two records of some batches have a fingerprint in the same pass."""
    counts = [batch.header.counts.present for batch in batches]
    return any(sum(one[name] for one in counts) >= 2 for name in counts[0])


def check_exposure(
    batch: Batch,
    agreement: Agreement,
    *,
    held: Iterable[Batch] = (),
    threads: int | None = None,
) -> Report | None:
    """Refuse a batch with which the linkage unit would hold more than the agreement's ceiling.

    Measured is what the batch's society would have there, stated for all that would be held. The
    batch is refused when even the lower end of the interval of 95 % is beyond the ceiling: so it
    is not the chance of a few records that decides.

    Args:
        batch: The batch that is to be taken in.
        agreement: Its agreement.
        held: The batches that are held under the same agreement, scheme and key epoch, of all
            societies; those that the batch takes the place of left out.
        threads: How many threads to use; all processors if None.

    Returns:
        What was measured; None where the agreement has no ceiling, or where fewer than two
        records have a fingerprint in the same pass, so that nobody can resemble anybody.

    Raises:
        ExposureError: The batch is refused; the message names the figures.
        IntegrityError: A file was altered after it was opened.
    """
    if agreement.exposure_ceiling is None:
        return None
    others = [one for one in held if one.header.seal != batch.header.seal]
    own = [batch, *(one for one in others if one.header.society == batch.header.society)]
    if not measurable(own):
        return None
    size = len(batch) + sum(len(one) for one in others)
    report = measure_batches(own, at_size=size, threads=threads)
    found = report.together.degree_at_size
    if found.low > agreement.exposure_ceiling:
        raise ExposureError(
            f"The batch of '{batch.header.society}' is refused by the rule exposure_ceiling: with "
            f"it {size:,} records would be held, and one would visibly resemble {found.value:.3g} "
            f"others on average (95 % interval {found.low:.3g} to {found.high:.3g}), of which the "
            f"agreement allows {agreement.exposure_ceiling:.3g}. Hold fewer records, or agree on a "
            "scheme that shows less."
        )
    return report
