"""How well the classes of names order how often a register that they weren't made from has them."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from encoders.names.frequency import UNHEARD_OF, Kind, frequency_classes

FILE = "census.csv.gz"
_COLUMNS: dict[Kind, str] = {"given": "pername1", "family": "pername2"}


def measure(file: Path) -> dict[str, dict[str, object]]:
    """For given and family names, class by class: distinct names, and how often one is borne.

    Returns:
        By kind the rank correlation of class and rarity, and the number of distinct names and the
        mean of their bearers in 10,000 people, of classes 0 to 5.
    """
    table = pd.read_csv(file, dtype=str)
    report: dict[str, dict[str, object]] = {}
    for kind, column in _COLUMNS.items():
        counts = Counter(table[column].dropna().str.strip().str.title())
        borne = np.array(list(counts.values())) / counts.total() * 10_000
        classes = frequency_classes(counts, kind)
        of_class = [borne[classes == number] for number in range(UNHEARD_OF + 1)]
        report[kind] = {
            "rank_correlation": round(float(spearmanr(classes, -borne).statistic), 3),
            "names": [len(one) for one in of_class],
            "bearers": [round(float(one.mean()), 2) if len(one) else 0.0 for one in of_class],
        }
    return report
