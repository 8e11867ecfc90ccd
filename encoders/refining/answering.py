"""Attribute fingerprints of records, each for one candidate, under that candidate's keys."""

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from encoders.keys import Keys
from encoders.records import Records
from encoders.refining.prf import Words, candidate_keys, draw_cells
from encoders.refining.values import read_fields
from matcher.formats.attributes import FIELDS, GROUPS, Kind
from matcher.formats.cells import Mask, Octets

Rows = npt.NDArray[np.int64]

NOT_RELEASED = -1
"""Stands for the record of a candidate about which nothing is released."""


def attribute_cells(
    records: Records, rows: Rows, identifiers: Octets, nonces: Octets, keys: Keys, society: str
) -> Mapping[str, tuple[Octets, Mask]]:
    """Make the cells of all fields for n candidates.

    Args:
        records: The society's records.
        rows: Shape (n,), int64: the record of each candidate, or `NOT_RELEASED`.
        identifiers: The candidates, shape (n, 16), uint8.
        nonces: Their nonces, shape (n, 16), uint8.
        keys: The keys of the agreement.
        society: Whose records they are.

    Returns:
        For each of `FIELDS` the cells, shape (n, width of the kind), uint8, and whether they are
        present, shape (n,), bool. Same arguments, same cells.
    """
    released = rows != NOT_RELEASED
    distinct, which = np.unique(rows[released], return_inverse=True)
    fields = read_fields(records.take(distinct), keys.derive("refinement", attribute="tokens"))
    secret = keys.derive("refinement")
    one_time = candidate_keys(secret, identifiers[released], nonces[released], len(GROUPS))
    cells = {}
    for number, (name, (group, kind)) in enumerate(FIELDS.items()):
        held = fields.by_name[name]
        values = held.values[which]
        content = np.zeros((len(values), kind.width), dtype=np.uint8)
        content[values >= 0, 0] = held.plain[values[values >= 0]]
        draw_cells(
            content,
            np.ascontiguousarray(one_time[:, GROUPS.index(group)]),
            values,
            held.draws,
            fields.digests,
            _targets(kind),
            _filling(society, number),
        )
        cells[name] = _spread(content, values >= 0, released)
    return cells


def _spread(content: Octets, present: Mask, released: Mask) -> tuple[Octets, Mask]:
    """Give the cells of all candidates from those of the ones that are released."""
    everywhere = np.zeros((len(released), content.shape[1]), dtype=np.uint8)
    everywhere[released] = content
    is_present = np.zeros(len(released), dtype=np.bool_)
    is_present[released] = present
    return everywhere, is_present


def _targets(kind: Kind) -> npt.NDArray[np.int64]:
    """Give for each draw the byte where it goes and the bits of its filter, 0 for a word."""
    targets = [
        (start, part.bits) if part.bits else (start + 2 * draw, 0)
        for part, start in kind.starts()
        for draw in range(part.draws)
    ]
    return np.array(targets, dtype=np.int64)


def _filling(society: str, field: int) -> Words:
    """Give what a society fills a field with; two must differ, or what is filled would agree."""
    digest = hashlib.blake2b(f"filling {society} {field}".encode(), digest_size=16).digest()
    return np.frombuffer(digest, "<u8").astype(np.uint64)
