"""From records to the level that tells the linkage unit how much of each person was encoded."""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from encoders.birth_columns import PRECISIONS, BirthReader
from encoders.codes import normalise_sex
from encoders.names import PARTICLES
from encoders.records import NAME_COLUMNS, Records
from matcher.formats.knowledge import BITS, Kind, Knowledge, kinds_of, level_of
from matcher.formats.scheme import Scheme

Counts = npt.NDArray[np.int64]

_IDEOGRAPHS = re.compile("[\u4e00-\u9fff\uac00-\ud7a3]")
# By precision; a day that registration offices put for a year has the precision of a year. What
# can't be read, for a defect of ours, has the last place: it has no place in a batch either.
_OF_PRECISION = {"absent": 0, "age": 1, "decade": 1, "year": 2, "month": 2, "day": 3}
_OF_BIRTH = np.array([*(_OF_PRECISION[name] for name in PRECISIONS), 0, 0], dtype=np.int64)


def knowledge_of(records: Records, scheme: Scheme) -> Knowledge:
    """Give the level of each of n records under a scheme (`matcher.formats.knowledge`), uint8."""
    return level_of(told_by(records, scheme))


def told_by(records: Records, scheme: Scheme) -> npt.NDArray[np.float64]:
    """Tell what agreement in all that each record holds, and a scheme compares, can tell at most.

    Returns:
        Shape (n,), float64, in bits.
    """
    names = (attribute.name for part in scheme.passes for attribute in part.attributes)
    told = np.zeros(len(records))
    for kind in kinds_of(names):
        told += np.array(BITS[kind])[_HELD[kind](records)]
    return told


def _name_parts(records: Records) -> Counts:
    """Count the parts of each person's own name; other names count only where it has none.

    They say the same again in other words more often than anything more.
    """
    counted = {column: _parts(records, column) for column in NAME_COLUMNS}
    others = counted.pop("other_names")
    own = np.sum(list(counted.values()), axis=0)
    return np.minimum(np.where(own > 0, own, others), len(BITS["name"]) - 1)


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
    births: Counts = _OF_BIRTH[BirthReader().read(records.table).precision]
    return births


def _sexes(records: Records) -> Counts:
    cells, which = records.distinct("sex")
    given = [normalise_sex(cell)[0] is not None for (cell,) in cells]
    sexes: Counts = np.array(given, np.int64)[which]
    return sexes


def _given(*columns: str) -> Callable[[Records], Counts]:
    """Tell whether one of some columns holds anything."""

    def given(records: Records) -> Counts:
        held = [records.column(column).is_valid().to_numpy() for column in columns]
        counts: Counts = np.logical_or.reduce(held).astype(np.int64)
        return counts

    return given


_HELD: dict[Kind, Callable[[Records], Counts]] = {
    "name": _name_parts,
    "birth": _births,
    "sex": _sexes,
    "place": _given("birth_place", "residence", "last_seen_place"),
    "mother": _given("mother_name"),
    "nationality": _given("nationality"),
}
"""How much of each kind of fact n records hold, int64 of shape (n,), as positions in its `BITS`."""
