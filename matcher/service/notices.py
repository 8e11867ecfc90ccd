"""What becomes of a signed notice: one line for each format that a society may send."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from matcher.formats import notices, retirement
from matcher.formats.agreement import Agreement
from matcher.formats.errors import InputError
from matcher.formats.signed import MAX_BYTES
from matcher.settings import Settings
from matcher.store import Store
from matcher.store.journal import Journal
from matcher.store.keeping_up import Applied, enter


@dataclass(frozen=True, repr=False)
class Desk:
    """Where notices are applied.

    Attributes:
        store: The linkage unit's store.
        settings: As the operator set them.
        on: The day.
        actor: Who brought the notice.
    """

    store: Store
    settings: Settings
    on: date
    actor: str


FORMATS: Final[
    Mapping[str, Callable[[bytes, Agreement], notices.Notice | retirement.Retirement]]
] = {
    notices.FORMAT: notices.Notice.check,
    retirement.FORMAT: retirement.Retirement.check,
}
"""How each format is checked."""


def said_of(content: bytes) -> tuple[str, str, str]:
    """Read what a notice says of itself, of which nothing is checked yet.

    Returns:
        Its format, its agreement's id and its society.

    Raises:
        InputError: It is no notice of a format that is known.
    """
    try:
        document = json.loads(content[:MAX_BYTES])["document"]
        said = tuple(document[name] for name in ("format", "agreement_id", "society"))
        known = said[0] in FORMATS and all(isinstance(one, str) for one in said)
    except (ValueError, TypeError, KeyError, RecursionError):
        known = False
    if not known:
        raise InputError(
            f"What was sent is no notice of a format that is known: {', '.join(FORMATS)}. Send the "
            "file as 'kinmatch notify' or 'kinmatch keys rotate' wrote it."
        )
    return said[0], said[1], said[2]


def take(desk: Desk, content: bytes, agreement: Agreement) -> Applied:
    """Check a notice and do what it asks for.

    Raises:
        KinmatchError: It is not sound, not signed by its society, or not possible now.
    """
    said = FORMATS[said_of(content)[0]](content, agreement)
    journal = Journal(desk.settings.protection_journal)
    return enter(desk.store, journal, said, on=desk.on, actor=desk.actor)
