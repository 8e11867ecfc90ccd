"""The thresholds that an analyst chose, as a change to the agreement that its parties can sign."""

from typing import Final

import pandas as pd

from matcher.formats.agreement import Agreement
from matcher.formats.thresholds import ChosenBands, Thresholds

LEAST_PRECISION: Final = 0.99
MOST_FALSE: Final = 1.0
"""Of a thousand requests without counterpart, how many may get a strong candidate."""

FEWEST_LINKS: Final = 300
"""So many links without a wrong one bound the wrong ones at 1 %: the rule of three (Hanley and
Lippman-Hand, Journal of the American Medical Association 249, 1983)."""


def chosen(curves: pd.DataFrame, above: float) -> dict[str, float | None]:
    """Choose thresholds from what was measured.

    `possible` is the threshold above `above` with the highest F1. `strong` is the least above that
    with at least `FEWEST_LINKS` links, the lower bound of precision at least `LEAST_PRECISION`, and
    at most `MOST_FALSE` false links of a thousand requests without counterpart. Either is None
    where there is none.

    Args:
        curves: As `measures.curves` gives them.
        above: What `possible` must be above: `weak`, and what a given name, a year and the sex can
            tell.
    """
    linked = curves[(curves["links"] > 0) & (curves["threshold"] > above)]
    if linked.empty:
        return {"strong": None, "possible": None}
    possible = float(linked["threshold"][linked["f1"].idxmax()])
    good = linked[
        (linked["threshold"] > possible)
        & (linked["links"] >= FEWEST_LINKS)
        & (linked["precision_low"] >= LEAST_PRECISION)
        & (linked["false_per_thousand"] <= MOST_FALSE)
    ]
    strong = float(good["threshold"].min()) if len(good) else None
    return {"strong": strong, "possible": possible}


def change_of(
    agreement: Agreement,
    picked: dict[str, float | None],
    about: dict[str, object],
    digest: str,
    *,
    by: str,
) -> Thresholds | None:
    """Draw up the change; None where no threshold keeps what is asked of `strong`.

    Args:
        agreement: What is changed.
        picked: As `chosen` gives it.
        about: What was measured, as findings say it.
        digest: The findings' digest.
        by: Who chooses.
    """
    strong, possible = picked["strong"], picked["possible"]
    if strong is None or possible is None:
        return None
    return Thresholds(
        by=by,
        agreement_id=agreement.agreement_id,
        agreement_digest=agreement.digest,
        scheme=str(about["scheme"]),
        findings=digest,
        chosen=ChosenBands(
            stage="attributes" if about["refined"] else "passes",
            model_digest=str(about["model_digest"]),
            strong=strong,
            possible=possible,
            registered=int(str(about["registered"])),
        ),
    )
