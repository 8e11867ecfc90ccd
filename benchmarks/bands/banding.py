"""Bands of min-wise hashes: what they would be for, how they are drawn, and who shares how many.

A hardened filter gives a distance to every other one, and what is seen of a stranger adds up over
all strangers: that is what soft matching reads. Here nothing but equality is to be seen. Of the
tokens of a stratum a min-wise hash keeps one, the one that a keyed function of all tokens puts
first: two records keep the same one with a probability of their resemblance J, the share of the
weight of all their tokens that both have (Broder, "On the resemblance and containment of
documents", Compression and Complexity of Sequences 1997, section 2). A band joins some min-wise
hashes of every stratum, so that its symbol, a keyed hash of them all, is the same in two records
with the product of all J to the power of their numbers (Indyk and Motwani, "Approximate nearest
neighbors", STOC 1998). Of many bands a pair that is near shares a few, a stranger nearly always
none, and then nothing can be seen of how far he is.

Tokens count by weight: of exponential clocks, as fast as a token is heavy, the first to strike is
kept. A stratum with little in it is filled up to a floor by tokens of the record's own.

A band's hashes are taken from `FUNCTIONS` functions a stratum, in other combinations for each: so
many are cheap to draw, and bands that share one scatter only a little more.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.attacks.fingerprints import weighted_tokens
from encoders.records import Records
from matcher.formats.scheme import Attribute, Pass
from matcher.scoring.compiled import compiled

Symbols = npt.NDArray[np.uint32]
Shared = npt.NDArray[np.float32]
Rows = npt.NDArray[np.integer]

FUNCTIONS = 256
SYMBOL_BITS = 32

_BITS = 1024  # a pass must have a length; only its tokens and weights are asked for
_MIXING = np.uint64(0x9E3779B97F4A7C15)  # odd, 2^64 over the golden ratio: Knuth's multiplier
_LAST_SHIFT = np.uint64(64 - SYMBOL_BITS)


@dataclass(frozen=True)
class Stratum:
    """Attributes that are hashed together.

    Attributes:
        tokens: The attributes with their views, as a pass without hardening.
        rows: Min-wise hashes of a band that are of this stratum.
        floor: The weight up to which a record is filled with tokens of its own.
    """

    tokens: Pass
    rows: int
    floor: float


@dataclass(frozen=True)
class Banding:
    """What a fingerprint of bands is made of.

    Attributes:
        name: What it is called.
        bands: Symbols of a fingerprint, 32 bits each.
        strata: What is hashed together.
    """

    name: str
    bands: int
    strata: tuple[Stratum, ...]

    @classmethod
    def read(cls, file: Path) -> "Banding":
        """Read one of the files beside this module."""
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        strata = tuple(
            Stratum(
                Pass(
                    name="bands",
                    attributes=tuple(Attribute.model_validate(one) for one in part["attributes"]),
                    needs=(),
                    bits=_BITS,
                    floor=0,
                    hardening=(),
                ),
                part["rows"],
                part["floor"],
            )
            for part in told["strata"]
        )
        return cls(file.stem, told["bands"], strata)

    @property
    def by_chance(self) -> float:
        """How many symbols two records with nothing in common share, on average."""
        return self.bands * 2.0**-SYMBOL_BITS


def shared_by(records: Records, banding: Banding) -> Shared:
    """Say how many symbols pairs of records will share on average, without any key.

    Where one token has another weight in each record, what is said is a little too much: some
    twentieth of all symbols shared.

    Returns:
        Shape (n, n); on the diagonal 0.
    """
    resemblance = np.ones((len(records), len(records)), dtype=np.float32)
    for stratum in banding.strata:
        tokens = weighted_tokens(records, stratum.tokens)
        both = (tokens @ tokens.T).toarray()
        weight = np.maximum(_weights(tokens), np.float32(stratum.floor))
        of_any = np.maximum(weight[:, None] + weight[None, :] - both, np.float32(1e-9))
        resemblance *= (both / of_any) ** stratum.rows
    expected = np.float32(banding.bands) * resemblance + np.float32(banding.by_chance)
    np.fill_diagonal(expected, 0)
    return expected


def drawn(records: Records, banding: Banding, seed: int) -> Symbols:
    """Draw fingerprints.

    Args:
        records: n records, of both sides together where they are to be compared.
        banding: What is hashed.
        seed: Stands for the keys.

    Returns:
        Shape (n, bands).
    """
    generator = np.random.default_rng([seed, 5])
    mixed = np.zeros((len(records), banding.bands), dtype=np.uint64)
    for stratum in banding.strata:
        kept = _kept(weighted_tokens(records, stratum.tokens), stratum.floor, generator)
        for _ in range(stratum.rows):
            mixed = _mixed(mixed, kept[:, generator.integers(FUNCTIONS, size=banding.bands)])
    return (mixed >> _LAST_SHIFT).astype(np.uint32)


def _kept(
    tokens: sparse.csr_matrix, floor: float, generator: np.random.Generator
) -> npt.NDArray[np.uint64]:
    """Give the token that every function keeps of every record, shape (n, FUNCTIONS)."""
    records, distinct = tokens.shape
    clocks = generator.exponential(size=(distinct, FUNCTIONS)).astype(np.float32)
    lacking = np.maximum(np.float32(floor) - _weights(tokens), 0)
    with np.errstate(divide="ignore"):
        own = generator.exponential(size=(records, FUNCTIONS)) / lacking[:, None]
    return _first_to_strike(
        tokens.indptr, tokens.indices, tokens.data**2, clocks, own.astype(np.float32)
    )


@compiled
def _first_to_strike(
    starts: Rows, tokens: Rows, weights: Shared, clocks: Shared, own: Shared
) -> npt.NDArray[np.uint64]:
    records, functions = own.shape
    kept = np.empty((records, functions), dtype=np.uint64)
    for row in range(records):
        least = own[row].copy()
        kept[row] = np.uint64(len(clocks) + row)
        for at in range(starts[row], starts[row + 1]):
            token = tokens[at]
            for function in range(functions):
                strikes = clocks[token, function] / weights[at]
                if strikes < least[function]:
                    least[function] = strikes
                    kept[row, function] = token
    return kept


def _mixed(mixed: npt.NDArray[np.uint64], kept: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Join another hash: a stand-in, good enough to count by, for a keyed hash of a whole band."""
    joined = (mixed ^ (kept + np.uint64(1)) * _MIXING) * np.uint64(0xBF58476D1CE4E5B9)
    return joined ^ (joined >> np.uint64(31))


def _weights(tokens: sparse.csr_matrix) -> npt.NDArray[np.float32]:
    return np.asarray(tokens.multiply(tokens).sum(axis=1), dtype=np.float32).ravel()


def largest_class(symbols: Symbols) -> int:
    """Count the most records that share one symbol of one band."""
    return max(int(np.unique(band, return_counts=True)[1].max()) for band in symbols.T)


def counted(symbols: Symbols) -> Shared:
    """Count the symbols that pairs of records share, shape (n, n); on the diagonal 0."""
    counts = np.zeros((len(symbols), len(symbols)), dtype=np.float32)
    for band in symbols.T:
        order = np.argsort(band, kind="stable")
        for group in _groups(band[order]):
            members = order[group]
            counts[np.ix_(members, members)] += 1
    np.fill_diagonal(counts, 0)
    return counts


def _groups(ordered: Symbols) -> Sequence[slice]:
    """Give the runs of equal values of more than one."""
    ends = np.flatnonzero(np.diff(ordered)) + 1
    starts = np.concatenate([[0], ends])
    ends = np.concatenate([ends, [len(ordered)]])
    several = np.flatnonzero(ends - starts > 1)
    return [slice(starts[one], ends[one]) for one in several]
