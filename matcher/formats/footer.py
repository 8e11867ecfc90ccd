"""A reader of Parquet footers that a hostile file can't crash.

pyarrow aborts the whole process when its metadata is asked about a codec or encoding that it does
not know, so a footer is read and checked here before pyarrow may see the file. Only the plainest
storage passes: flat columns, no compression, no dictionaries, every byte range inside the file.

The footer is one Thrift structure in the compact protocol (the Thrift project's
`thrift-compact-protocol.md`); numbers of fields and codes are those of `parquet.thrift` in the
Parquet project's format specification.
"""

from dataclasses import dataclass
from typing import Any, Final

_MAX_DEPTH: Final = 12

# Types of the compact protocol.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)

# Codes of parquet.thrift.
_UNCOMPRESSED = 0
_PLAIN, _RLE = 0, 3

Fields = dict[int, Any]


@dataclass(frozen=True, slots=True)
class Footer:
    """What is needed of a footer.

    Attributes:
        rows: The number of rows in all.
        groups: The number of rows in each row group.
        metadata: The key-value metadata.
    """

    rows: int
    groups: tuple[int, ...]
    metadata: dict[bytes, bytes]


def read_footer(content: bytes, file_bytes: int) -> Footer:
    """Read and check a footer.

    Args:
        content: The footer, without its length and the magic behind it.
        file_bytes: The size of the file that it stands in.

    Raises:
        ValueError: It is no footer, or not of a file stored in the plainest way.
    """
    reader = _CompactReader(content)
    try:
        footer = reader.structure()
        root, *leaves = footer[2]
        groups = footer.get(4, [])
        metadata = {pair[1]: pair[2] for pair in footer.get(5, [])}
        checks = [
            reader.at == len(content),
            8 not in footer,  # encrypted
            len(metadata) == len(footer.get(5, [])),
            root[5] == len(leaves),
            all(5 not in leaf for leaf in leaves),  # nested
            footer[3] == sum(group[3] for group in groups),
            all(_is_plain(group, leaves, file_bytes) for group in groups),
        ]
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ValueError("not a Parquet footer") from None
    if not all(checks):
        raise ValueError("not a plain Parquet file")
    return Footer(footer[3], tuple(group[3] for group in groups), metadata)


def _is_plain(group: Fields, leaves: list[Fields], file_bytes: int) -> bool:
    columns = group[1]
    return (
        group[3] >= 0
        and len(columns) == len(leaves)
        and all(
            _is_plain_column(column, leaf, group[3], file_bytes)
            for column, leaf in zip(columns, leaves, strict=True)
        )
    )


def _is_plain_column(column: Fields, leaf: Fields, rows: int, file_bytes: int) -> bool:
    about = column[3]
    start, size = about[9], about[7]
    return (
        {1, 8, 9}.isdisjoint(column)  # in another file, or encrypted
        and about[1] == leaf[1]
        and {*about[2]} <= {_PLAIN, _RLE}
        and about[3] == [leaf[4]]
        and about[4] == _UNCOMPRESSED
        and about[5] == rows
        and about[6] == size
        and {10, 11, 14}.isdisjoint(about)  # index page, dictionary page, Bloom filter
        and 0 < start <= start + size <= file_bytes
    )


class _CompactReader:
    """Reads structures of the Thrift compact protocol; raises ValueError or IndexError."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def structure(self, depth: int = 0) -> Fields:
        """Read one structure: its values by the number of their field, each at most once."""
        if depth > _MAX_DEPTH:
            raise ValueError("too deep")
        fields: Fields = {}
        number = 0
        while kind := self._byte():
            step, kind = kind >> 4, kind & 15
            number = number + step if step else self._signed()
            if number in fields:
                raise ValueError("a field stands twice")
            # A field's truth is in its type; an element's, in a byte of its own.
            fields[number] = kind == _TRUE if kind <= _FALSE else self._value(kind, depth + 1)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in {_TRUE, _FALSE, _BYTE}:
            return self._byte()
        if kind in {_I16, _I32, _I64}:
            return self._signed()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in {_LIST, _SET}:
            return self._list(depth)
        if kind == _STRUCT:
            return self.structure(depth)
        raise ValueError("a type that Parquet does not use")

    def _list(self, depth: int) -> list[Any]:
        if depth > _MAX_DEPTH:
            raise ValueError("too deep")
        start = self._byte()
        count, kind = start >> 4, start & 15
        if count == 15:
            count = self._unsigned()
        if count > len(self._content):
            raise ValueError("a list longer than the footer")
        return [self._value(kind, depth + 1) for _ in range(count)]

    def _byte(self) -> int:
        self.at += 1
        return self._content[self.at - 1]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self._content):
            raise ValueError("cut short")
        return self._content[self.at - count : self.at]

    def _unsigned(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number of more than 64 bits")

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
