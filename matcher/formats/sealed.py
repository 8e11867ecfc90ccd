"""Parquet files that notice every altered byte, and a reader of them that believes nothing.

A sealed file is plain Parquet: no compression and no dictionaries, since random bits gain from
neither and a reader that allows neither can't be made to unpack a small file into a large memory.
Its header is one line of JSON in the Parquet metadata under the key `kinmatch`. The header's last
field, the seal, is SHA-256 over the whole file with the seal's own 64 digits taken as zeros. It
holds against damage, not against forgers: who can write the file can write the seal.
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from matcher.formats.errors import InputError, IntegrityError
from matcher.formats.footer import Footer, read_footer

METADATA_KEY: Final = b"kinmatch"
"""Where the header stands in the Parquet metadata."""

_MAGIC = b"PAR1"
_TAIL_BYTES = 8  # length of the footer in four bytes, lowest first, then the magic
_MAX_FOOTER_BYTES = 1 << 20  # enough for some 90 million rows
_CHUNK_BYTES = 1 << 20

_OPEN_SEAL = "sha256:" + "0" * 64
_SEAL = re.compile(rb'"seal":"sha256:([0-9a-f]{64})"')
_FORMAT = re.compile(rb'"format":"(kinmatch-[a-z]{1,32})/([0-9]{1,9})"')

# What pyarrow raises on a file that is not as it should be; its texts may hold values.
_PARSER_ERRORS = (pa.ArrowException, OSError, ValueError, RecursionError, MemoryError)


def write_sealed(
    path: Path,
    schema: pa.Schema,
    groups: Iterable[pa.RecordBatch],
    header: Callable[[], dict[str, object]],
) -> str:
    """Write a sealed file; call it inside `matcher.formats.files.written_whole`.

    Args:
        path: Where to write.
        schema: The columns.
        groups: What becomes one row group each, in this order.
        header: Gives the header once all groups are written; `format`, a name and a version,
            among it, and no `seal`. The same groups and header give the same bytes.

    Returns:
        The seal, `sha256:` and 64 hexadecimal digits.

    Raises:
        OSError: The file can't be written.
    """
    with pa.OSFile(str(path), "wb") as sink:
        _write_groups(sink, schema, groups, header)
    with path.open("r+b") as file:
        return _close_seal(file)


def sealed_in_memory(
    schema: pa.Schema, groups: Iterable[pa.RecordBatch], header: Callable[[], dict[str, object]]
) -> io.BytesIO:
    """Write a sealed file that never is on a disk; arguments are those of `write_sealed`.

    Returns:
        The file's bytes, to be read from their beginning.
    """
    file = io.BytesIO()
    _write_groups(file, schema, groups, header)
    _close_seal(file)
    file.seek(0)
    return file


def _write_groups(
    sink: Any,
    schema: pa.Schema,
    groups: Iterable[pa.RecordBatch],
    header: Callable[[], dict[str, object]],
) -> None:
    with pq.ParquetWriter(
        sink,
        schema,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,  # it would hold the metadata a second time
    ) as writer:
        for group in groups:
            if group.num_rows:  # a group of no rows would have pages that lie nowhere
                writer.write_batch(group)
        writer.add_key_value_metadata({METADATA_KEY: _line({**header(), "seal": _OPEN_SEAL})})


def _close_seal(file: BinaryIO) -> str:
    size = file.seek(0, os.SEEK_END)
    at = _seal_position(file, size)
    digest = _digest(file, size, at)
    file.seek(at)
    file.write(digest.encode())
    return f"sha256:{digest}"


class SealedFile:
    """A sealed file that was found whole; its rows are read when they are asked for.

    Attributes:
        path: The file, for messages.
        header: The header, `format` and `seal` included; its other fields are not checked.
    """

    def __init__(
        self, path: Path, kind: str, version: int, opened: BinaryIO | io.RawIOBase | None = None
    ) -> None:
        """Open a file, and check all that can be checked without knowing its columns.

        Args:
            path: The file.
            opened: A seekable file that gives the content, such as one that decrypts; then `path`
                is only named in messages.
            kind: The name that its format must have, such as `kinmatch-batch`.
            version: The version that its format must have.

        Raises:
            InputError: The file can't be read, or is of another kind or version.
            IntegrityError: The file was cut short or altered.
        """
        self.path = path
        # One handle for checks and reading: a file that takes the name later is never read.
        file = _open(path, kind) if opened is None else cast("BinaryIO", opened)
        with self.parsing():
            file.seek(0)
            is_parquet = file.read(len(_MAGIC)) == _MAGIC
        if not is_parquet:
            raise _no_parquet(path, kind)
        with self.parsing():
            file.seek(0, os.SEEK_END)
            self._size = file.tell()
            footer = _tail(file, self._size)
        _check_format(path, footer, kind, version)
        with self.parsing():
            self._check_seal(file)
            self._footer = read_footer(footer[:-_TAIL_BYTES], self._size)
            self.header = _header(self._footer)
            self._parquet = pq.ParquetFile(file)

    def require_schema(self, schema: pa.Schema) -> None:
        """Refuse a file whose columns are not these, by name, type and order.

        Raises:
            IntegrityError: They are not, or they can't hold as many rows as the file claims.
        """
        with self.parsing():
            if not self._parquet.schema_arrow.equals(schema, check_metadata=False):
                raise ValueError("other columns")
            # Before memory is set aside for the rows: each has its required cells in the file.
            row_bytes = sum(
                field.type.byte_width
                for field in schema
                if pa.types.is_fixed_size_binary(field.type) and not field.nullable
            )
            if self.rows * row_bytes > self._size:
                raise ValueError("more rows than bytes")

    @property
    def rows(self) -> int:
        """The number of rows that the file claims to hold."""
        return self._footer.rows

    def column(self, name: str) -> Iterator[pa.Array]:
        """Read one column, one row group at a time, `rows` cells in all.

        Raises:
            IntegrityError: It can't be read.
        """
        seen = 0
        for group in range(self._parquet.metadata.num_row_groups):
            with self.parsing():
                column = self._parquet.read_row_group(group, columns=[name]).column(0)
                array = (
                    pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)
                )
                array.validate()
                seen += len(array)
                if seen > self.rows:
                    raise ValueError("more cells than rows")
            yield array
        if seen != self.rows:
            raise self.altered()

    @contextmanager
    def parsing(self) -> Iterator[None]:
        """Turn whatever a parser raises in the block into an `IntegrityError` without its text."""
        try:
            yield
        except _PARSER_ERRORS:
            raise self.altered() from None

    def altered(self) -> IntegrityError:
        """Give the error that says this file is not as it was written."""
        return IntegrityError(
            f"{self.path}: the file was cut short or altered since it was written, or was not "
            "written by kinmatch. Take it from where it came from again."
        )

    def _check_seal(self, file: BinaryIO) -> None:
        at = _seal_position(file, self._size)
        file.seek(at)
        if file.read(64) != _digest(file, self._size, at).encode():
            raise ValueError("another seal")


def _open(path: Path, kind: str) -> BinaryIO:
    if not path.exists():
        raise InputError(f"{path}: there is no such file.")
    if not path.is_file():
        raise _no_parquet(path, kind)
    try:
        file: BinaryIO = pa.OSFile(str(path), "rb")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path}: the file can't be read ({reason}).") from None
    return file


def _no_parquet(path: Path, kind: str) -> InputError:
    return InputError(f"{path}: not a Parquet file, so no {kind}; choose another file.")


def _tail(file: BinaryIO, size: int) -> bytes:
    """Read the footer, its length and the magic; ValueError where there is none."""
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    length = int.from_bytes(tail[:4], "little") + _TAIL_BYTES
    if tail[4:] != _MAGIC or length > min(size - len(_MAGIC), _MAX_FOOTER_BYTES):
        raise ValueError("no footer")
    file.seek(size - length)
    return file.read(length)


def _check_format(path: Path, footer: bytes, kind: str, version: int) -> None:
    found = _FORMAT.findall(footer)
    if len(found) != 1 or found[0][0] != kind.encode():
        other = f" but a {found[0][0].decode()}" if len(found) == 1 else ""
        raise InputError(f"{path}: not a {kind}{other}; choose another file.")
    if int(found[0][1]) != version:
        raise InputError(
            f"{path}: the file is '{kind}/{int(found[0][1])}'; this release reads "
            f"'{kind}/{version}'. Install the release that wrote it, or have it written anew."
        )


def _seal_position(file: BinaryIO, size: int) -> int:
    """Find where the seal's digits begin; ValueError unless there is exactly one seal."""
    footer = _tail(file, size)
    (found,) = _SEAL.finditer(footer)
    return size - len(footer) + found.start(1)


def _digest(file: BinaryIO, size: int, seal_at: int) -> str:
    """SHA-256 of the file, with the 64 bytes of the seal taken as the digit zero."""
    sha = hashlib.sha256()
    file.seek(0)
    _feed(sha, file, seal_at)
    sha.update(b"0" * 64)
    file.seek(seal_at + 64)
    _feed(sha, file, size - seal_at - 64)
    return sha.hexdigest()


def _feed(sha: "hashlib._Hash", file: BinaryIO, size: int) -> None:
    while size:
        chunk = file.read(min(_CHUNK_BYTES, size))
        if not chunk:
            raise ValueError("cut short while it was read")
        sha.update(chunk)
        size -= len(chunk)


def _header(footer: Footer) -> dict[str, Any]:
    line = footer.metadata.get(METADATA_KEY, b"")
    header = json.loads(line)
    # One way to write a header, so that what was searched for is what was parsed.
    if not isinstance(header, dict) or _line(header) != line or "seal" not in header:
        raise ValueError("another header")
    return header


def _line(header: dict[str, object]) -> bytes:
    return json.dumps(header, separators=(",", ":")).encode("ascii")
