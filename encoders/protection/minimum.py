"""Minimum data: what the purpose needs of a person in this role, and no label that tells more.

A value beyond that is not used; the record goes on without it. Places are looked through for words
that tell of health, detention or violence, those of `categories.toml`; no such list is whole.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from encoders.records import COLUMNS, Records
from matcher.formats.rulebook import refuse

Rows = npt.NDArray[np.bool_]

_KEYS: Final = ("record_id", "case_id", "role", "relation")
_FOLLOWS: Final = {"calendar": "birth_date", "age_on": "age"}

ELEMENTS: Final = tuple(name for name in COLUMNS if name not in (*_KEYS, *_FOLLOWS))
"""The fields that a purpose can name as needed; calendar and age_on go with birth_date and age."""

_NOT_FOR: Final = {
    "sought": frozenset[str](),
    "registered": frozenset[str](),
    "enquirer": frozenset({"last_seen_place", "last_seen_date"}),
    "kin": frozenset({"residence", "last_seen_place", "last_seen_date", "nationality", "language"}),
}
"""What is never needed of a person in a role: an enquirer is not missing, kin are only named."""

_LISTS: Final = tomllib.loads(
    files("encoders.protection").joinpath("categories.toml").read_text(encoding="utf-8")
)
_TELLING: Final = frozenset(word for words in _LISTS["values"].values() for word in words)
_TELLING_LABELS: Final = _TELLING | set(_LISTS["labels"])
_PLACES: Final = ("birth_place", "residence", "last_seen_place", "other_names")


def not_needed(records: Records, elements: Iterable[str]) -> dict[str, Rows]:
    """Tell which values are beyond what the purpose and the role need.

    Args:
        records: n records.
        elements: The purpose's data elements.

    Returns:
        For each field with such a value, shape (n,): where.
    """
    needed = set(elements)
    needed |= {name for name, other in _FOLLOWS.items() if other in needed} | set(_KEYS)
    roles = np.array(records.column("role").to_pylist(), dtype=object)
    found = {}
    for name in COLUMNS:
        barred = np.isin(roles, [role for role, names in _NOT_FOR.items() if name in names])
        where = _filled(records.column(name)) & (barred if name in needed else True)
        if name not in _KEYS and where.any():
            found[name] = where
    return found


def telling_values(records: Records, _: Iterable[str]) -> dict[str, Rows]:
    """Tell which places hold a word for health, detention or violence, whatever is needed."""
    found = {}
    for name in _PLACES:
        cells, which = records.distinct(name)
        tells = [cell is not None and bool(_words(cell) & _TELLING) for (cell,) in cells]
        where = np.array(tells, np.bool_)[which]
        if where.any():
            found[name] = where
    return found


VALUES: Final[dict[str, Callable[[Records, Iterable[str]], dict[str, Rows]]]] = {
    "data.needed-only": not_needed,
    "data.no-category": telling_values,
}
"""Its rules about values, each with its gate, which says where a value may not be used."""


def labels_neutral(labels: Iterable[str]) -> None:
    """Let labels pass that tell of no category: file names, and the service's name.

    Raises:
        GateError: One tells of health, violence, detention, belief, age or the like. It isn't
            repeated in the message, which may be read by others than the file.
    """
    count = sum(bool(_words(label) & _TELLING_LABELS) for label in labels)
    if count:
        raise refuse("data.neutral-labels", f"{count} of the names given tell of a category.")


def _filled(column: Any) -> Rows:
    return np.asarray(column.is_valid().to_numpy(), np.bool_)


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return {word.strip("'_") for word in re.findall(r"[^\W\d_][^\W\d_']*", plain)}
