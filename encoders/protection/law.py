"""The law profile: which legal bases a society's law gives it, and what else its law asks for.

One TOML file that a society writes once, with whoever answers for data protection there::

    format = "kinmatch-law/1"
    society = "red-cross-a"
    majority = 18
    notice_days = 30
    verify_consent_days = 730    # may be left out

    [bases.vital-interest]
    ordinary = true
    sensitive = true
    justified = true             # each decision says why
    collective = true            # one decision may cover many persons

A basis that is not listed is none in that law.
"""

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from matcher.formats.errors import AgreementError, InputError
from matcher.formats.identity import Slug
from matcher.formats.terms import LEGAL_BASES, gaps_of
from matcher.formats.tomlfile import parse_toml

FORMAT: Final = "kinmatch-law/1"
"""The format's name and version."""


class Basis(BaseModel):
    """What a law says of one legal basis.

    Attributes:
        ordinary: Whether it is one for ordinary data.
        sensitive: Whether it is one for sensitive data.
        justified: Whether a decision must say why.
        collective: Whether one decision may cover many persons. Never for consent and for the best
            interests of a child, whatever is written here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ordinary: bool = False
    sensitive: bool = False
    justified: bool = False
    collective: bool = False


_NEVER_COLLECTIVE: Final = ("consent", "best-interests-of-the-child")


class LawProfile(BaseModel):
    """What the law of a society says.

    Attributes:
        format: Format name and version.
        society: Whose law.
        majority: The age in years from which on a person is no child.
        notice_days: Within how many days an information notice that is due must be given.
        verify_consent_days: After how many days a consent must be verified again; never if None.
        bases: What the law says of each basis it gives.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["kinmatch-law/1"] = FORMAT
    society: Slug
    majority: int = Field(ge=15, le=21, strict=True)
    notice_days: int = Field(ge=0, le=366, strict=True)
    verify_consent_days: int | None = Field(default=None, ge=1, le=3_660, strict=True)
    bases: dict[str, Basis]

    @field_validator("bases")
    @classmethod
    def _known(cls, value: dict[str, Basis]) -> dict[str, Basis]:
        if not value or not set(value) <= set(LEGAL_BASES):
            raise ValueError("every basis must be a known one")
        return value

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a law profile.

        Raises:
            InputError: The file can't be read or is no law profile; all its faults are named.
        """
        try:
            return cls.model_validate(parse_toml(path, "a law profile"))
        except AgreementError as error:
            raise InputError(str(error)) from None
        except ValidationError as error:
            gaps = ", ".join(f"'{name}'" for name in gaps_of(error))
        raise InputError(
            f"{path}: {gaps} must be answered as a '{FORMAT}' does; 'kinmatch intake new' writes "
            "one to fill in."
        )

    def gives(self, basis: str, *, sensitive: bool) -> bool:
        """Tell whether a basis is one for ordinary or for sensitive data."""
        found = self.bases.get(basis, Basis())
        return found.sensitive if sensitive else found.ordinary

    def asks_why(self, basis: str) -> bool:
        """Tell whether a decision for this basis must be justified."""
        return self.bases.get(basis, Basis()).justified

    def allows_many(self, basis: str) -> bool:
        """Tell whether one decision for this basis may cover many persons."""
        return basis not in _NEVER_COLLECTIVE and self.bases.get(basis, Basis()).collective
