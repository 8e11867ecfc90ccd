"""Splink 5, trained without labels: run by the peers' own Python, which has it.

`python by_splink.py LEFT RIGHT OUT` reads two Parquet files of `benchmarks.peers.columns`, and
writes `request_id, register_id, score` (the match weight, in bits) of every pair that its blocking
rules compare and that scores above -10. Nothing of kinmatch is loaded. Of five sets of training
rules tried, the one below had the highest F1 on the census and its extract and on FEBRL 4.
"""

import logging
import sys
from pathlib import Path

import pandas as pd

# A peer, never installed with us.
import splink.comparison_level_library as levels  # type: ignore[import-not-found]
import splink.comparison_library as comparisons  # type: ignore[import-not-found]
from splink import (
    DuckDBAPI,
    Linker,
    SettingsCreator,
    block_on,
)

SEED = 1
_LEAST_SCORE = -10.0
_RECALL_OF_CERTAIN = 0.5  # of the rules below, as a practitioner would guess it
_CERTAIN = (("given", "family", "dob"), ("given", "father", "family", "year"))
_TRAINED_ON = (("given", "family"), ("dob",))
_BLOCKED_ON = (
    ("given", "family"),
    ("year", "month", "day"),
    ("given", "year"),
    ("family", "year"),
    ("given_sound", "year"),
    ("family_sound", "year"),
    ("given_sound", "family_sound"),
    ("given_sound", "month", "day"),
    ("family_sound", "month", "day"),
    ("given", "father"),
    ("given", "mother"),
    ("father", "family", "year"),
    ("given_sound", "place"),
    ("family_sound", "place"),
    ("place", "year"),
    ("given_start", "family_start"),
)


def link(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Train and score."""
    both = (left, right)
    known = [str(c) for c in left if all(side[c].notna().any() for side in both)]

    def rules(of: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
        return [columns for columns in of if set(columns) <= set(known)]

    database = DuckDBAPI()
    names = ("asked", "registered")  # splink calls the lower name left
    sides = [
        database.register(frame, dataset_display_name=name)
        for name, frame in zip(names, both, strict=True)
    ]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=_comparisons(known),
        blocking_rules_to_generate_predictions=[block_on(*r) for r in rules(_BLOCKED_ON)],
        retain_matching_columns=False,
    )
    linker = Linker(sides, settings, log_level=logging.ERROR)
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on(*rule) for rule in rules(_CERTAIN)], recall=_RECALL_OF_CERTAIN
    )
    training.estimate_u_using_random_sampling(max_pairs=5e6, seed=SEED)
    for rule in rules(_TRAINED_ON):
        training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), estimate_without_term_frequencies=True, max_pairs=5e6
        )
    scored = linker.inference.predict(threshold_match_weight=_LEAST_SCORE)
    pairs: pd.DataFrame = scored.as_pandas_dataframe()[
        ["unique_id_l", "unique_id_r", "match_weight"]
    ]
    pairs.columns = pd.Index(["request_id", "register_id", "score"])
    return pairs


def _comparisons(known: list[str]) -> list[object]:
    made: list[object] = [_name("given", "family"), _name("family", "given"), _birth()]
    made += [
        comparisons.NameComparison(name)
        for name in ("father", "grandfather", "mother")
        if name in known
    ]
    for name in ("sex", "nationality"):
        if name in known:
            made.append(comparisons.ExactMatch(name).configure(term_frequency_adjustments=True))
    if "places" in known:
        made.append(
            comparisons.PairwiseStringDistanceFunctionAtThresholds(
                "places", "jaro_winkler", [0.99, 0.9, 0.8]
            )
        )
    return made


def _name(name: str, other: str) -> object:
    """Exact (by frequency), near by Jaro-Winkler, or swapped into the other column."""
    return comparisons.CustomComparison(
        output_column_name=name,
        comparison_levels=[
            levels.NullLevel(name),
            levels.ExactMatchLevel(name, term_frequency_adjustments=True),
            levels.JaroWinklerLevel(name, 0.92),
            levels.JaroWinklerLevel(name, 0.88),
            levels.CustomLevel(f"{name}_l = {other}_r or {other}_l = {name}_r", "swapped"),
            levels.JaroWinklerLevel(name, 0.7),
            levels.ElseLevel(),
        ],
    )


def _birth() -> object:
    """Equal, swapped, one part wrong, years apart; a part that is not known is no difference."""
    year, month, day = (f"{part}_l = {part}_r" for part in ("year", "month", "day"))
    apart = "abs(year_l - year_r)"
    near = "levenshtein(cast(year_l as varchar), cast(year_r as varchar)) <= 1"
    return comparisons.CustomComparison(
        output_column_name="birth",
        comparison_levels=[
            {"sql_condition": "year_l is null or year_r is null", "is_null_level": True,
             "label_for_charts": "unknown"},
            levels.CustomLevel(f"{year} and {month} and {day}", "same day"),
            levels.CustomLevel(f"{year} and day_l = month_r and month_l = day_r", "swapped"),
            levels.CustomLevel(f"{year} and {month}", "same month"),
            levels.CustomLevel(f"{year} and {day}", "same day and year, another month"),
            levels.CustomLevel(f"{month} and {day} and {near}", "a digit of the year"),
            levels.CustomLevel(f"{month} and {day}", "same day of another year"),
            levels.CustomLevel(f"{year} and (day_l is null or day_r is null)", "year alone"),
            levels.CustomLevel(year, "same year"),
            levels.CustomLevel(f"{apart} <= 1", "a year apart"),
            levels.CustomLevel(f"{apart} <= 3", "three years apart"),
            levels.CustomLevel(f"{apart} <= 10", "ten years apart"),
            levels.ElseLevel(),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    _left, _right, _out = map(Path, sys.argv[1:4])
    link(pd.read_parquet(_left), pd.read_parquet(_right)).to_parquet(_out, index=False)
