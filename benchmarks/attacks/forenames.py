"""The filters of A3 and A4: one forename a record, as the attacks were published against."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.attacks.fingerprints import Filters, encoded_by, strata_of
from benchmarks.attacks.populations import people, records_of
from encoders import names
from encoders.records import NAME_COLUMNS
from matcher.formats.scheme import Attribute, Pass, Scheme, View
from matcher.formats.steps import StratifiedDiffusion

BITS, HASHES = 1024, 15

_FORENAME = Attribute(name="name", views=(View(name="name.bigrams/1", each=26, most=440),))


@dataclass(frozen=True, repr=False)
class Forenames:
    """The forenames of a population.

    Attributes:
        parts: Every distinct forename, as the encoder reads it: its romanised parts.
        of: For each record the position of its forename in `parts`.
        cells: All that the same records hold, in the canonical columns; nothing of a mere list.
    """

    parts: list[tuple[str, ...]]
    of: npt.NDArray[np.int64]
    cells: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def of_people(cls, size: int, seed: int) -> "Forenames":
        """Read the forenames of a generated population, where they are known."""
        cells = people(size, seed)
        read = [names.parts(cell) for cell in cells["given_name"]]
        known = [one for one in read if one]
        places: dict[tuple[str, ...], int] = {}
        of = np.array([places.setdefault(one, len(places)) for one in known], dtype=np.int64)
        return cls(list(places), of, cells[[bool(one) for one in read]])

    def bigrams(self, value: int) -> frozenset[str]:
        """Give the bigrams of a forename."""
        return bigrams(self.parts[value])


def bigrams(parts: tuple[str, ...]) -> frozenset[str]:
    """Give the bigrams of a forename's parts."""
    return frozenset(pair for part in parts for pair in names.bigrams(part))


def encoded(forenames: Forenames, scheme: Scheme, seed: int) -> Filters:
    """Encode forenames alone, by their bigrams, as the scheme's first pass hardens.

    Of a pass with strata the stratum of names holds the forename alone, and the others what they
    hold of the same people: no fingerprint shows a stratum by itself.

    Args:
        forenames: n forenames.
        scheme: Its first pass gives length, floor and hardening.
        seed: Of the keys.

    Returns:
        Shape (n, words).
    """
    alone = _of_forenames(scheme.passes[0])
    # Every record has an id of its own: what fills a filter up is drawn anew for each.
    cells: dict[str, list[str] | str] = dict.fromkeys(NAME_COLUMNS, "")
    cells["record_id"] = [str(number) for number in range(len(forenames.of))]
    cells["given_name"] = [" ".join(forenames.parts[value]) for value in forenames.of]
    frame = forenames.cells.assign(**cells)
    under = Scheme(name="forenames", version=1, passes=(alone,))
    return encoded_by(records_of(frame), under, seed).passes[alone.name].bits


def stratum_of_names(part: Pass) -> Pass | None:
    """Give what the stratum of names alone would show; None where a pass has no strata."""
    strata = strata_of(part)
    if len(strata) == 1:
        return None
    return min(strata, key=lambda one: all(held.name != "name" for held in one.attributes))


def _of_forenames(part: Pass) -> Pass:
    step = next(iter(part.hardening), None)
    attributes: tuple[Attribute, ...] = (_FORENAME,)
    hardening = part.hardening
    if isinstance(step, StratifiedDiffusion):
        names_, *others = sorted(step.strata, key=lambda one: "name" not in one.attributes)
        beside = {name for one in others for name in one.attributes}
        attributes += tuple(one for one in part.attributes if one.name in beside)
        strata = (names_.model_copy(update={"attributes": ("name",)}), *others)
        hardening = (step.model_copy(update={"strata": strata}), *part.hardening[1:])
    return Pass(
        name=part.name,
        attributes=attributes,
        needs=(("name",),),
        bits=part.bits,
        floor=part.floor,
        hardening=hardening,
    )


def double_hashed(forenames: Forenames, seed: int) -> Filters:
    """Encode forenames in the scheme that the patterns were first found in.

    Position i of a bigram is h1 + i h2 modulo the bits (Schnell, Bachteler and Reiher, BMC Medical
    Informatics and Decision Making 9:41, 2009, after Kirsch and Mitzenmacher, 2006). It exists in
    this lab only, to be broken.

    Args:
        forenames: n forenames.
        seed: Of the key.

    Returns:
        Shape (n, `BITS` / 64), uint64.
    """
    key = hashlib.sha256(f"double hashing {seed:d}".encode()).digest()
    filters = np.zeros((len(forenames.parts), BITS // 64), dtype=np.uint64)
    for value in range(len(forenames.parts)):
        for pair in sorted(forenames.bigrams(value)):
            digest = hashlib.blake2b(pair.encode(), key=key, digest_size=16).digest()
            one, other = (int.from_bytes(half, "little") for half in (digest[:8], digest[8:]))
            for position in {(one + i * other) % BITS for i in range(HASHES)}:
                filters[value, position >> 6] |= np.uint64(1) << np.uint64(position & 63)
    return filters[forenames.of]
