"""Salting by attribute: tokens hashed together with something else that is known of the record.

Only records with the same salt share positions, so that what resembles a record is to be found
among those records alone (Niedermeyer, Steinmetzer, Kroll and Schnell, "Cryptanalysis of basic
Bloom filters used for privacy preserving record linkage", Journal of Privacy and Confidentiality
6(2), 2014, proposed it; Chen, Schnell, Armknecht and Heng, "Salting as a countermeasure against
attacks on privacy preserving record linkage techniques", HEALTHINF 2022, measured that it helps
against pattern mining and little against graph matching). What it costs: an error in the salting
attribute makes all that is salted differ.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from encoders.growing import Ids, Offsets
from encoders.pair_numbering import PairNumbering
from encoders.tokens import Tokens

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True, repr=False)
class Salts:
    """The salts of n records.

    Attributes:
        distinct: Every distinct salt, in order of first appearance.
        codes: Shape (n,), int32: indices into `distinct`, -1 where the salt is absent.
    """

    distinct: list[str]
    codes: Ids


def salts_of(salting: Sequence[tuple[str, Tokens]]) -> Salts:
    """Make the salts of records out of their tokens under the salting views.

    A salt is the first 16 bytes, in hexadecimal, of SHA-256 over all its views: for each the
    number of the record's tokens, then the view's name and the tokens in ascending order, every
    text in UTF-8 behind its length; numbers and lengths in four bytes, highest first. A record
    without a token under one of the views has no salt.

    Args:
        salting: The salting views, each with its name and the n records' tokens under it.
    """
    sets = PairNumbering()
    # A record's way through its views: the number of its tokens under each, then these in order.
    way = np.full(len(salting[0][1].starts), -1, dtype=np.int32)
    lacking = np.zeros(len(way), dtype=np.bool_)
    for _, tokens in salting:
        sizes = tokens.sizes.astype(np.int32)
        lacking |= sizes == 0
        way = sets.number(way, sizes)
        offsets, ids = _ascending(tokens)
        for nth in range(sizes.max(initial=0)):
            rows = np.flatnonzero(sizes > nth)
            way[rows] = sets.number(way[rows], ids[offsets[rows] + nth])
    salted = np.flatnonzero(~lacking)
    codes = np.full(len(way), -1, dtype=np.int32)
    codes[salted] = pd.factorize(way[salted])[0]
    first = salted[np.unique(codes[salted], return_index=True)[1]]
    return Salts([_salt(_texts(salting, row)) for row in first.tolist()], codes)


def _ascending(tokens: Tokens) -> tuple[Offsets, Ids]:
    """Give offsets and ids end to end, each record's in ascending order."""
    offsets, ids = tokens.end_to_end()
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return offsets, np.sort(rows << 32 | ids).astype(np.int32)


def _texts(salting: Sequence[tuple[str, Tokens]], row: int) -> list[tuple[str, list[str]]]:
    return [
        (name, sorted(tokens.distinct[token] for token in tokens.of(row)))
        for name, tokens in salting
    ]


def _salt(parts: list[tuple[str, list[str]]]) -> str:
    digest = hashlib.sha256()
    for view, tokens in parts:
        digest.update(len(tokens).to_bytes(4, "big"))
        for text in (view, *tokens):
            content = text.encode()
            digest.update(len(content).to_bytes(4, "big") + content)
    return digest.digest()[:_SALT_BYTES].hex()


class SaltedTokens:
    """The distinct salted tokens of an attribute under one view, numbered for a whole run."""

    def __init__(self) -> None:
        self._salts: dict[str, int] = {}
        self._pairs = PairNumbering()
        self._distinct: list[str] = []

    def __len__(self) -> int:
        return len(self._distinct)

    def of(self, tokens: Tokens, salts: Salts) -> Tokens:
        """Put each record's salt before its tokens, with a space between.

        Args:
            tokens: The tokens of n records, of one vocabulary always.
            salts: Their salts.

        Returns:
            The salted tokens; the distinct ones go on from those of earlier calls. A record
            without a salt has none.
        """
        known = [self._salts.setdefault(salt, len(self._salts)) for salt in salts.distinct]
        salted = salts.codes >= 0
        numbered = np.array([*known, -1], dtype=np.int32)[salts.codes]
        order = np.flatnonzero(salted)[np.argsort(numbered[salted], kind="stable")]
        lists = tokens.starts, tokens.stops, tokens.ids
        starts, stops, ids = self._pairs.number_lists(order, numbered, *lists)
        self._name_fresh(tokens.distinct)
        return Tokens(self._distinct, starts, stops, ids)

    def _name_fresh(self, tokens: Sequence[str]) -> None:
        salts = list(self._salts)
        fresh = self._pairs.pairs()[len(self._distinct) :]
        # Column by column: a list for each pair would set the garbage collector to work.
        numbers = zip(fresh[:, 0].tolist(), fresh[:, 1].tolist(), strict=True)
        self._distinct += [f"{salts[salt]} {tokens[token]}" for salt, token in numbers]
