"""Who seeks whom and who is registered: complete truth means nobody else stands in both files."""

import numpy as np

from datasets.tracing import cases, families
from datasets.tracing.cases import ENQUIRER, NOBODY, SOUGHT
from datasets.tracing.dice import Dice
from datasets.tracing.families import People
from datasets.tracing.lexicon import load


def test_only_sought_persons_stand_in_both_files() -> None:
    dice = Dice(9)
    people = families.found(dice, load(), 500)
    asked = cases.requests(dice, people)
    sought = cases.found(dice, asked, 2000)
    kin = cases.relatives(dice, people, asked, 1500)
    strangers = families.found(dice, load(), 400)
    everyone = People.joined(people, strangers)
    chosen = np.concatenate([sought, kin])
    met = cases.registered(dice, everyone, chosen, len(people), 2000)

    assert len(np.unique(asked.person)) == len(asked.person)
    assert len(np.unique(met.person)) == len(met.person) == 2000
    assert set(met.person) & set(asked.person) == set(sought)
    assert set(sought) <= set(asked.person[asked.role == SOUGHT])
    assert everyone.exists[met.person].all()
    assert everyone.exists[asked.person].all()
    assert (everyone.family_no[met.person[~np.isin(met.person, chosen)]] >= 500).all()


def test_enquirers_are_no_small_children_and_cases_are_families() -> None:
    dice = Dice(10)
    people = families.found(dice, load(), 800)
    asked = cases.requests(dice, people)
    enquirers = asked.role == ENQUIRER
    born = people.born[asked.person[enquirers]]
    assert (np.datetime64("2022-12-31") - born.max().astype("datetime64[D]")).astype(int) > 4000
    assert (people.family_no[asked.person] == asked.case).all()
    assert (asked.relation[enquirers] == NOBODY).all()
    assert (asked.relation[~enquirers] != NOBODY).all()
    assert (np.diff(asked.case) >= 0).all()


def test_a_small_register_is_at_most_half_sought() -> None:
    dice = Dice(11)
    people = families.found(dice, load(), 100)
    asked = cases.requests(dice, people)
    assert len(cases.found(dice, asked, 10)) == 5
    assert len(cases.found(dice, asked, 10_000)) == round(0.3 * (asked.role == SOUGHT).sum())
