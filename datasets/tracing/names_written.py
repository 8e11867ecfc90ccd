"""How a clerk writes a person's names: the script, the spelling, and what goes wrong."""

import numpy as np

from datasets.tracing.cultures import CULTURES, SCRIPTS
from datasets.tracing.dice import Dice, Ints, Texts
from datasets.tracing.families import People
from datasets.tracing.lexicon import Lexicon
from datasets.tracing.name_parts import Side, choose, yes_no
from datasets.tracing.slips import with_slip

_SHARE_PET_NAME = 0.06
_SHARE_SWAPPED = 0.02
_SHARE_SLIP = 0.10
_MAY_SLIP = ("given_name", "father_name", "family_name", "mother_name")
_SECOND_NAME_ASIDE = np.array([culture.language == "en" for culture in CULTURES])


def write_names(
    dice: Dice, lexicon: Lexicon, people: People, side: Side
) -> tuple[dict[str, Texts], dict[str, Texts], Ints]:
    """Write the names of people, one record each; a record's names are in one script.

    Args:
        dice: The source of chance.
        lexicon: Names and their spellings.
        people: Whose names; one row, one record.
        side: Where the record is written, which decides how often in which script.

    Returns:
        The name columns, "" where a name is absent; what happened, as readable columns: those of
        `name_parts.choose`, `script`, `pet_name` and `swapped` (given name and family name), and
        `slip`, which names the column with a slip of the pen, or none; and each record's script,
        a number of `SCRIPTS`.
    """
    parts, happened = choose(dice, lexicon, people, side)
    script = _scripts(dice, lexicon, people, side, parts)
    texts = {
        part: lexicon.spellings.pick(ids, script, dice.unit(len(people)))
        for part, ids in parts.items()
    }
    pets = lexicon.pet_names.pick(people.given, script, dice.unit(len(people)))
    has_pet = lexicon.pet_names.count[people.given, script] > 0
    with_pet = has_pet & dice.share(_SHARE_PET_NAME, len(people))
    given = np.where(with_pet, pets, texts["given"])
    aside = _SECOND_NAME_ASIDE[people.culture]
    columns = {
        "given_name": np.where(aside, given, _joined(given, texts["second"])),
        "father_name": texts["father"],
        "grandfather_name": texts["grandfather"],
        "family_name": _joined(texts["family"], texts["second_family"]),
        "mother_name": _joined(texts["mother"], texts["mother_family"]),
        "other_names": np.where(aside, texts["second"], ""),
    }
    happened |= {
        "script": np.array(SCRIPTS, dtype=object)[script],
        "pet_name": yes_no(with_pet),
        "swapped": _swap(dice, columns),
        "slip": _slip(dice, lexicon, script, columns),
    }
    return columns, happened, script


def _scripts(
    dice: Dice, lexicon: Lexicon, people: People, side: Side, parts: dict[str, Ints]
) -> Ints:
    """Draw the script of each record, Latin where a name has no spelling in the one drawn."""
    script = np.zeros(len(people), dtype=np.int64)
    for number, culture in enumerate(CULTURES):
        rows = np.flatnonzero(people.culture == number)
        weights = culture.request_scripts if side == "request" else culture.register_scripts
        script[rows] = dice.choice(weights, len(rows))
    for names in parts.values():
        script[~lexicon.spellings.has(names, script)] = 0
    return script


def _joined(first: Texts, second: Texts) -> Texts:
    return np.where(second == "", first, first + " " + second)


def _swap(dice: Dice, columns: dict[str, Texts]) -> Texts:
    given, family = columns["given_name"], columns["family_name"]
    swapped = (family != "") & dice.share(_SHARE_SWAPPED, len(given))
    columns["given_name"] = np.where(swapped, family, given)
    columns["family_name"] = np.where(swapped, given, family)
    return yes_no(swapped)


def _slip(dice: Dice, lexicon: Lexicon, script: Ints, columns: dict[str, Texts]) -> Texts:
    """Put a slip of the pen into one column of some records, and say into which."""
    where = np.full(len(script), "none", dtype=object)
    column_drawn = dice.choice([1] * len(_MAY_SLIP), len(script))
    happens = dice.share(_SHARE_SLIP, len(script))
    units = dice.unit(len(script), 3)
    for number, column in enumerate(_MAY_SLIP):
        texts = columns[column]
        rows = np.flatnonzero(happens & (column_drawn == number) & (texts != ""))
        for row in rows:
            texts[row] = with_slip(texts[row], lexicon.letters[script[row]], *units[row])
        where[rows] = column
    return where
