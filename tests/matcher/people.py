"""Societies, people known by number, and their batches, for tests of the store and its nights.

One number is nearly the same bits under every pass, in every batch; another number is others.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Rows, read_batch, write_batch
from matcher.formats.knowledge import HIGHEST
from matcher.formats.ledger import Receipt
from matcher.formats.marks import marks_of
from matcher.formats.notices import Notice
from matcher.formats.scheme import Scheme
from matcher.formats.sharing import answers_of_fiction, walk_given
from matcher.formats.terms import Terms
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES
from matcher.protection.sharing import Decider, record_of_agreement
from matcher.store import acceptance, admitting, batches, receipts, withdrawals
from matcher.store.database import Store

SCHEME = Scheme.published("standard/1")
ONE, TWO, THREE = "red-one", "red-two", "crescent-3"
SOUGHT, REGISTERED = "sought", "registered"
TODAY = date(2026, 6, 1)

People = Iterable[tuple[int, str]]


def sought(*people: int) -> list[tuple[int, str]]:
    return [(person, SOUGHT) for person in people]


def registered(*people: int) -> list[tuple[int, str]]:
    return [(person, REGISTERED) for person in people]


def reference(society: str, person: int, edition: str = "") -> bytes:
    """The reference of a society's record of a person: the same in every batch of one edition."""
    return hashlib.sha256(f"{society} {person}{edition}".encode()).digest()[:16]


def record_key(society: str, person: int) -> bytes:
    """The key of a society's record of a person, whatever its reference."""
    return hashlib.sha256(f"key {society} {person}".encode()).digest()[:16]


def draw_agreement(**terms: object) -> Agreement:
    usual: dict[str, object] = {
        "agreement_id": "ab" * 16,
        "parties": (ONE, TWO, THREE),
        "scheme": SCHEME,
        "linkage_unit": "hub",
        "purposes": ("family-tracing",),
        "legal_bases": ("consent",),
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
        "retention_days": 100,
    }
    given: dict[str, Any] = {**usual, **terms}
    corridors = given.get("corridors", permutations(given["parties"], 2))
    days = given["valid_from"], given["valid_until"]
    given.setdefault("terms", Terms.of_fiction(corridors, given["purposes"], *days))
    return Agreement.new(**given)


def write(
    path: Path,
    agreement: Agreement,
    society: str,
    people: People,
    *,
    noise: Mapping[int, float] | None = None,
    family: Mapping[int, str | None] | None = None,
    edition: str = "",
    review_on: Mapping[int, date] | None = None,
    marked: bool = True,
) -> Path:
    """Write a batch: each person's own bits, of which some share is flipped, 5 % by default.

    The noise is the same for the same society, person and share. People of the family are one
    case, each with a relation. In another edition all have other references.
    Where `marked` is false, nobody has a mark.
    """
    family = family or {}
    known = sorted(people, key=lambda one: reference(society, one[0], edition))
    nonce = hashlib.sha256(f"{society} {edition} {known}".encode()).digest()[:16]
    marks = b"".join(marks_of((record_key(society, person) for person, _ in known), nonce))
    days = [(review_on or {}).get(person) for person, _ in known]
    shares = [(noise or {}).get(person, 0.05) for person, _ in known]
    fingerprints = {}
    for place, part in enumerate(agreement.scheme.passes):
        bits = np.zeros((len(known), part.output_bits // 64), np.uint64)
        for row, ((person, _), share) in enumerate(zip(known, shares, strict=True)):
            own = np.random.default_rng((person, place)).random(part.output_bits) < 0.5
            flips = np.random.default_rng((*society.encode(), person, place, int(share * 1000)))
            flipped = own ^ (flips.random(part.output_bits) < share)
            bits[row] = np.packbits(flipped, bitorder="little").view("<u8")
        fingerprints[part.name] = (bits, np.ones(len(known), np.bool_))
    references = b"".join(reference(society, person, edition) for person, _ in known)
    has_case = np.array([person in family for person, _ in known], np.bool_)
    rows = Rows(
        references=np.frombuffer(references, np.uint8).reshape(-1, 16),
        roles=np.array([ROLES.index(role) for _, role in known], np.int8),
        relations=np.array([_relation(family.get(person)) for person, _ in known], np.int8),
        known=np.full(len(known), HIGHEST, np.uint8),
        cases=np.full((len(known), 16), 7, np.uint8) * has_case[:, None],
        has_case=has_case,
        fingerprints=fingerprints,
        marks=np.frombuffer(marks, np.uint8).reshape(-1, 16) if marked else None,
        review_on=np.array(days, "datetime64[D]"),
    )
    write_batch(path, society=society, agreement=agreement, groups=[rows], mark_nonce=nonce)
    return path


def _relation(name: str | None) -> int:
    return NO_RELATION if name is None else RELATIONS.index(name)


def submit(
    store: Store,
    path: Path,
    agreement: Agreement,
    society: str,
    *,
    on: date = TODAY,
    supersedes: UUID | None = None,
) -> UUID:
    """Take a batch's file in, the whole way; once more after a crash."""
    content = path.read_bytes()
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    with store.as_society(society) as session:
        row = batches.register(
            session, society=society, agreement=agreement.agreement_id, digest=digest,
            size=len(content), on=on, actor="tester", supersedes=supersedes,
        )  # fmt: skip
        batch = row.id
        if row.state in {"registered", "receiving"}:
            batches.note_part(
                session, batch, number=0, size=len(content), digest=digest, actor="tester"
            )
            batches.finish(session, batch, actor="tester")
    with path.open("rb") as file:
        receipt = receipt_for(store, agreement, society, digest)
        acceptance.take_in(store, batch, read_batch(path, agreement), file, receipt, on=on)
    return batch


def receipt_for(store: Store, agreement: Agreement, society: str, digest: str) -> Receipt:
    """As of an envelope that is newer than all before it."""
    receipt = Receipt(
        agreement_id=agreement.agreement_id,
        society=society,
        number=1,
        key_epoch=agreement.key_epoch,
        digest=digest,
    )
    with store.as_unit() as session:
        before = receipts.accepted_of(session, receipt, TODAY).receipts
    return receipt.model_copy(update={"number": len(before) + 1})


def send(
    store: Store, folder: Path, agreement: Agreement, society: str, people: People, **rest: Any
) -> UUID:
    """Write a batch into a folder under a new name, and take it in."""
    terms = {name: rest.pop(name) for name in ("on", "supersedes") if name in rest}
    path = folder / f"{society} {sum(1 for _ in folder.iterdir())}"
    return submit(
        store, write(path, agreement, society, people, **rest), agreement, society, **terms
    )


def notice_of(
    agreement: Agreement, society: str, *people: int, kind: str, number: int = 1, **rest: Any
) -> Notice:
    """What a society has to say of some people, by their record keys."""
    keys = sorted(record_key(society, person).hex() for person in people)
    usual = {"agreement_id": agreement.agreement_id, "society": society, "on": TODAY}
    return Notice(**{**usual, "keys": tuple(keys), "kind": kind, "number": number, **rest})


def take_back(store: Store, batch: UUID) -> None:
    """Let a batch be withdrawn."""
    with store.as_unit() as session:
        row = batches.found(session, batch)
        withdrawals.withdraw(session, withdrawals.withdrawal_of(row), on=TODAY, actor="tester")


def add(store: Store, agreement: Agreement) -> Agreement:
    """Let a store know an agreement, of which every party went through the sharing tree."""
    with store.as_unit() as session:
        admitting.add_agreement(session, agreement, on=agreement.valid_from)
        permit(session, agreement)
    return agreement


def permit(session: Session, agreement: Agreement) -> None:
    """As if every party had gone through the sharing decision tree, to the permission."""
    way = walk_given(answers_of_fiction("each-record"))
    by = Decider("tester", "focal-point", agreement.valid_from)
    for society in agreement.parties:
        record_of_agreement(session, way, agreement, society=society, by=by)
