"""The people of the lab: families of several cultures, and what an attacker holds of them.

They come from `datasets.tracing`: names by frequency in the manner of Zipf within each culture,
and families whose members share names, which is what makes records resemble each other.
"""

from dataclasses import dataclass
from enum import StrEnum

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
_OF_A_HOUSEHOLD = (
    "father_name", "grandfather_name", "family_name", "mother_name",
    "nationality", "birth_place", "residence", "language",
)  # fmt: skip
_MOST_OF_A_HOUSEHOLD = 4
_FIRST_OF_MINORS, _YEARS_OF_MINORS = 2008, 5
_NAMES = ("given_name", "father_name", "grandfather_name", "family_name", "mother_name")


class Register(StrEnum):
    """What a register holds of its people, in ways that bring out what a scheme shows."""

    FULL = "all that people tell"
    SPARSE = "name, sex and birth alone"
    HOUSEHOLDS = "households at one address"
    MINORS = "boys of one age, years of birth alone"


HELD_TO_LIMITS = (Register.FULL, Register.SPARSE, Register.HOUSEHOLDS)
"""The registers in which a scheme is to keep the limits.

Where all are of one age and sex and more is not known of their birth, names alone tell people
apart, and what tells a true pair tells others of like names: no scheme hides that and still finds
many. Such batches are for an agreement's ceiling on what distances say to refuse."""


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


def households(frame: pd.DataFrame) -> pd.DataFrame:
    """Let people live in households of one to four who share all but given name, sex and birth.

    As where one clerk wrote a family down: the names of their parents and family, nationality,
    place of birth and an address that nobody else has, all in the same letters. Kin are then as
    near to each other as different people can be.

    Args:
        frame: Generated people; not changed.
    """
    ordered = frame.sort_values("nationality", kind="stable").reset_index(drop=True)
    size = len(ordered)
    members = 1 + np.arange(size) % _MOST_OF_A_HOUSEHOLD
    first = np.cumsum(members) - members
    head = np.repeat(first, members)[:size]
    shared = ordered.iloc[head].reset_index(drop=True)
    streets = ordered["given_name"].to_numpy()[size - 1 - head]
    shared["residence"] = [
        ", ".join(filter(None, (f"{street} {1 + number}", place)))
        for street, number, place in zip(streets, head.tolist(), shared["residence"], strict=True)
    ]
    return ordered.assign(**{name: shared[name] for name in _OF_A_HOUSEHOLD})


def minors(frame: pd.DataFrame) -> pd.DataFrame:
    """Let all be boys who were born within five years, of whose birth the year alone is known.

    As where unaccompanied children are registered.

    Args:
        frame: Generated people; not changed.
    """
    years = _FIRST_OF_MINORS + np.arange(len(frame)) % _YEARS_OF_MINORS
    return frame.assign(sex="m", birth_date=years.astype(str), age="", age_on="", calendar="")


def held_in(register: Register, frame: pd.DataFrame) -> pd.DataFrame:
    """Give of people what a register holds."""
    match register:
        case Register.FULL:
            return frame
        case Register.SPARSE:
            return sparse(frame)
        case Register.HOUSEHOLDS:
            return households(frame)
        case Register.MINORS:
            return minors(frame)


def records_of(frame: pd.DataFrame) -> Records:
    """Take a generated register as records."""
    return Records.from_frame(frame, role=_ROLE)


def overlapping(
    size: int, shared: int, seed: int, register: Register = Register.FULL
) -> tuple[Records, Knowledge]:
    """Generate encoded people and an attacker who holds as many, of whom some are the same.

    Args:
        size: People on either side.
        shared: How many are on both sides, with the same plaintext.
        seed: Of people and their order.
        register: What either side has of them.

    Returns:
        The encoded people, and the attacker's knowledge in an order and with record ids of its own.
    """
    frame = held_in(register, people(2 * size - shared, seed))
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
