"""The thresholds that an analyst chose, as a change to the agreement that its parties can sign."""

from typing import Final, Literal

import pandas as pd

from matcher.formats.agreement import Agreement
from matcher.formats.signed import Document

FORMAT: Final = "kinmatch-thresholds/1"

LEAST_PRECISION: Final = 0.99
MOST_FALSE: Final = 1.0
"""Of a thousand requests without counterpart, how many may get a strong candidate."""

FEWEST_LINKS: Final = 300
"""So many links without a wrong one bound the wrong ones at 1 %: the rule of three (Hanley and
Lippman-Hand, Journal of the American Medical Association 249, 1983)."""


class Thresholds(Document):
    """New least scores of the bands, and what they were chosen from.

    Attributes:
        format: Format name and version.
        agreement_id: The agreement that is changed.
        agreement_digest: That agreement as it stood.
        scheme: Label of the scheme that was measured.
        model_digest: The evidence model whose scores the thresholds are of.
        strong: The least score of a strong candidate, in bits; likewise `possible` and `weak`.
        registered: With how many registered persons each request was compared.
        findings: Digest of the findings that the choice was made from.
    """

    format: Literal["kinmatch-thresholds/1"] = FORMAT
    agreement_id: str
    agreement_digest: str
    scheme: str
    model_digest: str
    strong: float
    possible: float
    weak: float
    registered: int
    findings: str


def chosen(curves: pd.DataFrame, weak: float) -> dict[str, float | None]:
    """Choose thresholds from what was measured.

    `possible` is the threshold above `weak` with the highest F1. `strong` is the least above that
    with at least `FEWEST_LINKS` links, the lower bound of precision at least `LEAST_PRECISION`, and
    at most `MOST_FALSE` false links of a thousand requests without counterpart. Either is None
    where there is none. `weak` stays.

    Args:
        curves: As `measures.curves` gives them.
        weak: The model's own.
    """
    linked = curves[(curves["links"] > 0) & (curves["threshold"] > weak)]
    if linked.empty:
        return {"strong": None, "possible": None, "weak": weak}
    possible = float(linked["threshold"][linked["f1"].idxmax()])
    good = linked[
        (linked["threshold"] > possible)
        & (linked["links"] >= FEWEST_LINKS)
        & (linked["precision_low"] >= LEAST_PRECISION)
        & (linked["false_per_thousand"] <= MOST_FALSE)
    ]
    strong = float(good["threshold"].min()) if len(good) else None
    return {"strong": strong, "possible": possible, "weak": weak}


def change_of(
    agreement: Agreement, picked: dict[str, float | None], about: dict[str, object], digest: str
) -> Thresholds | None:
    """Draw up the change; None where no threshold keeps what is asked of `strong`."""
    strong, possible, weak = (picked[band] for band in ("strong", "possible", "weak"))
    if strong is None or possible is None or weak is None:
        return None
    return Thresholds(
        agreement_id=agreement.agreement_id,
        agreement_digest=agreement.digest,
        scheme=str(about["scheme"]),
        model_digest=str(about["model_digest"]),
        strong=strong,
        possible=possible,
        weak=weak,
        registered=int(str(about["registered"])),
        findings=digest,
    )
