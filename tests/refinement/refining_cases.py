"""What the tests of refinement share: records, keys, cells and their comparison."""

from collections.abc import Mapping

import numpy as np

from encoders.keys import Keys
from encoders.records import Records
from encoders.refining.answering import attribute_cells
from matcher.decisions.refinement.comparison import Cells, Compared, compare
from matcher.decisions.refinement.outcomes import OUTCOMES
from matcher.decisions.refinement.weights import RefinementModel
from matcher.formats.agreement import Agreement

Row = Mapping[str, str]


def names(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 16), dtype=np.uint8)


def cells_of(
    rows: list[Row], agreement: Agreement, *, society: str, identifiers: np.ndarray, key: int = 1
) -> Cells:
    records = Records.from_rows(
        [{"record_id": str(number), **row} for number, row in enumerate(rows)], role="sought"
    )
    keys = Keys.throwaway(agreement, seed=key)
    everybody = np.arange(len(rows))
    return attribute_cells(records, everybody, identifiers, identifiers, keys, society)


def compared(left: list[Row], right: list[Row], agreement: Agreement) -> Compared:
    identifiers = names(len(left))
    sides = (
        cells_of(rows, agreement, society=society, identifiers=identifiers)
        for rows, society in ((left, "one"), (right, "other"))
    )
    return compare(RefinementModel.published().pieces, *sides)


def outcomes(found: Compared, row: int = 0) -> dict[str, str]:
    return {
        attribute: of_attribute[found.outcomes[row, column]][0]
        for column, (attribute, of_attribute) in enumerate(OUTCOMES.items())
        if found.outcomes[row, column]
    }
