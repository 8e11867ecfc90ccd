"""How a society hands an agreement's root to the others, with the linkage unit as mere postbox.

1. Every other society **asks**: it draws an X25519 key for this once and signs its public half.
2. The society that has the root **offers** it, wrapped to each of those keys by HPKE (RFC 9180),
   and signs the whole.
3. Each of the others **accepts**: it opens its part, throws its key for this once away and signs a
   **confirmation** that only one who holds the root can make.
4. The first checks the confirmations, and sees whose is missing.

Signatures are by the identities in the agreement, whose digest every message names; so whoever
carries the messages can hold them back but not read, alter, swap or replay them. Since both ends
use keys for this once, nobody who gets an identity later can open what was carried before. Two
people who compare the digits of `Keys.check` by voice know that they hold one root.
"""

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import Field

from encoders.keys import Keys
from matcher.formats.agreement import Agreement
from matcher.formats.envelope import require_own_keys
from matcher.formats.errors import IntegrityError, MismatchError, ParameterError
from matcher.formats.identity import Identity, Slug, unwrap_with
from matcher.formats.secret import Secret
from matcher.formats.secretfile import SealedSecret, refuse_to_replace
from matcher.formats.signed import Document, read_signed, write_signed

PENDING_FORMAT: Final = "kinmatch-pending-ask/1"
"""The format of the file that keeps an asking society's key until it has accepted."""

_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_Key = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Wrapped = Annotated[str, Field(pattern=r"^[0-9a-f]{160}$")]


class _Message(Document):
    """What every message says.

    Attributes:
        agreement_id: The agreement whose root it is about.
        agreement_digest: Its digest.
        key_epoch: The epoch of the root: the agreement's newest.
        society: Who signs.
    """

    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    agreement_digest: _Digest
    key_epoch: int = Field(ge=1)
    society: Slug

    @property
    def digest(self) -> str:
        """SHA-256 of what is signed."""
        return "sha256:" + hashlib.sha256(self.canonical).hexdigest()


class Ask(_Message):
    """A society asks for the root; `exchange` is its X25519 public key for this once."""

    format: Literal["kinmatch-key-ask/1"] = "kinmatch-key-ask/1"
    exchange: _Key


class Offer(_Message):
    """A society offers the root: `wrapped` for each that asked, by the digest of its ask.

    `check` is derived from the root, so that all who accept one offer hold one root.
    """

    format: Literal["kinmatch-key-offer/1"] = "kinmatch-key-offer/1"
    check: _Key
    wrapped: dict[Slug, _Wrapped]
    asks: dict[Slug, _Digest]


class Confirmation(_Message):
    """A society has the root of the offer with this digest; `proof` is made with it."""

    format: Literal["kinmatch-key-confirmation/1"] = "kinmatch-key-confirmation/1"
    offer: _Digest
    proof: _Key


_M = TypeVar("_M", bound=_Message)


def ask(
    path: Path, pending: Path, passphrase: str, *, identity: Identity, agreement: Agreement
) -> Ask:
    """Ask for the root of an agreement's newest key epoch.

    Args:
        path: The message to write; it may go by any way.
        pending: The file to write that keeps this society's key for this once; it stays.
        passphrase: Seals `pending`.
        identity: The society's.
        agreement: The agreement.

    Raises:
        ParameterError: The passphrase is empty.
        OutputError: A file can't be written, or `pending` is there already.
    """
    refuse_to_replace(pending)
    private = X25519PrivateKey.generate()
    message = _asked_with(private, identity, agreement)
    about: dict[str, str | int] = {"ask": message.digest}
    SealedSecret.seal(Secret(private.private_bytes_raw()), passphrase, PENDING_FORMAT, about).write(
        pending
    )
    write_signed(path, message, identity)
    return message


def offer(
    asks: Iterable[Path], path: Path, *, keys: Keys, identity: Identity, agreement: Agreement
) -> Offer:
    """Offer the root to those who asked.

    Args:
        asks: Their messages.
        path: The one message to write for all of them.
        keys: The agreement's keys of its newest epoch.
        identity: The society's that has them.
        agreement: The agreement.

    Raises:
        InputError: A file can't be read or is no ask.
        IntegrityError: An ask was not signed by who it says, or was altered.
        MismatchError: An ask is about another agreement, version of it or key epoch.
        ParameterError: A society asked twice, or this one itself.
        OutputError: The message can't be written.
    """
    asked = [_read(one, Ask, agreement) for one in asks]
    names = [one.society for one in asked]
    if len(set(names)) < len(names) or identity.public.name in names or not names:
        raise ParameterError("Give one ask of each other society that is to have the keys.")
    fields = {
        "check": keys.derive("check").hex(),
        "wrapped": {
            one.society: keys.wrap_root(one.exchange, _context(one, identity.public.name)).hex()
            for one in asked
        },
        "asks": {one.society: one.digest for one in asked},
    }
    message = Offer.model_validate({**_begun(identity, agreement), **fields})
    write_signed(path, message, identity)
    return message


def accept(
    offered: Path,
    pending: Path,
    passphrase: str,
    path: Path,
    keys_path: Path,
    *,
    identity: Identity,
    agreement: Agreement,
) -> Keys:
    """Take over the root that was offered, and confirm it.

    Args:
        offered: The offer.
        pending: What `ask` kept; it goes, since it opens nothing any more.
        passphrase: What `pending` was sealed with; it seals the key file too.
        path: The confirmation to write.
        keys_path: The key file to write; not there yet.
        identity: The society's.
        agreement: The agreement.

    Raises:
        InputError: A file can't be read or is no offer.
        KeyFileError: `pending` can't be opened.
        IntegrityError: The offer was not signed by who it says, was altered, or does not answer
            this society's own ask: an old one, or one that somebody swapped.
        MismatchError: The offer is about another agreement, version of it or key epoch.
        OutputError: A file can't be written, or the key file is there already.
    """
    refuse_to_replace(keys_path)
    message = _read(offered, Offer, agreement)
    kept = SealedSecret.read(pending, PENDING_FORMAT)
    name = identity.public.name
    if name not in message.wrapped or message.asks.get(name) != kept.header.about.get("ask"):
        raise IntegrityError(
            f"{offered}: the offer does not answer the ask that {pending} belongs to. Somebody "
            "held yours back and sent an older one, or it is an old offer: tell the society that "
            "offers, and ask anew."
        )
    seed = kept.open(passphrase, pending)
    private = X25519PrivateKey.from_private_bytes(bytes(seed.expose()))
    seed.wipe()
    own = _asked_with(private, identity, agreement)
    root = unwrap_with(
        private, bytes.fromhex(message.wrapped[name]), _context(own, message.society)
    )
    keys = Keys.of_root(root, agreement)
    if not hmac.compare_digest(keys.derive("check").hex(), message.check):
        raise IntegrityError(
            f"{offered}: the root in the offer is not the one that it names; ask the society that "
            "offers for a new offer."
        )
    keys.seal(keys_path, passphrase)
    fields = {"offer": message.digest, "proof": _proof(keys, message, name)}
    confirmation = Confirmation.model_validate({**_begun(identity, agreement), **fields})
    write_signed(path, confirmation, identity)
    pending.unlink()
    return keys


def missing_after(
    confirmations: Iterable[Path], offered: Path, *, keys: Keys, agreement: Agreement
) -> list[str]:
    """Check who holds the root.

    Args:
        confirmations: The confirmations that came back.
        offered: The own offer.
        keys: The keys that were offered.
        agreement: The agreement.

    Returns:
        The other societies of the agreement that have not confirmed, in the agreement's order.

    Raises:
        InputError: A file can't be read or is no confirmation.
        IntegrityError: A confirmation was not signed by who it says, was altered, is of another
            offer, or its sender does not hold the root.
        MismatchError: It is about another agreement, version of it or key epoch.
    """
    sent = _read(offered, Offer, agreement)
    confirmed = {sent.society}
    for path in confirmations:
        message = _read(path, Confirmation, agreement)
        right = message.offer == sent.digest and hmac.compare_digest(
            message.proof, _proof(keys, sent, message.society)
        )
        if not right:
            raise IntegrityError(
                f"{path}: '{message.society}' confirms another offer or holds another root. Don't "
                "use these keys; find out by voice who sent what, and draw new ones."
            )
        confirmed.add(message.society)
    return [name for name in agreement.parties if name not in confirmed]


def _begun(identity: Identity, agreement: Agreement) -> dict[str, object]:
    agreement.require_party(identity.public.name)
    require_own_keys(agreement, identity)
    return {
        "agreement_id": agreement.agreement_id,
        "agreement_digest": agreement.digest,
        "key_epoch": agreement.key_epoch,
        "society": identity.public.name,
    }


def _asked_with(private: X25519PrivateKey, identity: Identity, agreement: Agreement) -> Ask:
    exchange = private.public_key().public_bytes_raw().hex()
    return Ask.model_validate({**_begun(identity, agreement), "exchange": exchange})


def _read(path: Path, kind: type[_M], agreement: Agreement) -> _M:
    message = read_signed(path, kind, lambda found: agreement.identity_of(found.society))
    agreement.require_party(message.society)
    for what, found, ours in (
        ("agreement", message.agreement_id, agreement.agreement_id),
        ("key epoch", message.key_epoch, agreement.key_epoch),
        ("agreement digest", message.agreement_digest, agreement.digest),
    ):
        if found != ours:
            raise MismatchError(
                f"{path}: the message is about {what} {found}, the agreement given has {ours}. "
                "All societies must hold one agreement; compare its digits by voice."
            )
    return message


def _context(asked: Ask, offering: str) -> bytes:
    """What a root is wrapped for: one ask, by one society."""
    return f"kinmatch-key-offer/1 {offering} {asked.digest}".encode()


def _proof(keys: Keys, offered: Offer, society: str) -> str:
    message = f"{offered.digest} {society}".encode()
    return hmac.digest(keys.derive("confirmation"), message, "sha256").hex()
