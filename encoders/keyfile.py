"""The key file: an agreement's root, sealed with a passphrase (`matcher.formats.secretfile`)."""

from pathlib import Path
from typing import Final

from matcher.formats.errors import MismatchError
from matcher.formats.secret import Secret
from matcher.formats.secretfile import SealedSecret, refuse_to_replace

FORMAT: Final = "kinmatch-keys/1"
"""The format's name and version, which every key file carries."""


def seal_root(path: Path, passphrase: str, root: Secret, agreement_id: str, key_epoch: int) -> None:
    """Write a root to a new key file with mode 0600.

    Raises:
        ParameterError: The passphrase is empty.
        OutputError: The file is there already or can't be written.
    """
    refuse_to_replace(path)
    about: dict[str, str | int] = {"agreement_id": agreement_id, "key_epoch": key_epoch}
    SealedSecret.seal(root, passphrase, FORMAT, about).write(path)


def open_root(path: Path, passphrase: str, agreement_id: str, key_epoch: int) -> Secret:
    """Read the root out of a key file.

    Raises:
        KeyFileError: The file can't be read or was altered, its version is not known, or the
            passphrase is wrong.
        MismatchError: The keys belong to another agreement or key epoch.
    """
    sealed = SealedSecret.read(path, FORMAT)
    about = sealed.header.about
    if about.get("agreement_id") != agreement_id:
        raise MismatchError(
            f"{path}: the keys are for agreement {about.get('agreement_id')}, the agreement given "
            f"is {agreement_id}."
        )
    if about.get("key_epoch") != key_epoch:
        raise MismatchError(
            f"{path}: the keys are of epoch {about.get('key_epoch')}, the agreement is at epoch "
            f"{key_epoch}."
        )
    return sealed.open(passphrase, path)
