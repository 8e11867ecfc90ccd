"""How a society reaches the service: its address, its token, whom it trusts; from one TOML file."""

import os
import stat
import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from matcher.formats.errors import InputError

_MOST_BYTES = 1 << 16


class Connection(BaseModel):
    """A society's settings; paths in the file are as seen from its folder.

    Attributes:
        service: The service's address.
        token_file: File that holds the token, for its owner alone; else the keyring has it.
        authorities: PEM file of certificate authorities to trust in place of the system's.
        notices: Folders of notices, which are sent with the next contact.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    token_file: Path | None = None
    authorities: Path | None = None
    notices: tuple[Path, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the settings.

        Raises:
            InputError: The file can't be read, or is not what it must be.
        """
        try:
            with path.open("rb") as file:
                found = cls.model_validate(tomllib.loads(file.read(_MOST_BYTES).decode()))
        except OSError as error:
            raise InputError(f"{path}: the file can't be read ({error.strerror}).") from None
        except (ValidationError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise InputError(
                f"{path}: must be TOML with 'service', and if need be 'token_file', "
                "'authorities' and 'notices'; correct the file."
            ) from None
        beside = {
            name: path.parent / value
            for name in ("token_file", "authorities")
            if (value := getattr(found, name)) is not None
        }
        notices = tuple(path.parent / folder for folder in found.notices)
        return found.model_copy(update=beside | {"notices": notices})


def read_token(path: Path) -> str:
    """Read a token from its file.

    Raises:
        InputError: It can't be read, others can read it too, or it holds no token.
    """
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise InputError(f"{path}: others can read the token; run 'chmod 600' on it.")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
    except OSError as error:
        raise InputError(f"{path}: the token can't be read ({error.strerror}).") from None
    token = content.decode("ascii", errors="replace").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(f"{path}: holds no token; give the file that you were given.")
    return token
