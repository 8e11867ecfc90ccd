"""The names and places of every culture, each with its spellings in every script.

The lists in `names/` were written by hand: names are facts, and variants must not come from the
romaniser that is to be measured on them. They hold the spellings that papers and registers use,
and for names that are at home in Latin script also misspellings of the kind that clerks make.
They were written from general knowledge, not counted in any register.

A line is one name. Its spellings are parted by `|`, the native one first; `//` parts a man's form
from a woman's, `~` introduces pet names, and in `[places]` the line begins with the country.
Lines stand in order of frequency, and the name in place r has weight 1 / (r + 2.7), in the manner
of Zipf and Mandelbrot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np

from datasets.tracing.cultures import CULTURES, SCRIPTS
from datasets.tracing.dice import Bools, Floats, Ints, Texts

ABSENT = -1
"""The id of no name at all."""

HOST_PLACES = len(CULTURES)
"""Stands for the list of places where people arrive, behind those of the cultures."""

_ZIPF_SHIFT = 2.7
_FIRST_SPELLING = 0.5  # the share of the first spelling where there are several
_BLOCKS = ((0x0600, 0x0700, 1), (0x0400, 0x0500, 2), (0x1200, 0x1380, 3))


def script_of(text: str) -> int:
    """Give the number, in `SCRIPTS`, of the script that the text's first letter belongs to."""
    first = next((ord(char) for char in text if char.isalpha()), 0)
    return next((script for low, high, script in _BLOCKS if low <= first < high), 0)


@dataclass(frozen=True)
class Spellings:
    """The spellings of many names, by name id and script.

    Attributes:
        forms: All spellings, grouped by name and then script.
        first: Where the spellings of a name in a script begin; shape (names, scripts).
        count: How many there are; shape (names, scripts).
    """

    forms: Texts
    first: Ints
    count: Ints

    def has(self, names: Ints, scripts: Ints) -> Bools:
        """Say of each name whether it has a spelling in the script; an absent name has any."""
        known: Bools = self.count[names, scripts] > 0
        known[names == ABSENT] = True
        return known

    def pick(self, names: Ints, scripts: Ints, unit: Floats) -> Texts:
        """Write each name in its script, by one of its spellings.

        Args:
            names: Name ids; `ABSENT` is written as "".
            scripts: Script numbers. A name without a spelling there is written in Latin script.
            unit: Uniform draws, which choose among the spellings: the first with probability
                one half, the others evenly.

        Returns:
            The texts.
        """
        usable = np.where(self.count[names, scripts] > 0, scripts, 0)
        count = self.count[names, usable]
        spread = (unit - _FIRST_SPELLING) / (1 - _FIRST_SPELLING) * (count - 1)
        other = np.where((unit >= _FIRST_SPELLING) & (count > 1), 1 + spread.astype(np.int64), 0)
        texts = self.forms[self.first[names, usable] + other]
        texts[(names == ABSENT) | (count == 0)] = ""
        return texts


@dataclass(frozen=True)
class Lexicon:
    """All names and places.

    Attributes:
        spellings: The spellings by name id.
        pet_names: Nicknames by the id of the given name.
        feminine: For each name the id of its woman's form, mostly itself; then `ABSENT`, so that
            looking `ABSENT` up gives `ABSENT`.
        patronymic: For each name the ids of its patronymics, man's and woman's, or `ABSENT`.
        country: For each place its ISO 3166 code, "" for names of people.
        letters: For each script the letters that its spellings use, in order.
    """

    spellings: Spellings
    pet_names: Spellings
    feminine: Ints
    patronymic: Ints
    country: Texts
    letters: tuple[str, ...]
    _ranges: dict[tuple[int, str], tuple[int, int]]

    def range(self, culture: int, kind: str) -> tuple[int, int]:
        """Give the first id of a culture's list and its length, 0 where it has none."""
        return self._ranges.get((culture, kind), (0, 0))

    def draw(self, cultures: Ints, kind: str, unit: Floats) -> Ints:
        """Draw a name of the kind for each culture in `cultures`, `ABSENT` where it has none."""
        drawn = np.full(len(cultures), ABSENT, dtype=np.int64)
        for culture in range(len(CULTURES) + 1):
            first, length = self.range(culture, kind)
            if length:
                rows = np.flatnonzero(cultures == culture)
                bounds = np.cumsum(1 / (np.arange(1, length + 1) + _ZIPF_SHIFT))
                place = np.searchsorted(bounds, unit[rows] * bounds[-1], side="right")
                drawn[rows] = first + np.minimum(place, length - 1)
        return drawn


@cache
def load() -> Lexicon:
    """Read the lists that come with the package; they are read once."""
    reading = _Reading()
    for culture, name in enumerate([*(c.name for c in CULTURES), "host_places"]):
        source = resources.files("datasets.tracing").joinpath("names", f"{name}.txt")
        reading.read(culture, source.read_text(encoding="utf-8"))
    return reading.lexicon()


@dataclass
class _Reading:
    """What has been read of the lists so far."""

    spellings: list[list[str]] = field(default_factory=list)
    pet_names: dict[int, list[str]] = field(default_factory=dict)
    feminine: dict[int, int] = field(default_factory=dict)
    patronymic: dict[int, tuple[int, int]] = field(default_factory=dict)
    country: dict[int, str] = field(default_factory=dict)
    ranges: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)

    def read(self, culture: int, text: str) -> None:
        by_native: dict[str, int] = {}
        for kind, lines in _sections(text):
            women: list[tuple[int, str]] = []
            first = len(self.spellings)
            for line in lines:
                body, _, pets = line.partition("~")
                body, _, woman = body.partition("//")
                if kind == "places":
                    self.country[len(self.spellings)], _, body = body.partition("|")
                if kind == "patronymic":
                    given, _, body = body.partition("=")
                    son = self._add(body)
                    self.patronymic[by_native[given]] = (son, self._add(woman))
                    continue
                name = self._add(body)
                if kind == "male":
                    by_native[self.spellings[name][0]] = name
                if pets:
                    self.pet_names[name] = pets.split(",")
                if woman:
                    women.append((name, woman))
            self.ranges[culture, kind] = (first, len(self.spellings) - first)
            for name, woman in women:
                self.feminine[name] = self._add(woman)

    def _add(self, spellings: str) -> int:
        self.spellings.append(list(dict.fromkeys(spellings.split("|"))))
        return len(self.spellings) - 1

    def lexicon(self) -> Lexicon:
        names = len(self.spellings)
        feminine = np.append(np.arange(names), ABSENT)
        feminine[list(self.feminine)] = list(self.feminine.values())
        patronymic = np.full((names, 2), ABSENT)
        patronymic[list(self.patronymic)] = list(self.patronymic.values())
        country = np.full(names, "", dtype=object)
        country[list(self.country)] = list(self.country.values())
        letters: list[set[str]] = [set() for _ in SCRIPTS]
        for spelling in (s for spellings in self.spellings for s in spellings):
            letters[script_of(spelling)].update(c for c in spelling.lower() if c.isalpha())
        return Lexicon(
            spellings=_table(self.spellings),
            pet_names=_table([self.pet_names.get(name, []) for name in range(names)]),
            feminine=feminine,
            patronymic=patronymic,
            country=country,
            letters=tuple("".join(sorted(found)) for found in letters),
            _ranges=self.ranges,
        )


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    kind, lines = "", list[str]()
    for line in [*text.splitlines(), "[end]"]:
        if line.startswith("["):
            if kind:
                yield kind, lines
            kind, lines = line.strip("[]"), []
        elif line and not line.startswith("#"):
            lines.append(line)


def _table(spellings: list[list[str]]) -> Spellings:
    forms: list[str] = []
    first = np.zeros((len(spellings), len(SCRIPTS)), dtype=np.int64)
    count = np.zeros_like(first)
    for name, of_name in enumerate(spellings):
        for script in range(len(SCRIPTS)):
            here = [form for form in of_name if script_of(form) == script]
            first[name, script] = len(forms)
            count[name, script] = len(here)
            forms.extend(here)
    # one more, so that the place behind the last spelling can be looked up (and is thrown away)
    return Spellings(np.array([*forms, ""], dtype=object), first, count)
