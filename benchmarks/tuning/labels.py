"""Labels that people gave pairs of test data, as JSON lines, and how far two readers agree.

A file holds the labels of all readers. It is written anew, whole, after every answer, so whoever
stops, or is stopped, goes on where they were.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from matcher.formats.errors import InputError, ParameterError
from matcher.formats.files import written_whole

FORMAT: Final = "kinmatch-label/1"

ANSWERS: Final = ("same", "different", "unsure")
"""What a reader may say of a pair: one person, two persons, or can't tell."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Label:
    """What one reader said of one pair.

    Attributes:
        request_id: The request's record.
        register_id: The registered person's.
        reader: Who said it.
        answer: One of `ANSWERS`.
    """

    request_id: str
    register_id: str
    reader: str
    answer: str

    @property
    def pair(self) -> Pair:
        """Both records' ids."""
        return self.request_id, self.register_id


@dataclass(frozen=True)
class Agreement:
    """How far two readers agree on the pairs that both have labelled.

    Attributes:
        readers: The two, by name.
        both: How many pairs both have labelled.
        alike: Of how many they said the same.
        kappa: Cohen's kappa, 1 for agreement throughout and 0 for as much as chance would bring
            (Educational and Psychological Measurement 20, 1960); None where it has no value: no
            pair, or both always gave one and the same answer.
        disagreements: The pairs on which they differ, with either answer, by the pairs' ids.
    """

    readers: tuple[str, str]
    both: int
    alike: int
    kappa: float | None
    disagreements: tuple[tuple[Pair, str, str], ...]


def read_labels(path: Path) -> list[Label]:
    """Read a file of labels, in the order they were given; a file that is not there has none.

    Raises:
        InputError: The file can't be read, or a line is no label; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path}: the labels can't be read; choose another file.") from None
    return [_parsed(path, number, line) for number, line in enumerate(lines, 1)]


def _parsed(path: Path, number: int, line: str) -> Label:
    try:
        fields = json.loads(line)
        is_known = fields.pop("format") == FORMAT
        label = Label(**fields)
        if is_known and label.answer in ANSWERS:
            return label
    except (ValueError, TypeError, KeyError, AttributeError):
        pass  # told below, without the line's text
    raise InputError(f"{path}: line {number} is no label of the format '{FORMAT}'; correct it.")


def write_labels(path: Path, labels: Iterable[Label]) -> None:
    """Write labels, a line each, whole or not at all."""
    with written_whole(path, private=True) as aside:
        lines = (json.dumps({"format": FORMAT} | asdict(one), ensure_ascii=False) for one in labels)
        aside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


class Session:
    """One reader's way through the pairs, in an order that tells nothing of scores.

    Attributes:
        remaining: The pairs that this reader has not labelled, the next first.
    """

    def __init__(self, pairs: Sequence[Pair], path: Path, reader: str, seed: int) -> None:
        """Take up the work where it was left.

        Args:
            pairs: All pairs to label, each once.
            path: The file of labels; every answer is written to it at once.
            reader: Who labels.
            seed: Of the order; readers see the pairs in one order, so that what two have done
                overlaps.

        Raises:
            InputError: The file of labels can't be read.
            ParameterError: The reader has no name.
        """
        if not reader.strip():
            raise ParameterError("A reader needs a name; give --reader.")
        self._path, self._reader = path, reader
        self._labels = read_labels(path)
        self._order = sorted(set(pairs), key=lambda pair: _shuffled(pair, seed))
        done = {one.pair for one in self._labels if one.reader == reader}
        self.remaining = [pair for pair in self._order if pair not in done]

    @property
    def done(self) -> int:
        """How many of the pairs this reader has labelled."""
        return len(self._order) - len(self.remaining)

    def answer(self, answer: str) -> None:
        """Label the next pair, and write it.

        Raises:
            ParameterError: The answer is none of `ANSWERS`.
        """
        if answer not in ANSWERS:
            raise ParameterError(f"An answer must be one of {', '.join(ANSWERS)}.")
        self._labels.append(Label(*self.remaining[0], self._reader, answer))
        write_labels(self._path, self._labels)
        del self.remaining[0]

    def undo(self) -> bool:
        """Take the reader's last label back, so that its pair is next again.

        Returns:
            Whether there was one among these pairs.
        """
        for place in range(len(self._labels) - 1, -1, -1):
            last = self._labels[place]
            if last.reader == self._reader and last.pair in self._order:
                del self._labels[place]
                write_labels(self._path, self._labels)
                self.remaining.insert(0, last.pair)
                return True
        return False


def _shuffled(pair: Pair, seed: int) -> bytes:
    return hashlib.sha256(json.dumps([seed, *pair]).encode()).digest()


def agreements(labels: Sequence[Label]) -> list[Agreement]:
    """Compare every two readers, by their names' order."""
    by_reader: dict[str, dict[Pair, str]] = {}
    for one in labels:
        by_reader.setdefault(one.reader, {})[one.pair] = one.answer
    readers = sorted(by_reader)
    return [
        _agreement((one, other), by_reader[one], by_reader[other])
        for place, one in enumerate(readers)
        for other in readers[place + 1 :]
    ]


def _agreement(readers: tuple[str, str], one: dict[Pair, str], other: dict[Pair, str]) -> Agreement:
    both = sorted(one.keys() & other.keys())
    alike = sum(one[pair] == other[pair] for pair in both)
    ours, theirs = (Counter(said[pair] for pair in both) for said in (one, other))
    by_chance = sum(ours[answer] * theirs[answer] for answer in ANSWERS)
    kappa = None
    if both and by_chance != len(both) ** 2:
        expected = by_chance / len(both) ** 2
        kappa = (alike / len(both) - expected) / (1 - expected)
    differing = ((pair, one[pair], other[pair]) for pair in both if one[pair] != other[pair])
    return Agreement(readers, len(both), alike, kappa, tuple(differing))
