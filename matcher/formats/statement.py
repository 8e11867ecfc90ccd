"""What a society tells the linkage unit under an agreement, in a small document that it signs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from matcher.formats.agreement import Agreement
from matcher.formats.errors import MismatchError
from matcher.formats.identity import PublicIdentity, Slug
from matcher.formats.signed import Document, check_signed, read_signed


class Statement(Document):
    """The root of all such documents.

    Attributes:
        agreement_id: The agreement.
        society: Whose statement: a party, who must have signed it.
    """

    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    society: Slug

    @classmethod
    def read(cls, path: Path, agreement: Agreement) -> Self:
        """Read a statement, and check that its society signed it.

        Raises:
            InputError: The file can't be read or is no such statement.
            MismatchError: It is of another agreement.
            AgreementError: Its society is not a party.
            IntegrityError: Its society did not sign it, or it was altered since.
        """
        return read_signed(path, cls, _signer(agreement))._under(agreement, str(path))

    @classmethod
    def check(cls, content: bytes, agreement: Agreement) -> Self:
        """Take a statement that came by the network; the errors are those of `read`."""
        origin = "The notice"
        return check_signed(content, origin, cls, _signer(agreement))._under(agreement, origin)

    def _under(self, agreement: Agreement, origin: str) -> Self:
        if self.agreement_id != agreement.agreement_id:
            raise MismatchError(
                f"{origin}: the notice is of agreement {self.agreement_id}, the agreement given is "
                f"{agreement.agreement_id}."
            )
        agreement.require_party(self.society)
        return self


def _signer(agreement: Agreement) -> Callable[[Statement], PublicIdentity]:
    return lambda said: agreement.identity_of(said.society)
