"""Writing whole records: every canonical column of a file, and what happened to each row."""

import numpy as np
import pandas as pd

from datasets.columns import COLUMNS
from datasets.tracing.cases import ENQUIRER, KIN, NOBODY, REGISTERED, ROLES, SOUGHT, Rows
from datasets.tracing.cultures import CULTURES
from datasets.tracing.dates_written import last_seen, told, write_births
from datasets.tracing.dice import Dice, Ints, Texts
from datasets.tracing.families import People
from datasets.tracing.kinship import RELATIONS
from datasets.tracing.lexicon import ABSENT, HOST_PLACES, Lexicon
from datasets.tracing.name_parts import Side
from datasets.tracing.names_written import write_names

_SHARE_SEX_MISSING, _SHARE_SEX_WRONG = 0.05, 0.005
_SHARE_BIRTH_PLACE = 0.70
_SHARE_NATIONALITY = 0.85
_SHARE_LANGUAGE = 0.60
_SHARE_LAST_SEEN = 0.80
_RESIDENCES = ("missing", "home", "host", "elsewhere")
_AT_HOME = (0.25, 0.75, 0.0, 0.0)
_RESIDENCE_WEIGHTS = {
    ENQUIRER: (0.10, 0.0, 0.60, 0.30),
    SOUGHT: _AT_HOME,  # where they were last known to live
    KIN: _AT_HOME,
    REGISTERED: (0.10, 0.15, 0.45, 0.30),
}


def write_records(
    dice: Dice, lexicon: Lexicon, people: People, rows: Rows, side: Side, *, ids: str
) -> tuple[pd.DataFrame, dict[str, Texts]]:
    """Write the records of a file.

    Args:
        dice: The source of chance.
        lexicon: Names, places and their spellings.
        people: The person of each row.
        rows: The rows, in the file's order.
        side: Written by whom: those who take requests, or those who keep the register.
        ids: The letter that record ids begin with.

    Returns:
        The file in the canonical columns, all strings, "" absent; and what happened to each row,
        as readable columns: those of `write_names` and `write_births`, `sex_written` (written,
        missing, wrong), `birth_place_written` (written, missing) and `residence_written`
        (home, host, elsewhere, missing).
    """
    size = len(people)
    names, happened, script = write_names(dice, lexicon, people, side)
    told_on = told(dice, size)
    births, births_happened = write_births(dice, people, told_on)
    sex, sex_happened = _sex(dice, people)
    places, places_happened = _places(dice, lexicon, people, rows.role, script)
    seen = (rows.role == SOUGHT) & dice.share(_SHARE_LAST_SEEN, size)
    columns = {
        "record_id": _numbered(ids, np.arange(size)),
        "case_id": np.where(rows.case == NOBODY, "", _numbered("C", rows.case)),
        "role": np.array(ROLES, dtype=object)[rows.role],
        "relation": np.array([*RELATIONS, ""], dtype=object)[rows.relation],
        "sex": sex,
        "last_seen_place": np.where(seen, places.pop("last_seen_place"), ""),
        "last_seen_date": np.where(seen, last_seen(dice, people, told_on), ""),
        "language": _unless_missing(
            dice,
            np.array([c.language for c in CULTURES], dtype=object)[people.culture],
            _SHARE_LANGUAGE,
        ),
        **names,
        **births,
        **places,
    }
    happened |= births_happened | sex_happened | places_happened
    return pd.DataFrame({name: columns[name] for name in COLUMNS}), happened


def _numbered(letter: str, numbers: Ints) -> Texts:
    return np.array([f"{letter}{number:08}" for number in (numbers + 1).tolist()], dtype=object)


def _unless_missing(dice: Dice, texts: Texts, share: float) -> Texts:
    return np.where(dice.share(share, len(texts)), texts, "")


def _sex(dice: Dice, people: People) -> tuple[Texts, dict[str, Texts]]:
    missing = dice.share(_SHARE_SEX_MISSING, len(people))
    wrong = ~missing & dice.share(_SHARE_SEX_WRONG, len(people))
    text = np.array(["m", "f"], dtype=object)[people.sex ^ wrong]
    fates = np.array(["written", "missing", "wrong"], dtype=object)
    return np.where(missing, "", text), {"sex_written": fates[missing + 2 * wrong]}


def _places(
    dice: Dice, lexicon: Lexicon, people: People, role: Ints, script: Ints
) -> tuple[dict[str, Texts], dict[str, Texts]]:
    size = len(people)

    def spelled(places: Ints) -> Texts:
        return lexicon.spellings.pick(places, script, dice.unit(size))

    residence, where = _residences(dice, lexicon, people, role)
    has_birth_place = dice.share(_SHARE_BIRTH_PLACE, size)
    columns = {
        "birth_place": spelled(np.where(has_birth_place, people.birth_place, ABSENT)),
        "nationality": _unless_missing(dice, lexicon.country[people.home], _SHARE_NATIONALITY),
        "residence": spelled(residence),
        "last_seen_place": spelled(people.home),
    }
    happened = {
        "birth_place_written": np.where(has_birth_place, "written", "missing").astype(object),
        "residence_written": np.array(_RESIDENCES, dtype=object)[where],
    }
    return columns, happened


def _residences(dice: Dice, lexicon: Lexicon, people: People, role: Ints) -> tuple[Ints, Ints]:
    """Choose where each person is said to live, and which kind of place that is."""
    where = np.zeros(len(people), dtype=np.int64)
    for number, weights in _RESIDENCE_WEIGHTS.items():
        rows = np.flatnonzero(role == number)
        where[rows] = dice.choice(weights, len(rows))
    arrived = np.full(len(people), HOST_PLACES)
    elsewhere = lexicon.draw(arrived, "places", dice.unit(len(people)))
    places = np.stack([np.full(len(people), ABSENT), people.home, people.host, elsewhere])
    return places[where, np.arange(len(people))], where
