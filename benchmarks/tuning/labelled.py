"""A labelled set as a model is calibrated on it: both sides encoded, and the true pairs by row."""

import numpy as np
import pandas as pd

from benchmarks.attacks.fingerprints import encoded_by
from benchmarks.peers.sets import LabelledSet
from benchmarks.tuning.calibration import Labelled
from encoders.knowledge import knowledge_of
from encoders.records import Records
from matcher.decisions.candidates import Side
from matcher.formats.scheme import Scheme


def encoded(labelled: LabelledSet, scheme: Scheme, seed: int) -> Labelled:
    """Encode a labelled set.

    Args:
        labelled: Requests, register and truth.
        scheme: The scheme.
        seed: Of the throwaway keys.
    """
    rows = [
        pd.Index(frame["record_id"]).get_indexer(labelled.truth[column])
        for frame, column in (
            (labelled.requests, "request_id"),
            (labelled.register, "register_id"),
        )
    ]
    return Labelled(
        _side(labelled.requests, "sought", scheme, seed),
        _side(labelled.register, "registered", scheme, seed),
        np.column_stack(rows),
    )


def _side(frame: pd.DataFrame, role: str, scheme: Scheme, seed: int) -> Side:
    records = Records.from_frame(frame, role=role)
    passes = encoded_by(records, scheme, seed).passes
    return Side(
        {name: (one.bits, one.present) for name, one in passes.items()},
        knowledge_of(records, scheme),
    )
