"""The keys of an agreement: one root for each key epoch, and every other key derived from it.

The root is 256 random bits that the societies share and the linkage unit never sees. All keys in
use come from it by HKDF-SHA256 (RFC 5869), each under an info string of its own, so that a pass,
an attribute or a use that falls does not take another with it. At rest the root lies in a file
sealed with a passphrase: Argon2id (RFC 9106) makes the sealing key, AES-256-GCM seals.
"""

import hashlib
import secrets
from pathlib import Path
from typing import Final, NoReturn, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from encoders.keyfile import open_root, seal_root
from matcher.formats.agreement import Agreement
from matcher.formats.errors import ParameterError
from matcher.formats.identity import readable, wrap_to
from matcher.formats.secret import Secret

USES: Final = (
    "bits",
    "filling",
    "diffusion",
    "balancing",
    "permutation",
    "resampling",
    "response",
    "sampling",
    "stratified_diffusion",
    "shuffle",
    "reference",
    "refinement",
    "check",
    "confirmation",
)
"""What a key may be derived for."""

_DERIVATION = "kinmatch-keys/1"
_ROOT_BYTES = 32
_MAX_DERIVED_BYTES = 255 * 32  # RFC 5869, section 2.3


class Keys:
    """The keys of one agreement and key epoch; shows its agreement and epoch, never a key.

    Attributes:
        agreement_id: The agreement that the keys belong to.
        key_epoch: The key epoch that they belong to.
        scheme_label: The scheme that is part of every derived key's name.
    """

    def __init__(self, root: Secret, agreement: Agreement, *, throwaway: bool) -> None:
        self._root = root
        self.scheme_label = agreement.scheme.label
        self._throwaway = throwaway
        self.agreement_id = agreement.agreement_id
        self.key_epoch = agreement.key_epoch

    @classmethod
    def generate(cls, agreement: Agreement) -> Self:
        """Draw a new root for an agreement and its key epoch."""
        return cls(Secret(secrets.token_bytes(_ROOT_BYTES)), agreement, throwaway=False)

    @classmethod
    def of_root(cls, root: Secret, agreement: Agreement) -> Self:
        """Take over a root of 32 bytes that another society has drawn."""
        return cls(root, agreement, throwaway=False)

    @classmethod
    def throwaway(cls, agreement: Agreement, seed: int | None = None) -> Self:
        """Make keys for a rehearsal or a test; they can't be sealed to a file.

        Args:
            agreement: The agreement that the keys are for.
            seed: Any whole number, to get the same keys again. Whoever knows or guesses it has
                the keys, so it is only for test data; without it the keys are random.
        """
        if seed is None:
            root = Secret(secrets.token_bytes(_ROOT_BYTES))
        else:
            text = f"kinmatch throwaway root 1: {seed:d}"
            root = Secret(hashlib.sha256(text.encode()).digest())
        return cls(root, agreement, throwaway=True)

    @classmethod
    def open(cls, path: Path, passphrase: str, agreement: Agreement) -> Self:
        """Open a sealed key file.

        Args:
            path: The key file.
            passphrase: What it was sealed with.
            agreement: The agreement that the keys are to be used under.

        Raises:
            KeyFileError: The file can't be read or was altered, its version is not known, or the
                passphrase is wrong.
            MismatchError: The keys belong to another agreement or key epoch.
        """
        root = open_root(path, passphrase, agreement.agreement_id, agreement.key_epoch)
        return cls(root, agreement, throwaway=False)

    def seal(self, path: Path, passphrase: str) -> None:
        """Write the root to a new key file, sealed with a passphrase and for its owner alone.

        Raises:
            ParameterError: The passphrase is empty, or the keys are throwaway keys.
            OutputError: The file is there already or can't be written.
        """
        if self._throwaway:
            raise ParameterError("Throwaway keys can't be sealed; generate keys for real data.")
        seal_root(path, passphrase, self._root, self.agreement_id, self.key_epoch)

    def derive(
        self, use: str, *, pass_name: str = "", attribute: str = "", length: int = 32
    ) -> bytes:
        """Derive the key of a use, and where given of a pass and an attribute of it.

        HKDF-SHA256 (RFC 5869) of the root, without salt since the root is uniformly random. The
        info string is, in this order, the derivation's version, agreement id, key epoch, scheme
        label, pass, attribute and use, each in UTF-8 behind its length in four bytes, highest
        first, so that no two lists of fields give one string.

        Args:
            use: One of `USES`.
            pass_name: The pass that the key is for; empty when it is for none.
            attribute: The attribute that the key is for, or the number of a hardening step or of
                what is filled up that is not the first of its kind; empty when it is for none.
            length: Bytes of key, 1 to 8160. A shorter key is the beginning of a longer one.

        Raises:
            ParameterError: An unknown use, a length out of range, or the keys were wiped.
        """
        if use not in USES:
            raise ParameterError(f"A key's use must be one of {', '.join(USES)}.")
        if not 1 <= length <= _MAX_DERIVED_BYTES:
            raise ParameterError(f"A key's length must be 1 to {_MAX_DERIVED_BYTES} bytes.")
        info = _unambiguous(
            _DERIVATION,
            self.agreement_id,
            str(self.key_epoch),
            self.scheme_label,
            pass_name,
            attribute,
            use,
        )
        return HKDF(SHA256(), length, salt=None, info=info).derive(self._root.expose())

    @property
    def check(self) -> str:
        """Thirty digits that two who hold one root compare by voice; they tell nothing of it."""
        return readable(self.derive("check"))

    def wrap_root(self, public_key: str, context: bytes) -> bytes:
        """Encrypt the root to another society's X25519 key (`matcher.formats.identity.wrap_to`).

        Raises:
            ParameterError: The keys are throwaway keys, or the public key keeps nothing secret.
        """
        if self._throwaway:
            raise ParameterError("Throwaway keys go to nobody; generate keys for real data.")
        return wrap_to(public_key, self._root, context)

    def wipe(self) -> None:
        """Overwrite the root with zeros; nothing can be derived from then on."""
        self._root.wipe()

    def __repr__(self) -> str:
        return f"Keys(agreement {self.agreement_id}, epoch {self.key_epoch})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise ParameterError("Keys can't be pickled or copied; pass the object itself.")


def _unambiguous(*fields: str) -> bytes:
    contents = [field.encode() for field in fields]
    return b"".join(len(content).to_bytes(4, "big") + content for content in contents)
