"""From records to the byte that tells the linkage unit how much is known of each person."""

import re

import numpy as np
import numpy.typing as npt

from encoders.birth_columns import PRECISIONS, BirthReader
from encoders.codes import normalise_sex
from encoders.names import PARTICLES
from encoders.records import NAME_COLUMNS, Records
from matcher.formats.cells import Mask
from matcher.formats.knowledge import BIRTH_DAY, BIRTH_VAGUE, BIRTH_YEAR, Knowledge, pack

Counts = npt.NDArray[np.int64]

_PLACE_COLUMNS = ("birth_place", "residence", "last_seen_place")
_IDEOGRAPHS = re.compile("[\u4e00-\u9fff\uac00-\ud7a3]")
# By precision; a day that registration offices put for a year has the precision of a year. What
# can't be read, for a defect of ours, has the last level: it has no place in a batch either.
_LEVELS: dict[str, int] = {
    "absent": 0,
    "age": BIRTH_VAGUE,
    "decade": BIRTH_VAGUE,
    "year": BIRTH_YEAR,
    "month": BIRTH_YEAR,
    "day": BIRTH_DAY,
}
_BIRTH_LEVELS = np.array([*(_LEVELS[name] for name in PRECISIONS), 0, 0], dtype=np.int64)


def knowledge_of(records: Records) -> Knowledge:
    """Tell how much is known of each of n persons.

    Returns:
        Shape (n,), uint8, as `matcher.formats.knowledge` has it.
    """
    return pack(
        _name_parts(records),
        _births(records),
        {
            "sex": _sexes(records),
            "place": np.logical_or.reduce([_given(records, name) for name in _PLACE_COLUMNS]),
            "mother": _given(records, "mother_name"),
            "nationality": _given(records, "nationality"),
        },
    )


def _name_parts(records: Records) -> Counts:
    """Count the parts of each person's own name; other names count only where it has none.

    They say the same again in other words more often than anything more.
    """
    counted = {column: _parts(records, column) for column in NAME_COLUMNS}
    others = counted.pop("other_names")
    own = np.sum(list(counted.values()), axis=0)
    return np.where(own > 0, own, others)


def _parts(records: Records, column: str) -> Counts:
    cells, which = records.distinct(column)
    counts: Counts = np.array([_count_parts(cell) for (cell,) in cells], dtype=np.int64)[which]
    return counts


def _count_parts(name: str | None) -> int:
    """Count a name's parts: words of two letters or more that are no particle, or else one.

    An initial is no part: it tells too little. Nor is a particle that comes and goes. A name in
    Chinese or Japanese characters without a space is a family and a given name.
    """
    if name is None:
        return 0
    words = name.casefold().replace("-", " ").split()
    parts = [word for word in words if sum(map(str.isalpha, word)) > 1 and word not in PARTICLES]
    if len(words) == 1 and parts and _IDEOGRAPHS.search(parts[0]):
        return 2
    return max(1, len(parts))


def _births(records: Records) -> Counts:
    births: Counts = _BIRTH_LEVELS[BirthReader().read(records.table).precision]
    return births


def _sexes(records: Records) -> Mask:
    cells, which = records.distinct("sex")
    given = [normalise_sex(cell)[0] is not None for (cell,) in cells]
    sexes: Mask = np.array(given, np.bool_)[which]
    return sexes


def _given(records: Records, column: str) -> Mask:
    return np.asarray(records.column(column).is_valid().to_numpy(), dtype=np.bool_)
