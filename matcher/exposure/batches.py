"""Exposure of batches: what a society's fingerprints give away, and the ceilings on it.

People are compared within one society, where nobody but by mistake stands twice: between
societies the same person is what is looked for, and would count as resembling somebody.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from matcher.exposure.meter import Report, measure
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.rulebook import refuse

if TYPE_CHECKING:
    from matcher.exposure.degree import Degree
    from matcher.exposure.evidence import Evidence


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


def beyond_ceilings(report: Report, agreement: Agreement) -> list[str]:
    """Say what of a report is beyond the agreement's ceilings, at the size that it is stated for.

    Something is beyond when even the lower end of its interval of 95 % is: so it is not the
    chance of a few records that decides.

    Returns:
        A clause for each ceiling that is passed, with the figures; none where all is within.
    """
    whole = report.together
    return [
        *_beyond(
            whole.degree_at_size,
            agreement.exposure_ceiling,
            "one would visibly resemble {} others on average",
        ),
        *_beyond(
            whole.evidence_at_size,
            agreement.evidence_ceiling,
            "all distances would say {} times what it takes to name everybody",
        ),
    ]


def _beyond(found: "Degree | Evidence", ceiling: float | None, clause: str) -> list[str]:
    if ceiling is None or found.low <= ceiling:
        return []
    return [
        f"{clause.format(f'{found.value:.3g}')} (95 % interval {found.low:.3g} to "
        f"{found.high:.3g}), of which the agreement allows {ceiling:.3g}"
    ]


def check_exposure(
    batch: Batch,
    agreement: Agreement,
    *,
    held: Iterable[Batch] = (),
    threads: int | None = None,
) -> Report | None:
    """Refuse a batch with which the linkage unit would hold more than the agreement's ceilings.

    Measured is what the batch's society would have there, stated for all that would be held, and
    compared as `beyond_ceilings` does.

    Args:
        batch: The batch that is to be taken in.
        agreement: Its agreement.
        held: The batches that are held under the same agreement, scheme and key epoch, of all
            societies; those that the batch takes the place of left out. Looked at only where
            there is a ceiling.
        threads: How many threads to use; all processors if None.

    Returns:
        What was measured; None where the agreement has no ceiling, or where fewer than two
        records have a fingerprint in the same pass, so that nobody can resemble anybody.

    Raises:
        GateError: The batch is refused; the message names the figures.
        IntegrityError: A file was altered after it was opened.
    """
    if agreement.exposure_ceiling is None and agreement.evidence_ceiling is None:
        return None
    others = [one for one in held if one.header.seal != batch.header.seal]
    own = [batch, *(one for one in others if one.header.society == batch.header.society)]
    if not measurable(own):
        return None
    size = len(batch) + sum(len(one) for one in others)
    report = measure_batches(own, at_size=size, threads=threads)
    beyond = beyond_ceilings(report, agreement)
    if beyond:
        raise refuse(
            "exposure.within-ceiling",
            f"With the batch of '{batch.header.society}' {size:,} records would be held: "
            f"{'; '.join(beyond)}.",
        )
    return report
