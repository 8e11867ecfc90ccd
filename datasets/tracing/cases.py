"""Who seeks whom, and who has been registered."""

from typing import NamedTuple

import numpy as np

from datasets.tracing.dice import Dice, Ints
from datasets.tracing.families import PLACES_IN_FAMILY, People
from datasets.tracing.kinship import RELATION, WEIGHT

ROLES = ("enquirer", "sought", "registered", "kin")
"""A role's number is its place here."""

ENQUIRER, SOUGHT, REGISTERED, KIN = range(4)

NOBODY = -1
"""The place of nobody, and the relation of nobody."""

_NUMBER_SOUGHT = (0.0, 0.70, 0.20, 0.10)  # weights of none, one, two and three in a case
_NUMBER_KIN = (0.65, 0.25, 0.10)
_LAST_ENQUIRER_BIRTH = np.datetime64("2010-12-31", "D").astype(np.int64)
_SHARE_FOUND = 0.30  # of the sought persons are in the register
_MOST_FOUND = 0.5  # of the registered persons are sought, at the very most
_SHARE_RELATIVES = 0.20  # of the other registered persons are kin of people in a case


class Rows(NamedTuple):
    """The rows of a file, before they are written.

    Attributes:
        person: Number of the person in each row.
        role: A number of `ROLES`.
        case: Number of the case, ascending.
        relation: What the person is to the enquirer, a number of `kinship.RELATIONS`, or
            `NOBODY`.
    """

    person: Ints
    role: Ints
    case: Ints
    relation: Ints


def requests(dice: Dice, people: People) -> Rows:
    """Make a case of every family: one enquirer, one to three sought persons, at times kin.

    Args:
        dice: The source of chance.
        people: Families; case c is about family c.

    Returns:
        The rows by case, the enquirer first, then the sought, then kin.
    """
    free = people.exists.reshape(-1, PLACES_IN_FAMILY).astype(np.int64)
    old_enough = people.born.reshape(free.shape) <= _LAST_ENQUIRER_BIRTH
    enquirer = dice.column(free * old_enough * WEIGHT.sum(axis=1))
    roles, places = [ENQUIRER], [enquirer]
    _occupy(free, enquirer)
    for role, weights in ((SOUGHT, _NUMBER_SOUGHT), (KIN, _NUMBER_KIN)):
        wanted = dice.choice(weights, len(free))
        for already in range(len(weights) - 1):
            drawn = dice.column(free * WEIGHT[enquirer])
            chosen = np.where(already < wanted, drawn, NOBODY)
            _occupy(free, chosen)
            roles.append(role)
            places.append(chosen)
    return _as_rows(people, np.array(roles), np.stack(places, axis=1))


def _occupy(free: Ints, places: Ints) -> None:
    chosen = np.flatnonzero(places != NOBODY)
    free[chosen, places[chosen]] = 0


def _as_rows(people: People, roles: Ints, places: Ints) -> Rows:
    case, column = np.nonzero(places != NOBODY)
    place = places[case, column]
    person = case * PLACES_IN_FAMILY + place
    role = roles[column]
    relation = RELATION[places[case, 0], place, people.sex[person]]
    return Rows(person, role, case, np.where(role == ENQUIRER, NOBODY, relation))


def found(dice: Dice, rows: Rows, register: int) -> Ints:
    """Choose which of the sought persons are registered: 30 %, and at most half the register.

    Args:
        dice: The source of chance.
        rows: The requests.
        register: How many persons will be registered.

    Returns:
        Numbers of persons, in random order.
    """
    sought = rows.person[rows.role == SOUGHT]
    number = min(round(_SHARE_FOUND * len(sought)), int(_MOST_FOUND * register))
    return dice.some(sought, number)


def relatives(dice: Dice, people: People, rows: Rows, number: int) -> Ints:
    """Choose registered persons who are kin of people in a case, but in no case themselves.

    Args:
        dice: The source of chance.
        people: The families of the requests.
        rows: The requests.
        number: How many persons the register has beside the sought ones.

    Returns:
        Numbers of persons, in random order; a fifth of `number`, or fewer if there are fewer.
    """
    eligible = people.exists.copy()
    eligible[rows.person] = False
    return dice.some(np.flatnonzero(eligible), round(_SHARE_RELATIVES * number))


def registered(dice: Dice, people: People, chosen: Ints, strangers_from: int, size: int) -> Rows:
    """Make the register: the chosen persons, and strangers until it is full, in random order.

    Args:
        dice: The source of chance.
        people: All families.
        chosen: Numbers of the persons who are in it anyway.
        strangers_from: Number of the first person whose family has no case.
        size: How many rows the register has.

    Returns:
        The rows, one of each person.
    """
    strangers = strangers_from + np.flatnonzero(people.exists[strangers_from:])
    others = dice.some(strangers, size - len(chosen))
    person = dice.some(np.concatenate([chosen, others]), size)
    nothing = np.full(size, NOBODY)
    return Rows(person, np.full(size, REGISTERED), nothing, nothing)
