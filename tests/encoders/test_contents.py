"""What a record's whole content is, against Python's own joining."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.contents import Cells
from encoders.records import COLUMNS, Records

ROWS = st.lists(
    st.fixed_dictionaries(
        {name: st.none() | st.text(max_size=5) for name in ("given_name", "sex", "language")}
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)  # the first call compiles
@given(rows=ROWS, random=st.randoms(use_true_random=False))
def test_cells_stand_in_order_with_a_sign_for_none(
    rows: list[dict[str, str | None]], random: Random
) -> None:
    table = Records.from_rows(rows, role="sought").table
    for part in (table, table.slice(1)):
        cells = Cells(part)
        chosen = np.array(random.choices(range(len(part) or 1), k=len(part)), np.int64)
        octets, *places = cells.contents(chosen)
        found = [octets[a:b].tobytes().decode() for a, b in zip(*places, strict=True)]
        held = part.to_pylist()
        assert found == [
            "\x1f".join("\x1e" if held[row][name] is None else held[row][name] for name in COLUMNS)
            for row in chosen
        ]
