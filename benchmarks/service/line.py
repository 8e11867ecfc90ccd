"""The least of an HTTP client: what it costs counts against the service on the same processors."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: The HTTP status.
        body: The content.
    """

    status: int
    body: bytes


class Line:
    """One connection to the service, kept open; one request at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._head = f"Host: localhost\r\nAuthorization: Bearer {token}\r\n"

    @classmethod
    async def open(cls, port: int, token: str) -> Self:
        """Connect to a port of this machine, to ask with this token."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        return cls(reader, writer, token)

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request, and wait for the whole answer."""
        further = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{further}Content-Length: {len(body)}"
        self._writer.write(f"{head}\r\n\r\n".encode() + body)
        await self._writer.drain()
        lines = (await self._reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(
            (int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")),
            0,
        )
        return Answer(int(lines[0].split()[1]), await self._reader.readexactly(length))

    @property
    def is_open(self) -> bool:
        """Whether the service has not hung up."""
        return not self._reader.at_eof()

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
