"""Encoding a population as the attacked society does, or as an attacker with own keys would.

An undefended scheme is the same scheme without hardening, floor and salts: same tokens.
"""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.rehearsal import default_agreement
from encoders.encoding import Encoded, Fingerprints, encode
from encoders.keys import Keys
from encoders.passes import Chunk, PassEncoder, views_of
from encoders.records import Records
from encoders.salting import SaltedTokens, salts_of
from encoders.tokens import Tokens, ViewOf, Vocabulary
from matcher.formats.scheme import Pass, Scheme
from matcher.formats.steps import Diffusion, StratifiedDiffusion

Filters = npt.NDArray[np.uint64]
Signs = npt.NDArray[np.float32]

_TOKENS: WeakKeyDictionary[Records, dict[ViewOf, Tokens]] = WeakKeyDictionary()
"""Of records as long as they live: a search asks for the same views of them at every step."""

_DEFENCES: dict[str, Any] = {"hardening": (), "floor": 0}


def undefended(scheme: Scheme) -> Scheme:
    """Give a scheme without its hardening, floor and salts: plain filters, as long as fingerprints.

    Filters that a longer fingerprint is made from can be so full that tokens hide each other, which
    is a defence too.
    """
    passes = tuple(
        part.model_copy(
            update=_DEFENCES
            | {
                "bits": part.output_bits,
                "attributes": tuple(one.model_copy(update={"salt": ()}) for one in part.attributes),
            }
        )
        for part in scheme.passes
    )
    return Scheme(name="undefended", version=scheme.version, passes=passes)


def unhardened(scheme: Scheme) -> Scheme:
    """Give a scheme without its hardening, but with its floor: what diffusion is applied to."""
    passes = tuple(part.model_copy(update={"hardening": ()}) for part in scheme.passes)
    return Scheme(name="unhardened", version=scheme.version, passes=passes)


def strata_of(part: Pass) -> list[Pass]:
    """Give the passes of which a pass's fingerprint is the XOR: one for each stratum, or itself."""
    if not (part.hardening and isinstance(part.hardening[0], StratifiedDiffusion)):
        return [part]
    first = part.hardening[0]
    return [
        Pass(
            name=part.name,
            attributes=tuple(one for one in part.attributes if one.name in stratum.attributes),
            needs=(),
            bits=stratum.bits,
            floor=floor,
            hardening=(Diffusion(t=stratum.t, bits=first.bits),),
        )
        for stratum, (_, floor) in zip(first.strata, part.filled, strict=True)
    ]


def encoded_by(records: Records, scheme: Scheme, seed: int) -> Encoded:
    """Encode records under throwaway keys.

    Args:
        records: n records.
        scheme: The scheme.
        seed: Of the keys; another seed is another agreement's keys.
    """
    agreement = default_agreement(scheme)
    return encode(records, agreement, Keys.throwaway(agreement, seed=seed))


def encoded_under(records: Records, part: Pass, seed: int) -> Fingerprints:
    """Encode records under one pass and throwaway keys, from tokens that are made once.

    Args:
        records: n records, of whom none has a value that can't be encoded.
        part: The pass.
        seed: Of the keys.
    """
    agreement = default_agreement(Scheme(name="searched", version=1, passes=(part,)))
    encoder = PassEncoder(part, Keys.throwaway(agreement, seed=seed))
    chunk = Chunk(records.table, tokens_of(records, part))
    drawn = encoder.draw(chunk)
    return Fingerprints(encoder.finish(chunk, drawn), drawn.present)


def tokens_of(records: Records, part: Pass) -> dict[ViewOf, Tokens]:
    """Give the tokens of records under every view of a pass; no view is made twice."""
    made = _TOKENS.setdefault(records, {})
    if missing := [view for view in views_of([part]) if view not in made]:
        made.update(Vocabulary(missing).tokenise(records.table).tokens)
    return made


def present_only(prints: Fingerprints) -> Filters:
    """Give the fingerprints of those who have one."""
    return prints.bits[prints.present]


def as_bits(filters: Filters) -> npt.NDArray[np.uint8]:
    """Unpack filters of shape (n, words) to bits of shape (n, 64 * words), 0 or 1."""
    little = np.ascontiguousarray(filters.astype("<u8", copy=False))
    return np.unpackbits(little.view(np.uint8), axis=1, bitorder="little")


def as_signs(filters: Filters) -> Signs:
    """Unpack filters to +1 for a bit not set and -1 for one that is."""
    return 1 - 2 * as_bits(filters).astype(np.float32)


def weighted_tokens(records: Records, part: Pass) -> sparse.csr_matrix:
    """Give every record's tokens under a pass, weighted by the positions that they set.

    Args:
        records: n records.
        part: The pass.

    Returns:
        Shape (n, distinct tokens of all attributes and views): the square root of the positions
        that the token sets, so that a product of two rows counts the positions they share.
    """
    blocks = []
    tokenised = tokens_of(records, part)
    for attribute in part.attributes:
        for view in attribute.views:
            tokens = tokenised[attribute.name, view.name]
            if attribute.salt:
                salting = [(one.view, tokenised[one.attribute, one.view]) for one in attribute.salt]
                tokens = SaltedTokens().of(tokens, salts_of(salting))
            offsets, ids = tokens.end_to_end()
            count = tokens.sizes
            share = np.minimum(view.each, np.maximum(1, view.most // np.maximum(count, 1)))
            weights = np.sqrt(np.repeat(share, count)).astype(np.float32)
            shape = (len(count), len(tokens.distinct))
            blocks.append(sparse.csr_matrix((weights, ids, offsets), shape=shape))
    return sparse.csr_matrix(sparse.hstack(blocks))
