"""The pairs that went most wrong, why, and what the evidence of single pairs adds up from.

Records are named by their ids alone. What stands in them is shown for invented people only.
"""

import pandas as pd

from benchmarks import accuracy
from benchmarks.accuracy import PAIR

SHOWN = 20
"""How many pairs of each kind are shown."""

NOT_FOUND = "not among the candidates"
OUTRANKED = "another person ranked first"
BELOW = "first, but below the threshold"
LINKED = "linked"


def false_links(pairs: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Give the links that are false, the worst first.

    Args:
        pairs: Candidates, as `benchmarks.accuracy` has them.
        truth: True pairs.

    Returns:
        `request_id, register_id, score, counterpart`: the last is the request's true counterpart,
        empty where it has none. At most `SHOWN` rows.
    """
    links = accuracy.best_per_request(pairs)
    wrong = links[~accuracy.is_true(links, truth)].head(SHOWN).reset_index(drop=True)
    counterparts = truth.astype(str).drop_duplicates("request_id").set_index("request_id")
    known = counterparts["register_id"].reindex(wrong["request_id"]).fillna("")
    return wrong.assign(counterpart=known.to_numpy())


def missed(pairs: pd.DataFrame, truth: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Say of every true pair whether it is linked at a threshold, and if not, why.

    Args:
        pairs: Candidates.
        truth: True pairs.
        threshold: The least score of a link.

    Returns:
        A row for each true pair, those not found first, then by how far behind they are:
        `request_id, register_id, why, score, rank, first_id, first_score`: the pair's own score and
        rank among its request's candidates (null where it is none), and the candidate that ranked
        first in its place.
    """
    ordered = accuracy.in_order(pairs)
    ordered["rank"] = ordered.groupby("request_id").cumcount() + 1
    known = truth[PAIR].astype(str)
    own = known.merge(ordered, how="left", on=PAIR)
    first = ordered[ordered["rank"] == 1].set_index("request_id")[["register_id", "score"]]
    first = first.reindex(own["request_id"]).reset_index(drop=True)
    is_first = own["rank"] == 1
    own["first_id"] = first["register_id"].where(~is_first).fillna("")
    own["first_score"] = first["score"].where(~is_first)
    own["why"] = LINKED
    own.loc[is_first & (own["score"] < threshold), "why"] = BELOW
    own.loc[own["rank"] > 1, "why"] = OUTRANKED
    own.loc[own["rank"].isna(), "why"] = NOT_FOUND
    own["behind"] = (own["first_score"] - own["score"]).fillna(0.0)
    own["place"] = own["why"].map({NOT_FOUND: 0, OUTRANKED: 1, BELOW: 2, LINKED: 3})
    own = own.sort_values(
        ["place", "behind", *PAIR], ascending=[True, False, True, True], ignore_index=True
    )
    return own[[*PAIR, "why", "score", "rank", "first_id", "first_score"]]


def waterfall(pairs: pd.DataFrame, weights: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Give what the scores of single pairs add up from.

    Args:
        pairs: Candidates, with `score`.
        weights: Row for row with `pairs`: the bits that each pass or attribute adds, a column each.
        chosen: `request_id, register_id` and a `label`, in the order they are shown.

    Returns:
        A row for each step of each pair: `label, step, part, start, end, bits`; bits that no part
        accounts for stand first as "before any evidence", and the score last.
    """
    index = pd.MultiIndex.from_frame(pairs[PAIR].astype(str))
    places = index.get_indexer(pd.MultiIndex.from_frame(chosen[PAIR].astype(str)))
    rows: list[dict[str, object]] = []
    for label, place in zip(chosen["label"], places, strict=True):
        if place < 0:
            continue
        score = float(pairs["score"].iloc[place])
        bits = {str(part): float(b) for part, b in weights.iloc[place].items() if b != 0}
        start = 0.0
        steps = {"before any evidence": score - sum(bits.values()), **bits}
        for step, (part, more) in enumerate(steps.items()):
            rows.append(_step(label, step, part, start, start + more, more))
            start += more
        rows.append(_step(label, len(steps), "score", 0.0, score, score))
    return pd.DataFrame(rows, columns=["label", "step", "part", "start", "end", "bits"])


def _step(
    label: str, step: int, part: str, start: float, end: float, bits: float
) -> dict[str, object]:
    rounded = {"start": round(start, 3), "end": round(end, 3), "bits": round(bits, 3)}
    return {"label": label, "step": step, "part": part, **rounded}


def worth_a_look(
    pairs: pd.DataFrame, truth: pd.DataFrame, wrong: pd.DataFrame, lost: pd.DataFrame, each: int = 6
) -> pd.DataFrame:
    """Choose single pairs to show: clear matches, the worst false links, matches outranked.

    Returns:
        `request_id, register_id, label`.
    """
    links = accuracy.best_per_request(pairs)
    right = links[accuracy.is_true(links, truth)]
    spread = right.iloc[:: max(1, len(right) // each)].head(each)
    outranked = lost[lost["why"] == OUTRANKED].head(each)
    kinds = {
        "false link": wrong.head(each),
        "match, outranked": outranked,
        "match": spread,
    }
    return pd.concat(
        [
            frame[PAIR].assign(
                label=[
                    f"{kind}: {one} with {other}"
                    for one, other in frame[PAIR].itertuples(index=False, name=None)
                ]
            )
            for kind, frame in kinds.items()
        ],
        ignore_index=True,
    )
