"""Makes the vectors of refinement's cells: run once, when their format is published.

`python tests/vectors/refinement_vectors.py` writes `refinement.json` where it is not there. A test
calls `make` and holds its result against the file. What the fields mean is in `README.md`.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from scheme_vectors import RECORDS, ROOT, SEED, agreement, as_text

from encoders.keys import Keys
from encoders.records import Records
from encoders.refining.answering import attribute_cells
from matcher.formats.attributes import FIELDS

FILE = Path(__file__).with_name("refinement.json")

SEPARATIONS: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    (
        "parted on a day, at a place in another script, from a residence with street and number",
        ("Separation", "Address"),
        {
            "given_name": "Omar",
            "father_name": "Khalid",
            "grandfather_name": "Yusuf",
            "other_names": "Haddad, Mustafa",
            "residence": "Nasser Street 14, Homs",
            "last_seen_date": "2015-12-31",
            "last_seen_place": "حلب",
        },
    ),
    (
        "parted in a month",
        ("Separation", "PartialDate"),
        {"given_name": "Omar", "last_seen_date": "2016-02"},
    ),
    (
        "parted on 1 January, which counts as its year",
        ("Separation", "ArtefactDate"),
        {"given_name": "Omar", "last_seen_date": "2016-01-01", "last_seen_place": "Qqzzville"},
    ),
    (
        "parted in a decade, of several nationalities",
        ("Separation", "PartialDate"),
        {"given_name": "Omar", "last_seen_date": "1990s", "nationality": "SYR, former Yugoslavia"},
    ),
)


def make() -> dict[str, Any]:
    """Make the vectors: each record as both societies release it for one candidate."""
    under = agreement("standard/2")
    keys = Keys.throwaway(under, seed=SEED)
    told = [*RECORDS, *SEPARATIONS]
    names = [
        [hashlib.sha256(f"{what} {row}".encode()).digest()[:16] for row in range(len(told))]
        for what in ("candidate", "nonce")
    ]
    identifiers, nonces = (
        np.frombuffer(b"".join(side), np.uint8).reshape(-1, 16).copy() for side in names
    )
    records = Records.from_rows(
        [{"record_id": str(row), **cells} for row, (_, _, cells) in enumerate(told)], role="sought"
    )
    released = {
        society: attribute_cells(records, np.arange(len(told)), identifiers, nonces, keys, society)
        for society in under.parties
    }
    return {
        "format": "kinmatch-refinement-vectors/1",
        "notes": "See README.md beside this file.",
        "scheme": under.scheme.label,
        "agreement_id": under.agreement_id,
        "key_epoch": under.key_epoch,
        "root": ROOT,
        "records": [
            {
                "id": row + 1,
                "comment": comment,
                "flags": list(flags),
                "record": cells,
                "candidate": names[0][row].hex(),
                "nonce": names[1][row].hex(),
                "cells": {
                    society: {
                        field: of_fields[field][0][row].tobytes().hex()
                        for field in FIELDS
                        if of_fields[field][1][row]
                    }
                    for society, of_fields in released.items()
                },
            }
            for row, (comment, flags, cells) in enumerate(told)
        ],
    }


if __name__ == "__main__":
    # "x": a file that is there is never written again.
    with FILE.open("x", encoding="utf-8") as file:
        file.write(as_text(make()))
