"""Whom a threshold leaves out: recall by script, date, culture, age, relation, and what is missing.

What can be told from two records is told from them. Whatever else the truth says of a pair (the
generated set says what was done to each) is taken as it stands, a column a slice.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from benchmarks import accuracy
from benchmarks.accuracy import PAIR
from encoders.dates import Birth, parse_birth
from encoders.records import NAME_COLUMNS, Records
from encoders.scripts import count_scripts

FEWEST = 20
"""True pairs that a slice must have: of fewer nothing can be said."""

_MOST_VALUES = 25
_ALL = "everybody"
_PLACES = ("birth_place", "residence", "last_seen_place")
_PRECISIONS = ("day", "month", "year", "decade", "age", "registration artefact", "absent")
_Z = 1.96  # of a normal distribution: 95 % lie within

Floats = npt.NDArray[np.float64]


def slices_of(requests: Records, register: Records, truth: pd.DataFrame) -> pd.DataFrame:
    """Say of each true pair which slices it is in.

    Args:
        requests: Records of the requests.
        register: Registered persons.
        truth: `request_id, register_id`, and anything else that is known of the pairs.

    Returns:
        The truth's ids as strings, and a column of strings for each slice, for the pairs of which
        both records are there.
    """
    left, right = (_by_id(side) for side in (requests, register))
    pairs = truth.assign(**{name: truth[name].astype(str) for name in PAIR})
    known = pairs["request_id"].isin(left.index) & pairs["register_id"].isin(right.index)
    pairs = pairs[known].reset_index(drop=True)
    mine, theirs = left.loc[pairs["request_id"]], right.loc[pairs["register_id"]]
    sliced = pairs[PAIR].assign(everybody=_ALL)
    scripts = [_scripts(side) for side in (mine, theirs)]
    sliced["scripts"] = [f"{one} > {other}" for one, other in zip(*scripts, strict=True)]
    sliced["script"] = np.where(np.array(scripts[0]) == scripts[1], "the same", "transliterated")
    births = [_births(side) for side in (mine, theirs)]
    worse = [
        max((_precision(one) for one in both), key=_PRECISIONS.index)
        for both in zip(*births, strict=True)
    ]
    sliced["birth date, at worst"] = worse
    sliced["born"] = [_decade(*both) for both in zip(*births, strict=True)]
    sliced["missing fields"] = _missing(mine, theirs, births)
    sliced["relation"] = mine["relation"].fillna("none").to_numpy()
    sliced["sex"] = mine["sex"].fillna("absent").to_numpy()
    for name in pairs.columns.difference([*PAIR, *sliced.columns], sort=False):
        if 1 < pairs[name].nunique() <= _MOST_VALUES:
            sliced[str(name).replace("_", " ")] = pairs[name].astype(str)
    return sliced


def recall_of_slices(sliced: pd.DataFrame, links: pd.DataFrame, grid: Floats) -> pd.DataFrame:
    """Measure recall of every slice with at least `FEWEST` pairs, at every threshold.

    Args:
        sliced: As `slices_of` gives it.
        links: The best candidate of each request.
        grid: Thresholds, ascending.

    Returns:
        `slice, value, pairs, threshold, recall, low, high`: Wilson's interval of 95 % (Journal of
        the American Statistical Association 22, 1927); at each threshold the worst slice first.
    """
    ordered = accuracy.in_order(links)
    best = ordered[accuracy.is_true(ordered, sliced[PAIR])].set_index(PAIR)["score"]
    scores = best.reindex(pd.MultiIndex.from_frame(sliced[PAIR])).fillna(-np.inf).to_numpy()
    rows = []
    for name in sliced.columns.drop(PAIR):
        for value, chosen in sorted(sliced.groupby(name).indices.items()):
            if len(chosen) < FEWEST:
                continue
            found = (scores[chosen][:, None] >= grid).sum(axis=0)
            low, high = _wilson(found, len(chosen))
            rows.append(
                pd.DataFrame(
                    {
                        "slice": name,
                        "value": value,
                        "pairs": len(chosen),
                        "threshold": grid,
                        "recall": found / len(chosen),
                        "low": low,
                        "high": high,
                    }
                )
            )
    columns = ["slice", "value", "pairs", "threshold", "recall", "low", "high"]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return table.sort_values(
        ["threshold", "recall", "slice", "value"], kind="stable", ignore_index=True
    )


def _wilson(found: npt.NDArray[np.int64], of: int) -> tuple[Floats, Floats]:
    share = found / of
    middle = (share + _Z**2 / (2 * of)) / (1 + _Z**2 / of)
    half = _Z / (1 + _Z**2 / of) * np.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def _by_id(records: Records) -> pd.DataFrame:
    frame: pd.DataFrame = records.table.to_pandas()
    return frame.drop_duplicates("record_id").set_index("record_id")


def _scripts(side: pd.DataFrame) -> list[str]:
    """The script that most of a record's name parts are in."""
    rows = side[list(NAME_COLUMNS)].itertuples(index=False, name=None)
    names = (pa.array([part for part in row if part is not None], pa.string()) for row in rows)
    return [next(iter(count_scripts(parts)), "no name") for parts in names]


def _births(side: pd.DataFrame) -> list[Birth]:
    cells = side[["birth_date", "age", "age_on", "calendar"]].astype(object)
    rows = cells.itertuples(index=False, name=None)
    return [parse_birth(*(None if pd.isna(cell) else cell for cell in row))[0] for row in rows]


def _precision(birth: Birth) -> str:
    return "registration artefact" if birth.artefact else birth.precision


def _decade(*births: Birth) -> str:
    """The decade of birth by the first record that knows it."""
    for birth in births:
        if birth.latest is not None:
            return f"{birth.latest.year // 10 * 10}s"
    return "unknown"


def _missing(mine: pd.DataFrame, theirs: pd.DataFrame, births: list[list[Birth]]) -> list[str]:
    """How many of eight things one of the two records lacks."""
    lacking = np.zeros(len(mine), dtype=np.int64)
    for name in ("given_name", "father_name", "family_name", "mother_name", "sex", "nationality"):
        lacking += mine[name].isna().to_numpy() | theirs[name].isna().to_numpy()
    lacks_place = [side[list(_PLACES)].isna().all(axis=1).to_numpy() for side in (mine, theirs)]
    lacking += lacks_place[0] | lacks_place[1]
    lacks_birth = [any(b.earliest is None for b in both) for both in zip(*births, strict=True)]
    lacking += np.array(lacks_birth, dtype=np.bool_)
    words = ("none or one", "two or three", "four or five", "six or more")
    return [words[min(number // 2, 3)] for number in lacking.tolist()]
