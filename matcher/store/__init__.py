"""The linkage unit's store: societies, batches, records, runs, candidates, and the audit log.

    keys = StoreKeys.open(settings.store_keys, passphrase)
    with open_store(settings, keys) as store:           # starts the private PostgreSQL, if any
        with store.as_unit() as session:                # the linkage unit: sees all rows
            admitting.add_agreement(session, agreement, on=today)
        with store.as_society("red-one") as session:    # one society: its own rows, by the database
            row = batches.register(session, society="red-one", ...)
            batches.note_part(session, row.id, number=0, ...)
            batches.finish(session, row.id, actor=user)
        batches.accept(store, row.id, path, on=today)   # validate in the background
        with store.as_society("red-one") as session:
            listings.page(session, society="red-one", on=today, until=today, count=50)

A block `as_unit` or `as_society` is one transaction: committed when it ends well, undone when it
raises. Rows belong to the session that read them; use what you need of them inside the block.

- `database`: `Store`, `open_store`, `upgrade_database`;
- `models`: the tables; `migrations` makes them and says who sees what;
- `states`: the lives of batches, runs, candidates and refinements, a table each;
- `changing`: `locked` and `change`, the one way from a state to another, with its audit entry;
- `agreements`: those in force; `admitting`: new ones and amendments; `access`: users and tokens;
- `batches`: register, note_part, parts_of, finish; `acceptance`: accept; `keeping_up`: enter, for
  all that a restored store must be told: notices, withdrawn batches, retired epochs, agreements;
- `listings`: page, one: candidates as a society sees them; `candidates`: decide, settle, disclosed;
- `refinements`: request, release, score, refuse;
- `audit`: append, verify, sign, entries;
- `fingerprints`: where the batches' files lie; `backup`: archives of all of it.

What runs over night is `matcher.nightly`. With row-level security a society's connection sees
nothing foreign, even of a query without a filter; what two societies share (a candidate's state,
a refinement, a disclosure) is therefore changed `as_unit`, by functions here that check whose it
is.
"""

from matcher.store.database import Store, open_store, upgrade_database

__all__ = ["Store", "open_store", "upgrade_database"]
