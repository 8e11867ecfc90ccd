"""Envelopes that a society's program got wrong, or somebody made to do harm.

Each is drawn from a number, so that any of them can be made again. Those that a society signed say
what no outsider could: the batch inside is reached.
"""

import hashlib
import io
import json
import secrets
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.formats import sealed
from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch
from matcher.formats.chunks import encrypt
from matcher.formats.envelope import FORMAT, EnvelopeHeader, shared_terms
from matcher.formats.identity import Identity, wrap_to
from matcher.formats.secret import Secret

BOMB_ROWS = 5_000_000  # as a batch they would be some seven gigabytes


class Malformed:
    """Makes them from a good batch, as its society's signature allows.

    Args:
        batch: A good batch.
        agreement: What it was encoded under.
        identity: Its society's.
    """

    def __init__(self, batch: Path, agreement: Agreement, identity: Identity) -> None:
        self._good = batch.read_bytes()
        self._agreement = agreement
        self._identity = identity
        inside = read_batch(batch, agreement).header
        unit = agreement.identity_of(agreement.linkage_unit)
        self._unit = unit.exchange
        self._header = {
            **EnvelopeHeader.model_validate(
                {
                    **shared_terms(inside),
                    "linkage_unit": unit.name,
                    "number": 1,
                    "batch_seal": inside.seal,
                    "batch_bytes": len(self._good),
                }
            ).model_dump()
        }
        self._bomb: bytes | None = None
        self._packed = zlib.compress(bytes(10**8))
        self.kinds: dict[str, Callable[[np.random.Generator, int], bytes]] = {
            "nothing": lambda _rng, _number: b"",
            "noise": lambda rng, _number: rng.bytes(int(rng.integers(1, 5000))),
            "flipped": lambda rng, number: _flipped(rng, self.sealed(self._good, number)),
            "cut": lambda rng, number: _cut(rng, self.sealed(self._good, number)),
            "longer": lambda rng, number: self.sealed(self._good, number) + rng.bytes(100),
            "head": self._with_another_head,
            "inside noise": lambda rng, number: self.sealed(rng.bytes(3000), number),
            "inside flipped": lambda rng, number: self.sealed(_flipped(rng, self._good), number),
            "inside cut": lambda rng, number: self.sealed(_cut(rng, self._good), number),
            "inside packed": lambda _, number: self.sealed(self._packed, number),
            "footer": self._with_another_footer,
            "columns": self._with_other_columns,
            "bomb": self._with_a_bomb,
        }

    def good(self, number: int) -> bytes:
        """Give the good batch, as its society sends it."""
        return self.sealed(self._good, number)

    def make(self, number: int) -> tuple[str, bytes]:
        """Give the kind and the file of a number, above 0."""
        rng = np.random.default_rng(number)
        kind = list(self.kinds)[number % len(self.kinds)]
        return kind, self.kinds[kind](rng, number)

    def sealed(
        self, content: bytes, number: int, changed: Mapping[str, Any] | None = None
    ) -> bytes:
        """Wrap and sign any content as a society does its batch."""
        seal = {"batch_seal": _seal_in(content), "batch_bytes": len(content), "number": number}
        said = {**self._header, **seal, **(changed or {})}
        line = json.dumps(said, separators=(",", ":")).encode() + b"\n"
        out = io.BytesIO()
        key = Secret(secrets.token_bytes(32))
        out.write(line)
        out.write(wrap_to(self._unit, key, line))
        encrypt(key, io.BytesIO(content), out.write)
        digest = hashlib.sha256(out.getvalue()).digest()
        return out.getvalue() + self._identity.sign(FORMAT, digest)

    def _with_another_head(self, rng: np.random.Generator, number: int) -> bytes:
        names = list(self._header)
        name = names[int(rng.integers(len(names)))]
        wrong = [
            None, -1, 0, 2**80, 1.5, "", "x" * 5000, [], {}, True, "../../etc/passwd",
            "sha256:" + "0" * 64, [[[[]]]] * 50, "\x00", "\ud800",
        ]  # fmt: skip
        return self.sealed(self._good, number, {name: wrong[int(rng.integers(len(wrong)))]})

    def _with_another_footer(self, rng: np.random.Generator, number: int) -> bytes:
        """Another footer that says another thing; who wrote it, say, is none."""
        table = pq.read_table(io.BytesIO(self._good))
        while True:
            changed = _footer(rng, self._good)
            try:
                says_the_same = pq.read_table(io.BytesIO(changed)).equals(table)
            except (pa.ArrowException, OSError, ValueError, MemoryError):
                says_the_same = False
            if not says_the_same:
                return self.sealed(_resealed(changed), number)

    def _with_other_columns(self, rng: np.random.Generator, number: int) -> bytes:
        table = pq.read_table(io.BytesIO(self._good))
        column = int(rng.integers(table.num_columns))
        name, rows = table.column_names[column], table.num_rows
        others: list[Callable[[], pa.Table]] = [
            lambda: table.drop_columns([name]),
            lambda: table.append_column("more", pa.array([0] * rows)),
            lambda: table.set_column(column, name, pa.array(["x"] * rows)),
            lambda: table.set_column(0, "reference", pa.nulls(rows, table.schema.types[0])),
            lambda: table.set_column(column, name, pa.array([[[1]]] * rows)),
            lambda: table.set_column(column, name, pa.array([b""] * rows)),
            lambda: table.select(table.column_names[::-1]),
            lambda: pa.concat_tables([table, table]),
            lambda: table.slice(0, 0),
            lambda: table.take(pa.array(rng.permutation(rows))),
        ]
        other = others[int(rng.integers(len(others)))]()
        plain = {"compression": "NONE", "use_dictionary": False, "write_statistics": False}
        return self.sealed(_written(other, table.schema.metadata, **plain), number)

    def _with_a_bomb(self, _: np.random.Generator, number: int) -> bytes:
        """Few bytes that are many rows: every column is one value, packed."""
        if self._bomb is None:
            table = pq.read_table(io.BytesIO(self._good))
            same = np.zeros(BOMB_ROWS, np.int8)
            columns = []
            for name in table.column_names:
                value = table.column(name).combine_chunks().drop_null().slice(0, 1)
                known = pa.array(same) if len(value) else pa.nulls(BOMB_ROWS, pa.int8())
                columns.append(pa.DictionaryArray.from_arrays(known, value))
            packed = pa.table(columns, names=table.column_names)
            self._bomb = _written(packed, table.schema.metadata, compression="ZSTD")
        return self.sealed(self._bomb, number)


def _written(table: pa.Table, metadata: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), out, **options)
    return _resealed(out.getvalue())


def _resealed(content: bytes) -> bytes:
    """Close the seal over changed bytes, where there still is one."""
    file = io.BytesIO(content)
    with suppress(Exception):  # whatever is wrong with it is what the reader is to find
        sealed._close_seal(file)
    return file.getvalue()


def _seal_in(content: bytes) -> str:
    file = io.BytesIO(content)
    try:
        at = sealed._seal_position(file, len(content))
    except Exception:
        return "sha256:" + "0" * 64
    return "sha256:" + content[at : at + 64].decode("ascii", "replace")


def _flipped(rng: np.random.Generator, content: bytes) -> bytes:
    changed = bytearray(content)
    for place in rng.integers(len(changed), size=int(rng.integers(1, 20))):
        changed[place] ^= int(rng.integers(1, 256))
    return bytes(changed)


def _footer(rng: np.random.Generator, content: bytes) -> bytes:
    """Change bytes of the Parquet footer, where lengths, types and places are said."""
    length = int.from_bytes(content[-8:-4], "little") + 8
    return content[:-length] + _flipped(rng, content[-length:])


def _cut(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: int(rng.integers(len(content)))]
