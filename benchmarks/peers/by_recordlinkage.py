"""recordlinkage with its ECM classifier, trained without labels."""

import numpy as np
import pandas as pd
import recordlinkage

_BLOCKED_ON = (
    ("given", "family"),
    ("dob",),
    ("given", "year"),
    ("family", "year"),
    ("given_sound", "year"),
    ("given", "mother"),
    ("family_sound", "place"),
)
_TRAINED_ON = (("given", "year"), ("given_sound", "year"))  # of five sets tried, the best here
_ALIKE = 0.88
"""Names and places agree from this Jaro-Winkler similarity on."""


def link(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Train and score.

    Args:
        left: As `benchmarks.peers.columns.plain_columns` makes them.
        right: The other side.

    Returns:
        `request_id, register_id, score` (natural log odds) of every pair that the blocking rules
        compare.
    """
    sides = [frame.set_index("unique_id") for frame in (left, right)]
    known = {
        str(column) for column in sides[0] if all(side[column].notna().any() for side in sides)
    }
    compared = _pairs(_BLOCKED_ON, sides, known)
    features = _comparing(known).compute(compared, *sides)
    likely = compared.isin(_pairs(_TRAINED_ON, sides, known))
    classifier = recordlinkage.ECMClassifier(binarize=0.5)
    classifier.fit(features[likely])
    chance = np.nan_to_num(classifier.prob(features).to_numpy())  # none where it can't tell
    chance = np.clip(chance, 1e-12, 1 - 1e-12)
    return pd.DataFrame(
        {
            "request_id": features.index.get_level_values(0),
            "register_id": features.index.get_level_values(1),
            "score": np.log(chance / (1 - chance)),
        }
    )


def _pairs(
    rules: tuple[tuple[str, ...], ...], sides: list[pd.DataFrame], known: set[str]
) -> pd.MultiIndex:
    """Give the pairs that agree in all columns of one rule; two absent cells do not agree."""
    found = pd.MultiIndex.from_arrays([[], []])
    for rule in rules:
        if set(rule) <= known:
            whole = [side[list(rule)].dropna() for side in sides]
            found = found.union(recordlinkage.index.Block(list(rule)).index(*whole))
    return found


def _comparing(known: set[str]) -> recordlinkage.Compare:
    compare = recordlinkage.Compare()
    for name in ("given", "father", "grandfather", "family", "mother", "place"):
        if name in known:
            compare.string(name, name, method="jarowinkler", threshold=_ALIKE, label=name)
    for name in ("sex", "nationality", "year", "month", "day"):
        if name in known:
            compare.exact(name, name, label=name)
    return compare
