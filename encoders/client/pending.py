"""Notices that wait: they go to the linkage unit with the next contact, whatever it is for.

What a person withdrew or objected to must not wait until somebody thinks of sending it. Where the
settings name a folder of notices, every command that reaches the service first sends those of the
folder that the service has not had.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from encoders.client.generated import Operations
from matcher.formats.errors import InputError
from matcher.formats.notices import SUFFIX


def pending(operations: Operations, folders: Sequence[Path]) -> list[Path]:
    """Give the notices that the service has not had, in the order in which they must be sent.

    Args:
        operations: The service's.
        folders: Where `kinmatch notify` writes notices, under an agreement each.

    Raises:
        InputError: A notice can't be read.
        KinmatchError: The service can't be reached, or does not tell which it has had.
    """
    numbered = {path: _said_of(path) for folder in folders for path in folder.glob(f"*{SUFFIX}")}
    if not numbered:
        return []
    had: dict[str, int] = defaultdict(int)
    for one in operations.notices_listed().items:
        had[one.agreement] = max(had[one.agreement], one.number or 0)
    waiting = [path for path, (agreement, number) in numbered.items() if number > had[agreement]]
    return sorted(waiting, key=lambda path: numbered[path])


def _said_of(path: Path) -> tuple[str, int]:
    """The agreement and the number of a notice; the linkage unit checks all of it."""
    try:
        document = json.loads(path.read_bytes())["document"]
        return str(document["agreement_id"]), int(document["number"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: can't be read as a notice; take it from a copy, or write it anew with "
            "kinmatch notify."
        ) from None
