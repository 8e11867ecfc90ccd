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
_SHARE_RELATED = 0.5  # of the requests at the other society are of families with a request here
_SHARE_SOUGHT_SEEKS = 0.6  # of these are made by somebody who is sought, the rest by other kin
_SHARE_SEEKS_BACK = 0.7  # of these seek whoever seeks them


class Rows(NamedTuple):
    """The rows of a file, before they are written.

    Attributes:
        person: Number of the person in each row.
        role: A number of `ROLES`.
        case: Number of the case, ascending.
        relation: What a sought person is to the enquirer, or kin to the sought person named
            first, a number of `kinship.RELATIONS`, or `NOBODY`.
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
    roles, places = _drawn(dice, free, enquirer, np.full(len(free), NOBODY))
    return _as_rows(people, np.arange(len(free)), roles, places)


def _drawn(dice: Dice, free: Ints, enquirer: Ints, first: Ints) -> tuple[Ints, Ints]:
    """Draw whom each enquirer seeks and names.

    Args:
        dice: The source of chance.
        free: Shape (cases, places): 1 where there is somebody; those in the case are taken out.
        enquirer: The place of each enquirer.
        first: The place of whom each enquirer seeks before all others, or `NOBODY`.

    Returns:
        The roles of k columns, and shape (cases, k): the places of who has them, or `NOBODY`.
    """
    roles, places = [ENQUIRER], [enquirer]
    _occupy(free, enquirer)
    for role, weights in ((SOUGHT, _NUMBER_SOUGHT), (KIN, _NUMBER_KIN)):
        wanted = dice.choice(weights, len(free))
        for already in range(len(weights) - 1):
            drawn = dice.column(free * WEIGHT[enquirer])
            if len(roles) == 1:
                drawn = np.where(first != NOBODY, first, drawn)
            chosen = np.where(already < wanted, drawn, NOBODY)
            _occupy(free, chosen)
            roles.append(role)
            places.append(chosen)
    return np.array(roles), np.stack(places, axis=1)


def reciprocal(dice: Dice, people: People, asked: Rows, met: Ints, number: int) -> Rows:
    """Make the requests at the other society: who is sought here may be seeking there.

    Half of them are of families with a request here: by somebody sought who is not registered, or
    by other kin, whom a matcher takes for those sought. Nobody makes a request who is registered.

    Args:
        dice: The source of chance.
        people: All families; those with a request here come first.
        asked: The requests here.
        met: Numbers of the registered persons.
        number: How many requests to make; fewer where too few families have anybody to make one.

    Returns:
        The rows by case, as in `requests`; cases are numbered in random order of the families.
    """
    shape = (-1, PLACES_IN_FAMILY)
    role = np.full(len(people), NOBODY, dtype=np.int64)
    role[asked.person] = asked.role
    may = people.exists & (people.born <= _LAST_ENQUIRER_BIRTH)
    may[met] = False
    families_here = int(asked.case.max()) + 1
    related = min(round(_SHARE_RELATED * number), families_here)
    elsewhere = np.arange(families_here, len(people) // PLACES_IN_FAMILY)
    family = np.concatenate(
        [dice.some(np.arange(families_here), related), dice.some(elsewhere, number - related)]
    )
    family = dice.some(family, len(family))
    free = people.exists.reshape(shape)[family].astype(np.int64)
    may_seek = may.reshape(shape)[family] * WEIGHT.sum(axis=1)
    role_here = role.reshape(shape)[family]
    sought = dice.column(may_seek * (role_here == SOUGHT))
    others = dice.column(may_seek * (role_here == NOBODY))
    by_sought = (sought != NOBODY) & dice.share(_SHARE_SOUGHT_SEEKS, len(family))
    enquirer = np.where(by_sought, sought, others)
    backwards = np.where(
        (role_here == ENQUIRER).any(axis=1), (role_here == ENQUIRER).argmax(axis=1), NOBODY
    )
    backwards = np.where(dice.share(_SHARE_SEEKS_BACK, len(family)), backwards, NOBODY)
    somebody = np.flatnonzero(enquirer != NOBODY)
    roles, places = _drawn(dice, free[somebody], enquirer[somebody], backwards[somebody])
    return _as_rows(people, family[somebody], roles, places)


def _occupy(free: Ints, places: Ints) -> None:
    chosen = np.flatnonzero(places != NOBODY)
    free[chosen, places[chosen]] = 0


def _as_rows(people: People, family: Ints, roles: Ints, places: Ints) -> Rows:
    case, column = np.nonzero(places != NOBODY)
    place = places[case, column]
    person = family[case] * PLACES_IN_FAMILY + place
    role = roles[column]
    related_to = places[case, np.where(role == KIN, 1, 0)]  # the first sought, or the enquirer
    relation = RELATION[related_to, place, people.sex[person]]
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
