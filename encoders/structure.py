"""Relations against ages and sexes of the same case: a mother is a woman, and older than her child.

What a case says of a relation goes to the linkage unit as a code, and ages and sexes don't; so this
is looked at here, where both are known. A relation that its own case contradicts is worth nothing
as evidence, and one of the two is a slip of the pen.
"""

import datetime

import numpy as np
import numpy.typing as npt

from encoders.codes import normalise_relation, normalise_role, normalise_sex
from encoders.dates import parse_birth
from encoders.records import Records
from matcher.formats.cells import Mask
from matcher.formats.relations import FEMALE, MALE, UNKNOWN, Relations
from matcher.formats.vocabulary import NO_RELATION, RELATIONS

Numbers = npt.NDArray[np.int64]

YEARS_BETWEEN_GENERATIONS = 12
"""A parent is at least so many years older; a grandparent twice as many."""

_BY_BIRTH = frozenset(
    (
        "mother", "father", "parent", "daughter", "son", "child", "grandmother", "grandfather",
        "grandparent", "granddaughter", "grandson", "grandchild",
    )
)  # fmt: skip
_DAYS = 365.25
_NOBODY = -1
_EVER, _NEVER = datetime.date.min.toordinal(), datetime.date.max.toordinal()


def contradicted(records: Records) -> Mask:
    """Tell which relations can't be, by what the same case says of sexes and births.

    A birth that is known only roughly contradicts nothing that any of its days allows.

    Returns:
        Shape (n,), bool; false where a record has no relation, or nothing to lay it beside.
    """
    cells, which = records.distinct("relation")
    names = [normalise_relation(cell)[0] for (cell,) in cells]
    codes = np.array([NO_RELATION if n is None else RELATIONS.index(n) for n in names], np.int8)
    relations = Relations.of(codes[which])
    by_birth = np.array([name in _BY_BIRTH for name in names], np.bool_)[which]
    sexes = _sexes(records)
    wrong_sex = (relations.sex != UNKNOWN) & (sexes != UNKNOWN) & (relations.sex != sexes)
    rows = np.flatnonzero(by_birth)
    to = _related_to(records)[rows]
    rows, to = rows[to != _NOBODY], to[to != _NOBODY]
    wrong_age = np.zeros(len(records), np.bool_)
    wrong_age[rows] = _not_apart(records, rows, to, relations.up[rows])
    wrong: Mask = wrong_sex | wrong_age
    return wrong


def _not_apart(records: Records, rows: Numbers, to: Numbers, up: npt.NDArray[np.int8]) -> Mask:
    """Tell who can't be so many generations above whom, on any day that both can be born."""
    earliest, latest = _births(records)
    elder, younger = np.where(up > 0, (rows, to), (to, rows))
    years = YEARS_BETWEEN_GENERATIONS * np.abs(up.astype(np.int64))
    answer: Mask = latest[younger] - earliest[elder] < years * _DAYS - 1
    return answer


def _births(records: Records) -> tuple[Numbers, Numbers]:
    """The first and last day that everybody can be born on, as ordinals; all days if not known."""
    cells, which = records.distinct("birth_date", "age", "age_on", "calendar")
    births = [parse_birth(*cell)[0] for cell in cells]
    days = [
        (_EVER, _NEVER)
        if birth.earliest is None or birth.latest is None
        else (birth.earliest.toordinal(), birth.latest.toordinal())
        for birth in births
    ]
    ends: Numbers = np.array(days, np.int64).reshape(-1, 2)[which]
    return ends[:, 0], ends[:, 1]


def _sexes(records: Records) -> npt.NDArray[np.int8]:
    cells, which = records.distinct("sex")
    known = {"f": FEMALE, "m": MALE, None: UNKNOWN}
    codes = np.array([known[normalise_sex(cell)[0]] for (cell,) in cells], np.int8)
    sexes: npt.NDArray[np.int8] = codes[which]
    return sexes


def _related_to(records: Records) -> Numbers:
    """The row that each record's relation is to: the case's enquirer, or for kin whom it seeks.

    -1 where the case has none or several, or where there is no case.
    """
    cases, case = records.distinct("case_id")
    cells, which = records.distinct("role")
    roles = np.array([normalise_role(cell)[0] or "" for (cell,) in cells], dtype=object)[which]
    has_case = np.array([cell is not None for (cell,) in cases], np.bool_)[case]
    to = np.full(len(records), _NOBODY, dtype=np.int64)
    for role, other in (("sought", "enquirer"), ("kin", "sought")):
        rows = np.flatnonzero((roles == other) & has_case)
        only = np.full(len(cases), _NOBODY, dtype=np.int64)
        only[case[rows]] = rows
        only[np.bincount(case[rows], minlength=len(cases)) != 1] = _NOBODY
        related = (roles == role) & has_case
        to[related] = only[case[related]]
    return to
