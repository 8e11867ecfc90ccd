"""Which of a person's names a clerk writes down, and in which column."""

from typing import Literal

import numpy as np

from datasets.tracing.cultures import CULTURES, Style
from datasets.tracing.dice import Bools, Dice, Floats, Ints, Texts
from datasets.tracing.families import FEMALE, People
from datasets.tracing.lexicon import ABSENT, Lexicon

Side = Literal["request", "register"]

_SOURCES = ("nothing", "father", "grandfather", "family", "patronymic")
_LAYOUTS = (
    # what is written, and what stands in father_name, grandfather_name and family_name
    ("given father grandfather family", "father", "grandfather", "family"),
    ("given father family", "father", "nothing", "family"),
    ("given family", "nothing", "nothing", "family"),
    ("given father grandfather", "father", "grandfather", "nothing"),
    ("given father", "father", "nothing", "nothing"),
    ("given father grandfather-as-family", "father", "nothing", "grandfather"),
    ("given father-as-family", "nothing", "nothing", "father"),
    ("given patronymic family", "patronymic", "nothing", "family"),
)
_GIVEN_FAMILY, _PATRONYMIC = 2, 7
_WEIGHTS: dict[Style, tuple[float, ...]] = {
    "chain_and_family": (0.45, 0.35, 0.20, 0, 0, 0, 0, 0),
    "chain": (0, 0, 0, 0.40, 0.15, 0.30, 0.15, 0),
    "patronymic": (0, 0.15, 0.25, 0, 0, 0, 0, 0.60),
    "family": (0, 0.30, 0.70, 0, 0, 0, 0, 0),
}
_SHARE_MAIDEN_NAME = 0.10  # of the women who took their husband's name
_SHARE_SECOND_SURNAME = 0.70
_SHARE_SECOND_GIVEN = 0.65
_SHARE_MOTHER: dict[Side, float] = {"request": 0.60, "register": 0.50}
_SHARE_MOTHER_FAMILY = 0.30


def choose(
    dice: Dice, lexicon: Lexicon, people: People, side: Side
) -> tuple[dict[str, Ints], dict[str, Texts]]:
    """Choose what is written of each person's names.

    Args:
        dice: The source of chance.
        lexicon: Names, for their women's forms and patronymics.
        people: One row, one record.
        side: Where the record is written.

    Returns:
        Name ids by part (`given, second, father, grandfather, family, second_family, mother,
        mother_family`; father, grandfather and family by the column they are written in), and
        what happened, as readable columns: `name_parts`, `second_given`, `second_surname`,
        `mother` and `maiden_name`.
    """
    family, maiden = _family(dice, lexicon, people)
    patronymic = lexicon.patronymic[people.father, people.sex]
    layout = _layouts(dice, people, patronymic)
    stack = np.stack(
        [np.full(len(people), ABSENT), people.father, people.grandfather, family, patronymic]
    )
    sources = np.array([[_SOURCES.index(name) for name in row[1:]] for row in _LAYOUTS])[layout]
    columns = [stack[source, np.arange(len(people))] for source in sources.T]
    mother = _kept(dice, people.mother, _SHARE_MOTHER[side])
    mother_family = _kept(dice, people.mother_family, _SHARE_MOTHER_FAMILY)
    mother_family = np.where(mother == ABSENT, ABSENT, lexicon.feminine[mother_family])
    parts = {
        "given": people.given,
        "second": _kept(dice, people.second, _SHARE_SECOND_GIVEN),
        "father": columns[0],
        "grandfather": columns[1],
        "family": columns[2],
        "second_family": _kept(dice, people.second_family, _SHARE_SECOND_SURNAME),
        "mother": mother,
        "mother_family": mother_family,
    }
    happened = {
        "name_parts": np.array([row[0] for row in _LAYOUTS], dtype=object)[layout],
        "second_given": _fate(people.second, parts["second"]),
        "second_surname": _fate(people.second_family, parts["second_family"]),
        "mother": _mothers_fate(parts),
        "maiden_name": yes_no(maiden),
    }
    return parts, happened


def yes_no(happened: Bools) -> Texts:
    """Say it in words."""
    return np.array(["no", "yes"], dtype=object)[happened.astype(np.int64)]


def _family(dice: Dice, lexicon: Lexicon, people: People) -> tuple[Ints, Bools]:
    maiden = (people.family != people.birth_family) & dice.share(_SHARE_MAIDEN_NAME, len(people))
    family = np.where(maiden, people.birth_family, people.family)
    return np.where(people.sex == FEMALE, lexicon.feminine[family], family), maiden


def _layouts(dice: Dice, people: People, patronymic: Ints) -> Ints:
    layout = np.empty(len(people), dtype=np.int64)
    is_chain = people.family == ABSENT
    styles: list[Style] = [culture.style for culture in CULTURES]
    for style, weights in _WEIGHTS.items():
        of_style = np.isin(people.culture, [c for c, s in enumerate(styles) if s == style])
        rows = np.flatnonzero(is_chain if style == "chain" else of_style & ~is_chain)
        layout[rows] = dice.choice(weights, len(rows))
    layout[(layout == _PATRONYMIC) & (patronymic == ABSENT)] = _GIVEN_FAMILY
    return layout


def _kept(dice: Dice, names: Ints, share: float | Floats) -> Ints:
    return np.where(dice.share(share, len(names)), names, ABSENT)


def _fate(of_person: Ints, written: Ints) -> Texts:
    words = np.array(["none", "dropped", "written"], dtype=object)
    fate: Texts = words[(of_person != ABSENT).astype(np.int64) + (written != ABSENT)]
    return fate


def _mothers_fate(parts: dict[str, Ints]) -> Texts:
    words = np.array(["missing", "given", "given and family"], dtype=object)
    has_given, has_family = (parts[p] != ABSENT for p in ("mother", "mother_family"))
    fate: Texts = words[has_given.astype(np.int64) + has_family]
    return fate
