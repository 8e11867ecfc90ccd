"""`python -m benchmarks.tuning SCHEME OUT` measures a published scheme's evidence model.

On the generated tracing set, whose every distortion is known: 20,000 requests against 100,000
registered persons, seed 7. The same scheme gives the same file.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rehearsal import default_agreement
from benchmarks.tuning.calibration import Labelled, calibrate
from datasets import tracing
from encoders.encoding import encode
from encoders.keys import Keys
from encoders.knowledge import knowledge_of
from encoders.records import Records
from matcher.decisions.candidates import Side
from matcher.formats.files import written_whole
from matcher.formats.scheme import Scheme

REQUESTS, REGISTER, SEED = 20_000, 100_000, 7


def main(label: str, out: Path) -> None:
    """Measure the model of a published scheme and write it."""
    agreement = default_agreement(Scheme.published(label))
    keys = Keys.throwaway(agreement, seed=SEED)

    def side(frame: pd.DataFrame, role: str) -> Side:
        records = Records.from_frame(frame, role=role)
        encoded = encode(records, agreement, keys)
        passes = {name: (p.bits, p.present) for name, p in encoded.passes.items()}
        return Side(passes, knowledge_of(records))

    made = tracing.generate(REQUESTS, REGISTER, SEED)
    sought = made.requests[made.requests["role"] == "sought"]
    pairs = np.column_stack(
        [
            pd.Index(sought["record_id"]).get_indexer(made.truth["request_id"]),
            pd.Index(made.register["record_id"]).get_indexer(made.truth["register_id"]),
        ]
    )
    model = calibrate(
        agreement.scheme,
        [Labelled(side(sought, "sought"), side(made.register, "registered"), pairs)],
        f"generated tracing set, {REQUESTS:,} requests, {REGISTER:,} registered, seed {SEED}",
        progress=print,
    )
    with written_whole(out) as aside:
        aside.write_text(model.model_dump_json(indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
