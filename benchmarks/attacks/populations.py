"""The people of the lab: families of several cultures, and what an attacker holds of them.

They come from `datasets.tracing`: names by frequency in the manner of Zipf within each culture,
and families whose members share names, which is what makes records resemble each other.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from datasets import tracing
from encoders.records import Records

Rows = npt.NDArray[np.int64]

_ROLE = "registered"
_RECORDS_PER_REQUEST = 10
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BEYOND_NAME_AND_BIRTH = ("mother_name", "birth_place", "residence", "nationality", "other_names")
_NAMES = ("given_name", "father_name", "grandfather_name", "family_name", "mother_name")


@dataclass(frozen=True, repr=False)
class Knowledge:
    """What an attacker holds: plaintext records, and, for the measure alone, who they are.

    Attributes:
        records: The attacker's plaintext records.
        truth: For each encoded record the attacker's row of the same person, -1 if not held.
    """

    records: Records
    truth: Rows


def people(size: int, seed: int) -> pd.DataFrame:
    """Generate a register of people; other seeds give other people of the same cultures.

    Args:
        size: Number of people.
        seed: Same size and seed, same people.

    Returns:
        `size` rows in the canonical columns.
    """
    return tracing.generate(max(1, size // _RECORDS_PER_REQUEST), size, seed).register


def sparse(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave of everybody the name, sex and birth alone, which is all that many registers hold.

    What is not there fills nothing up: such filters are the emptier, and show more.

    Args:
        frame: Generated people; not changed.
    """
    left_out = [name for name in _BEYOND_NAME_AND_BIRTH if name in frame]
    return frame.assign(**dict.fromkeys(left_out, ""))


def records_of(frame: pd.DataFrame) -> Records:
    """Take a generated register as records."""
    return Records.from_frame(frame, role=_ROLE)


def overlapping(
    size: int, shared: int, seed: int, *, sparsely: bool = False
) -> tuple[Records, Knowledge]:
    """Generate encoded people and an attacker who holds as many, of whom some are the same.

    Args:
        size: People on either side.
        shared: How many are on both sides, with the same plaintext.
        seed: Of people and their order.
        sparsely: Whether name, sex and birth are all that either side has.

    Returns:
        The encoded people, and the attacker's knowledge in an order and with record ids of its own.
    """
    frame = people(2 * size - shared, seed)
    if sparsely:
        frame = sparse(frame)
    generator = np.random.default_rng([seed, size, shared])
    everyone = generator.permutation(len(frame))
    held = generator.permutation(everyone[size - shared :])
    truth = np.full(len(frame), -1, dtype=np.int64)
    truth[held] = np.arange(len(held))
    encoded = everyone[:size]
    theirs = frame.iloc[held].reset_index(drop=True)
    theirs["record_id"] = [f"A{number}" for number in range(len(theirs))]
    knowledge = Knowledge(records_of(theirs), truth[encoded])
    return records_of(frame.iloc[encoded].reset_index(drop=True)), knowledge


def misspelt(knowledge: Knowledge, share: float, seed: int) -> Knowledge:
    """Change one letter in one name of some of the attacker's records.

    Args:
        knowledge: What the attacker holds; not changed.
        share: The share of records, 0 to 1.
        seed: Of what is changed.
    """
    generator = np.random.default_rng([seed, 1])
    frame = knowledge.records.table.to_pandas()
    for row in np.flatnonzero(generator.random(len(frame)) < share):
        written = [name for name in _NAMES if isinstance(frame.at[row, name], str)]
        if written:
            column = written[generator.integers(len(written))]
            frame.loc[row, column] = _with_wrong_letter(str(frame.at[row, column]), generator)
    return Knowledge(records_of(frame), knowledge.truth)


def _with_wrong_letter(text: str, generator: np.random.Generator) -> str:
    at = int(generator.integers(len(text)))
    letter = _LETTERS[generator.integers(len(_LETTERS))]
    return text[:at] + letter + text[at + 1 :]
