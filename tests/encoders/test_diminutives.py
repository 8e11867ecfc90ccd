"""What people are called for short, and the names that these stand for."""

import re
from importlib.resources import files

import pytest

from encoders.names import Name, called_for
from encoders.views import VIEWS


def names_of(written: str) -> set[str]:
    return set(VIEWS["name.diminutive/1"](Name(written)))


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("Bill", "William"),
        ("Саша", "Олександр"),
        ("Sasha", "Oleksandra"),
        ("Pepe", "José"),
        ("Вова", "Volodymyr"),
        ("Abdi", "Cabdiraxmaan"),
        ("Souley", "Souleymane"),
        ("Kasia", "Katarzyna"),
        ("Misha Petrenko", "PETRENKO MYKHAILO"),
    ],
)
def test_a_short_name_meets_what_it_stands_for(short: str, whole: str) -> None:
    assert names_of(short) & names_of(whole)


@pytest.mark.parametrize(
    ("one", "other"), [("Bill", "Robert"), ("Саша", "Сергій"), ("Pepe", "Juan")]
)
def test_and_no_other(one: str, other: str) -> None:
    assert not names_of(one) & names_of(other)


def test_a_name_that_is_called_nothing_has_no_token() -> None:
    assert called_for("xqzvwplk") == ()
    assert names_of("123") == set()


def test_every_line_of_the_table_has_usual_forms_and_short_ones_in_plain_letters() -> None:
    text = (files("encoders.names") / "diminutives-1.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)* ~( [a-z]+)+", line) for line in lines)
    firsts = [line.split()[0] for line in lines]
    assert len(set(firsts)) == len(firsts)
