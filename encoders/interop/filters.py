"""Filters that clkhash 0.18.3 makes from the same records, schema and secret, bit for bit."""

import csv
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from encoders.interop import say_unhardened
from encoders.interop.schema import Feature, LinkageSchema
from encoders.interop.tokens import EntryError, encoding_of, tokens_of
from matcher.formats.errors import InputError

_SHORTS = 32
"""Positions that one BLAKE2b hash gives: 64 bytes, two a position."""


@dataclass(frozen=True, eq=False, repr=False)
class Clks:
    """The filters of n records.

    Attributes:
        packed: Shape (n, bytes), uint8: bit i of a filter is bit `7 - i % 8` of byte `i // 8`, as
            clkhash and anonlink have it; bits beyond the filter's length are zero.
        bits: The length of a filter.
    """

    packed: npt.NDArray[np.uint8]
    bits: int


def encode_rows(rows: Iterable[Sequence[str]], schema: LinkageSchema, secret: bytes) -> Clks:
    """Encode records; warns that the filters are unhardened.

    Args:
        rows: n records, each with a cell for every feature of the schema, in its order.
        schema: The linkage schema.
        secret: The secret that the parties share; clkhash takes a text as UTF-8.

    Returns:
        The n filters, in the order of the rows.

    Raises:
        InputError: A row has too few or too many cells, or a cell does not fit its format; the
            message names the row (from 1), the feature and the rule.
    """
    say_unhardened()
    return _encode(rows, schema, secret)


def encode_csv(path: Path, schema: LinkageSchema, secret: bytes) -> Clks:
    """Encode a CSV file in UTF-8, as `encode_rows` does.

    Args:
        path: The file; its header must name the schema's features in their order.
        schema: The linkage schema.
        secret: The secret that the parties share; clkhash takes a text as UTF-8.

    Raises:
        InputError: The file can't be read, its header is another, or as in `encode_rows`.
    """
    say_unhardened()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            _check_header(next(rows, []), schema)
            return _encode(rows, schema, secret)
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}).") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path}: the file is no CSV in UTF-8; export it again.") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _check_header(header: list[str], schema: LinkageSchema) -> None:
    if header != [feature.identifier for feature in schema.features]:
        raise InputError("the header is not the list of the schema's features.")


def _encode(rows: Iterable[Sequence[str]], schema: LinkageSchema, secret: bytes) -> Clks:
    keys = _keys(schema, secret)
    columns = [
        _Column(feature, schema.bits << schema.folds, key) if isinstance(feature, Feature) else None
        for feature, key in zip(schema.features, keys, strict=True)
    ]
    size = -(-schema.bits // 8)
    packed = b"".join(
        (_folded(row, schema) << 8 * size - schema.bits).to_bytes(size, "big")
        for row in _united(rows, columns)
    )
    return Clks(np.frombuffer(packed, np.uint8).reshape(-1, size), schema.bits)


def _united(rows: Iterable[Sequence[str]], columns: Sequence["_Column | None"]) -> Iterator[int]:
    """Give the union of each row's columns, as a number whose highest bit is position 0."""
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise InputError(
                f"row {number} has {len(row)} cells; the schema has {len(columns)} features."
            )
        united = 0
        for cell, column in zip(row, columns, strict=True):
            if column is None:
                continue
            try:
                united |= column.filter_of(cell)
            except EntryError as error:
                raise InputError(f"row {number}, {column.name}: the value {error}.") from None
        yield united


def _folded(united: int, schema: LinkageSchema) -> int:
    length = schema.bits << schema.folds
    for _ in range(schema.folds):
        length //= 2
        united = (united >> length) ^ (united & ((1 << length) - 1))
    return united


def _keys(schema: LinkageSchema, secret: bytes) -> list[tuple[bytes, bytes]]:
    """Derive two keys for each feature, ignored ones too."""
    derivation = schema.derivation
    size, count = derivation.keySize, 2 * len(schema.features)
    block = HKDF(
        algorithm=hashes.SHA256() if derivation.hash == "SHA256" else hashes.SHA512(),
        length=size * count,
        salt=derivation.bytes_of(derivation.salt),
        info=derivation.bytes_of(derivation.info),
    ).derive(secret)
    parts = [block[start : start + size] for start in range(0, len(block), size)]
    return list(zip(parts[::2], parts[1::2], strict=True))


class _Column:
    """One feature with its keys; what each distinct cell and token gives is worked out once.

    It lives as long as the call that made it, and what it remembers with it.
    """

    def __init__(self, feature: Feature, length: int, keys: tuple[bytes, bytes]) -> None:
        self.name = feature.identifier
        self._feature = feature
        self._length = length
        self._keys = keys
        self._encoding = encoding_of(feature)
        self._filters: dict[str, int] = {}
        self._seeds: dict[str, tuple[int, int]] = {}
        self._shorts: dict[str, list[int]] = {}

    def filter_of(self, cell: str) -> int:
        """Give a cell's filter, as a number whose highest bit is position 0."""
        if cell not in self._filters:
            self._filters[cell] = self._filter(cell)
        return self._filters[cell]

    def _filter(self, cell: str) -> int:
        tokens = tokens_of(cell, self._feature)
        united = 0
        if not tokens:
            return united
        hashing = self._feature.hashing
        positions = self._doubled if hashing.hash.type == "doubleHash" else self._independent
        for token, count in zip(tokens, hashing.strategy.positions(len(tokens)), strict=True):
            for position in positions(token, count):
                united |= 1 << (self._length - 1 - position)
        return united

    def _doubled(self, token: str, count: int) -> Iterable[int]:
        """Positions in an arithmetic progression: h1 + i h2.

        Source: Schnell, Bachteler and Reiher, A novel error-tolerant anonymous linking code
        (2011), section 3. These progressions are what attacks on bit patterns read: this is the
        only place that makes them, and the schema has to ask for it.
        """
        if token not in self._seeds:
            self._seeds[token] = self._double_hash(token.encode(self._encoding))
        first, step = self._seeds[token]
        return ((first + i * step) % self._length for i in range(count))

    def _double_hash(self, token: bytes) -> tuple[int, int]:
        sha1_key, md5_key = self._keys
        first = int.from_bytes(hmac.digest(sha1_key, token, hashlib.sha1), "big") % self._length
        step = int.from_bytes(hmac.digest(md5_key, token, hashlib.md5), "big") % self._length
        attempt = 0
        while step == 0 and self._feature.hashing.hash.prevent_singularity:
            again = token + chr(attempt).encode()
            step = int.from_bytes(hmac.digest(md5_key, again, hashlib.md5), "big") % self._length
            attempt += 1
        return first, step

    def _independent(self, token: str, count: int) -> list[int]:
        """Positions from keyed BLAKE2b, sixteen bits each, from the low byte."""
        shorts = self._shorts.setdefault(token, [])
        while len(shorts) < count:
            salt = str(len(shorts) // _SHORTS).encode()
            digest = hashlib.blake2b(
                token.encode(self._encoding), key=self._keys[0], salt=salt
            ).digest()
            shorts.extend(np.frombuffer(digest, "<u2").tolist())
        return [short % self._length for short in shorts[:count]]
