"""What is compared: our encoded views, and what others do with a name.

A system takes queries and a gallery and gives, for each query, the gallery rows it holds to be
likeliest, best first. The gallery is in random order, so rows that tie come in random order too.
"""

from collections.abc import Callable, Sequence
from itertools import chain, pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from encoders.bits import WORD, BitSetter, token_positions
from encoders.records import Records
from encoders.tokens import Vocabulary
from matcher.formats.scheme import View
from matcher.scoring import find_pairs

Filters = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
System = Callable[[Sequence[str], Sequence[str]], Rows]

BEST = 10
BITS = 2048
_KEY = bytes(32)

OURS = (
    View(name="name.sounds/1", each=4, most=384),
    View(name="name.bigrams/2", each=5, most=120),
    View(name="name.skeleton/2", each=6, most=60),
)
# A spelling that many entries have, as a syllable of Hangul, gets more bits than one that has one.
WITH_LEXICON = (*OURS, View(name="name.lexicon/1", each=100, most=400))


def filters_of(names: Sequence[str], views: Sequence[View]) -> Filters:
    """Encode names as single values, unhardened: shape (names, words), uint64."""
    records = Records({"given_name": pa.array(names, pa.string())}, len(names))
    tokenised = Vocabulary(("name", view.name) for view in views).tokenise(records.table).tokens
    filters = np.zeros((len(names), BITS // WORD), dtype=np.uint64)
    for view in views:
        tokens = tokenised["name", view.name]
        keyed = [f"{view.name} {token}" for token in tokens.distinct]
        positions = token_positions(keyed, _KEY, BITS, view.each)
        of_names = (tokens.starts, tokens.stops, tokens.ids, positions)
        setter = BitSetter(*of_names, view.most, range(BITS))
        setter.set_bits(filters, np.arange(len(names)))
    return filters


def _nearest(queries: Filters, gallery: Filters) -> Rows:
    pairs = find_pairs(queries, gallery, measure="dice", top=BEST)
    order = np.argsort(pairs.left, kind="stable")
    return np.asarray(pairs.right[order]).reshape(len(queries), BEST)


def encoded(views: Sequence[View]) -> System:
    """Our filters of some views, compared by Dice."""
    return lambda queries, gallery: _nearest(filters_of(queries, views), filters_of(gallery, views))


def bigram_filters(prepare: Callable[[str], str]) -> System:
    """Filters of letter pairs in the manner of clkhash: 1,024 bits, 30 for each, ends padded."""

    def filters(names: Sequence[str]) -> Filters:
        padded = [f" {prepare(name)} " for name in names]
        pairs = [list(dict.fromkeys(map("".join, pairwise(name)))) for name in padded]
        distinct = {pair: row for row, pair in enumerate(dict.fromkeys(chain(*pairs)))}
        positions = token_positions(list(distinct), _KEY, 1024, 30)
        ids = np.array([distinct[pair] for of_name in pairs for pair in of_name], dtype=np.int32)
        offsets = np.r_[0, np.cumsum([len(of_name) for of_name in pairs])].astype(np.int64)
        made = np.zeros((len(names), 1024 // WORD), dtype=np.uint64)
        setter = BitSetter(offsets[:-1], offsets[1:], ids, positions, 1 << 30, range(1024))
        setter.set_bits(made, np.arange(len(names)))
        return made

    def system(queries: Sequence[str], gallery: Sequence[str]) -> Rows:
        both = filters([*queries, *gallery])
        return _nearest(both[: len(queries)], both[len(queries) :])

    return system


def jaro_winkler(prepare: Callable[[Sequence[str]], list[str]]) -> System:
    """Plaintext Jaro-Winkler."""

    def system(queries: Sequence[str], gallery: Sequence[str]) -> Rows:
        likeness = process.cdist(
            prepare(queries), prepare(gallery), scorer=JaroWinkler.similarity, dtype=np.float32
        )
        return np.argsort(-likeness, axis=1, kind="stable")[:, :BEST].astype(np.int64)

    return system
