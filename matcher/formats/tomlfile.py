"""Reading the TOML files that people write: agreements, their terms, schemes to be tried."""

import re
import tomllib
from pathlib import Path
from typing import Any

from matcher.formats.errors import AgreementError

_MAX_FILE_BYTES = 1 << 20


def parse_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file; errors give the place but not the text, which may be any wrong file's.

    Args:
        path: The file.
        what: What it should be, with its article: 'an agreement'.

    Raises:
        AgreementError: It can't be read, is too large, or is not valid TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            raise AgreementError(f"{path}: too large for {what}; choose another file.")
        return tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AgreementError(f"{path}: {what} can't be read from it ({reason}).") from None
    except UnicodeDecodeError:
        raise AgreementError(f"{path}: not a text file in UTF-8; choose another file.") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line \d+, column \d+|end of document", str(error))
        where = f" near {place[0]}" if place else ""
        raise AgreementError(f"{path}: not valid TOML{where}; correct the file.") from None
