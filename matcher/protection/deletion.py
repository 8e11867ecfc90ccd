"""Deletion that holds: fingerprints destroyed in the store and in every backup, and the proof.

The fingerprints of a batch lie in one file under one key. To delete a person the file is made anew
without what it said of that person, under a new key, and the old key is destroyed: no archive that
was written before can be read in that batch any more. What a backup of the database still holds of
a deleted record is a random reference and what candidates' levels were; a store that is restored
from it is told of the deletion by the journal before anybody uses it.
"""

from datetime import date
from typing import Final

from sqlalchemy import update

from matcher.store import audit
from matcher.store.agreements import agreement_of
from matcher.store.batches import lock_agreement
from matcher.store.database import Store
from matcher.store.holds import batches_of, not_destroyed, waiting_of
from matcher.store.models import Hold
from matcher.store.recognising import gone_rows

DESTROYED: Final = "deletion.destroyed"
"""The rule that is kept here."""


def destroy_fingerprints(store: Store, on: date) -> int:
    """Destroy what is here of records that were withdrawn or deleted; safe to do again.

    Call it where no backup is being written: in a night, or inside `matcher.store.database.alone`.

    Args:
        store: The store, with the keys of its fingerprints.
        on: The day.

    Returns:
        How many batches were made anew.
    """
    with store.as_unit() as session:
        waiting = not_destroyed(session)
    return sum(_destroy(store, agreement, society, on) for agreement, society in waiting)


def _destroy(store: Store, agreement_id: str, society: str, on: date) -> int:
    """Empty the rows of a society's records that are gone, in every batch that has a file."""
    with store.as_unit() as session:
        agreement = agreement_of(session, agreement_id)
        begun = waiting_of(session, agreement_id, society)
        batches = set(batches_of(session, agreement_id, society))
    batches &= store.fingerprints.ids()
    changed = 0
    for batch in sorted(batches):
        content = store.fingerprints.open(batch, agreement)
        with store.as_unit() as session:
            rows = gone_rows(session, content, agreement_id, society)
        if len(rows):
            store.fingerprints.replace(batch, content.without(rows))
            changed += 1
    with store.as_unit() as session:
        lock_agreement(session, agreement_id)
        # A batch that is being accepted may hold them again: then they wait for the next time.
        if not set(batches_of(session, agreement_id, society)) & store.fingerprints.ids() - batches:
            session.execute(update(Hold).where(Hold.id.in_(begun)).values(destroyed_on=on))
        audit.append(
            session, "fingerprints.destroy", f"agreement {agreement_id}", society=society,
            details={"records": len(begun), "batches": changed, "rule": DESTROYED},
        )  # fmt: skip
    return changed
