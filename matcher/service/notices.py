"""What becomes of a signed notice: one line for each format that a society may send."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from matcher.formats import notices, retirement
from matcher.formats.agreement import Agreement
from matcher.formats.errors import InputError
from matcher.formats.signed import MAX_BYTES
from matcher.settings import Settings
from matcher.store import Store
from matcher.store.holds import apply_notice
from matcher.store.journal import Journal
from matcher.store.retirements import retire


@dataclass(frozen=True)
class Done:
    """What a notice did.

    Attributes:
        kind: Its kind.
        records: How many of the records that are held it is about.
    """

    kind: str
    records: int


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


def _protect(desk: Desk, notice: notices.Notice) -> Done:
    journal = Journal(desk.settings.protection_journal)
    done = apply_notice(desk.store, journal, notice, on=desk.on, actor=desk.actor)
    return Done(done.kind, done.records)


def _retire(desk: Desk, notice: retirement.Retirement) -> Done:
    with desk.store.as_unit() as session:
        return Done("retire", retire(session, notice, actor=desk.actor))


@dataclass(frozen=True)
class _Format:
    check: Callable[[bytes, Agreement], Any]
    apply: Callable[[Desk, Any], Done]


FORMATS: Final[Mapping[str, _Format]] = {
    notices.FORMAT: _Format(notices.Notice.check, _protect),
    retirement.FORMAT: _Format(retirement.Retirement.check, _retire),
}
"""How each format is checked, and what is done with it."""


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


def take(desk: Desk, content: bytes, agreement: Agreement) -> Done:
    """Check a notice and do what it asks for.

    Raises:
        KinmatchError: It is not sound, not signed by its society, or not possible now.
    """
    form = FORMATS[said_of(content)[0]]
    return form.apply(desk, form.check(content, agreement))
