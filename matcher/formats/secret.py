"""Bytes that must not get out: masked when shown, never copied or pickled, wiped after use."""

import hmac
from typing import NoReturn

from matcher.formats.errors import ParameterError


class Secret:
    """A byte string that hides itself.

    It shows as `Secret(hidden)`, refuses pickling and copying, compares in constant time and is
    overwritten with zeros by `wipe` or when it is collected. Python may hold copies that no
    program can reach (the interpreter's, a library's), so wiping shortens a secret's life but
    proves nothing.
    """

    __slots__ = ("_content",)
    __hash__ = None  # type: ignore[assignment]  # a hash is a trace of the content

    def __init__(self, content: bytes | bytearray) -> None:
        self._content = bytearray(content)

    def expose(self) -> bytearray:
        """Give the content itself, not a copy; a test names the modules that may call this.

        Raises:
            ParameterError: The secret was wiped.
        """
        if not self._content:
            raise ParameterError("The secret was wiped; open or make it anew.")
        return self._content

    def wipe(self) -> None:
        """Overwrite the content with zeros and let go of it."""
        self._content[:] = bytes(len(self._content))
        self._content.clear()

    def __del__(self) -> None:
        # Construction may have failed before there was any content.
        if hasattr(self, "_content"):
            self.wipe()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._content, other._content)

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __copy__(self) -> NoReturn:
        self._refuse()

    def __deepcopy__(self, memo: object) -> NoReturn:
        self._refuse()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ParameterError("A secret can't be pickled or copied; pass the object itself.")
