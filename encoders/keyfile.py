"""The key file: an agreement's root, sealed with a passphrase (`matcher.formats.secretfile`)."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.errors import KeyFileError, MismatchError
from matcher.formats.secret import Secret
from matcher.formats.secretfile import SealedSecret, refuse_to_replace

FORMAT: Final = "kinmatch-keys/1"
"""The format's name and version, which every key file carries."""


class _About(BaseModel):
    """What a key file says of its root in the open."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    key_epoch: int = Field(ge=1)


def seal_root(path: Path, passphrase: str, root: Secret, agreement_id: str, key_epoch: int) -> None:
    """Write a root to a new key file with mode 0600.

    Raises:
        ParameterError: The passphrase is empty.
        OutputError: The file is there already or can't be written.
    """
    refuse_to_replace(path)
    about = _About(agreement_id=agreement_id, key_epoch=key_epoch)
    SealedSecret.seal(root, passphrase, FORMAT, about.model_dump()).write(path)


def open_root(path: Path, passphrase: str, agreement_id: str, key_epoch: int) -> Secret:
    """Read the root out of a key file.

    Raises:
        KeyFileError: The file can't be read or was altered, its version is not known, or the
            passphrase is wrong.
        MismatchError: The keys belong to another agreement or key epoch.
    """
    sealed = SealedSecret.read(path, FORMAT)
    try:
        about = _About.model_validate(sealed.header.about)
    except ValidationError:
        raise KeyFileError(f"{path}: the file was altered; take it from a backup.") from None
    if about.agreement_id != agreement_id:
        raise MismatchError(
            f"{path}: the keys are for agreement {about.agreement_id}, the agreement given is "
            f"{agreement_id}."
        )
    if about.key_epoch != key_epoch:
        raise MismatchError(
            f"{path}: the keys are of epoch {about.key_epoch}, the agreement is at epoch "
            f"{key_epoch}."
        )
    return sealed.open(passphrase, path)
