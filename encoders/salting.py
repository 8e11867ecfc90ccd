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
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt

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
    codes: npt.NDArray[np.int32]


def salts_of(salting: Sequence[tuple[str, Tokens]]) -> Salts:
    """Make the salts of records out of their tokens under the salting views.

    A salt is the first 16 bytes, in hexadecimal, of SHA-256 over all its views: for each the
    number of the record's tokens, then the view's name and the tokens in ascending order, every
    text in UTF-8 behind its length; numbers and lengths in four bytes, highest first. A record
    without a token under one of the views has no salt.

    Args:
        salting: The salting views, each with its name and the n records' tokens under it.
    """
    numbers: dict[tuple[tuple[int, ...], ...], int] = {}
    columns = [_token_sets(tokens) for _, tokens in salting]
    codes = [
        numbers.setdefault(sets, len(numbers)) if all(sets) else -1
        for sets in zip(*columns, strict=True)
    ]
    distinct = [
        _salt(
            [
                (name, sorted(tokens.distinct[token] for token in ids))
                for (name, tokens), ids in zip(salting, sets, strict=True)
            ]
        )
        for sets in numbers
    ]
    return Salts(distinct, np.array(codes, dtype=np.int32))


def _token_sets(tokens: Tokens) -> list[tuple[int, ...]]:
    ids, ends = tokens.ids.tolist(), tokens.offsets.tolist()
    return [tuple(sorted(ids[start:end])) for start, end in pairwise(ends)]


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
        self._numbers: dict[int, int] = {}
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
        by_salt = np.argsort(salts.codes, kind="stable")
        offsets, ids, pairs = _pairs(
            tokens.offsets, tokens.ids, salts.codes, by_salt, len(tokens.distinct)
        )
        known = [self._salts.setdefault(salt, len(self._salts)) for salt in salts.distinct]
        keys = np.array(known, dtype=np.int64)[pairs[:, 0]] << 32 | pairs[:, 1]
        numbers = np.empty(len(pairs), dtype=np.int32)
        flat = zip(keys.tolist(), pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True)
        for pair, (key, salt, token) in enumerate(flat):
            number = self._numbers.setdefault(key, len(self._distinct))
            if number == len(self._distinct):
                self._distinct.append(f"{salts.distinct[salt]} {tokens.distinct[token]}")
            numbers[pair] = number
        return Tokens(self._distinct, offsets, numbers[ids])


@numba.njit(cache=True, nogil=True)
def _pairs(offsets, ids, codes, by_salt, distinct):  # type: ignore[no-untyped-def]
    """Number the distinct pairs of salt and token, salt by salt.

    Returns:
        The offsets and ids of the records' pairs, in the order of the records and of each one's
        tokens, and the pairs: shape (pairs, 2), int32.
    """
    n = len(codes)
    out_offsets = np.zeros(n + 1, dtype=np.int64)
    for row in range(n):
        size = offsets[row + 1] - offsets[row] if codes[row] >= 0 else 0
        out_offsets[row + 1] = out_offsets[row] + size
    out = np.empty(out_offsets[n], dtype=np.int32)
    pairs = np.empty((out_offsets[n], 2), dtype=np.int32)
    numbers = np.empty(distinct, dtype=np.int32)
    numbered_for = np.full(distinct, -1, dtype=np.int32)
    count = 0
    for row in by_salt:
        salt = codes[row]
        if salt < 0:
            continue
        for nth in range(offsets[row + 1] - offsets[row]):
            token = ids[offsets[row] + nth]
            if numbered_for[token] != salt:
                numbered_for[token] = salt
                numbers[token] = count
                pairs[count, 0] = salt
                pairs[count, 1] = token
                count += 1
            out[out_offsets[row] + nth] = numbers[token]
    return out_offsets, out, pairs[:count]
