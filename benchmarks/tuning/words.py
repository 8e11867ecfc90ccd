"""A threshold in words, for a person who has to decide and is tired."""

from typing import Any

import pandas as pd


def in_words(row: "pd.Series[Any]", *, truths: int, new: int, held: int) -> str:
    """Say what one threshold does.

    Args:
        row: A row of `measures.curves`, with `unlabelled` and `labelled` of `measures.a_night`.
        truths: How many true pairs there are.
        new: Persons sought anew a night.
        held: Persons held.
    """
    false = int(row["links"] - row["right"])
    sentences = [
        f"At {row['threshold']:g} bits: of {_people(truths)} who can be found, "
        f"{int(row['right']):,} are found as the first candidate ({_share(row, 'recall')}).",
        f"Of {int(row['links']):,} first candidates, {false:,} are the wrong person "
        f"(precision {_share(row, 'precision')})."
        if row["links"]
        else "No candidate reaches it.",
        "Of a thousand requests whose person is nowhere, "
        f"{row['false_per_thousand']:.1f} get a wrong first candidate "
        f"({row['false_per_thousand_low']:.1f} to {row['false_per_thousand_high']:.1f}).",
    ]
    if pd.notna(row["reviewed_per_match"]):
        sentences.append(
            f"Somebody looks at {row['reviewed_per_match']:.1f} candidates for each right one."
        )
    sentences.append(
        f"With {held:,} persons held and {new:,} sought anew, expect about "
        f"{row['labelled']:,.0f} candidates a night."
    )
    return " ".join(sentences)


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{count:,} people"


def _share(row: "pd.Series[Any]", name: str) -> str:
    return f"{row[name]:.1%}, between {row[f'{name}_low']:.1%} and {row[f'{name}_high']:.1%}"
