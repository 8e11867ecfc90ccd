"""What a person wishes: not to be found, not to be matched, to be deleted; and what is archived.

Such a record is not encoded, and that is all: neither the linkage unit nor another society is told
why, so that "no result" looks the same whether nobody was met or somebody wants to stay unfound.
"""

from typing import Final

from encoders.protection.telling import Entry, Gate, Setting


def wish_not_to_be_found(entry: Entry, _: Setting) -> str | None:
    """Let a person pass who does not wish to stay unfound."""
    return "event" if entry.told.standing.hides else None


def objection_settled(entry: Entry, _: Setting) -> str | None:
    """Let a person pass who has not objected, or whose objection was weighed and dismissed."""
    return "event" if entry.told.standing.objection in ("open", "upheld") else None


def deletion_honoured(entry: Entry, _: Setting) -> str | None:
    """Let a person pass who has not asked to be deleted, or was refused that on a named ground."""
    return "event" if entry.told.standing.deletion in ("asked", "done") else None


def archived_stays_out(entry: Entry, _: Setting) -> str | None:
    """Let a record pass that no review has archived, or that one has renewed since."""
    return "event" if entry.told.standing.archived else None


def told_readably(entry: Entry, _: Setting) -> str | None:
    """Let a person pass of whom everything that is said can be read.

    A withdrawal with a slip of the pen must not go for consent.
    """
    return "entry or event" if entry.told.doubtful else None


GATES: Final[dict[str, Gate]] = {
    "wish.not-to-be-found": wish_not_to_be_found,
    "objection.settled": objection_settled,
    "deletion.honoured": deletion_honoured,
    "retention.archived-stays-out": archived_stays_out,
    "intake.readable": told_readably,
}
"""Its rules, each with its gate."""
