"""The thresholds that an analyst chose, as a signed change to an agreement.

A model's own bands hold for everybody. Parties who measured on their own data may choose others
for their agreement (`kinmatch tune`); they hold for the model they were measured with and no other.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from matcher.formats.identity import Slug
from matcher.formats.signed import Document

FORMAT: Final = "kinmatch-thresholds/1"
"""The format's name and version."""

Stage = Literal["passes", "attributes"]
"""Which model scores: that of the first stage, or that of refinement."""

_Bits = Annotated[float, Field(allow_inf_nan=False)]
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class ChosenBands(BaseModel):
    """What stands in an agreement: least scores for the bands of one model.

    Attributes:
        stage: Whose scores they are of.
        model_digest: The very model.
        strong: The least score of a strong candidate, in bits; likewise `possible`.
        registered: With how many registered persons each request was compared when they were
            chosen; for larger registers they ask for more (`matcher.decisions.evidence.Bands`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage
    model_digest: _Digest
    strong: _Bits
    possible: _Bits
    registered: int = Field(gt=0, strict=True)


class Thresholds(Document):
    """New least scores of the bands, and what they were chosen from.

    Attributes:
        format: Format name and version.
        by: Who chose and signed them: a party of the agreement, or its linkage unit.
        agreement_id: The agreement that is changed.
        agreement_digest: That agreement as it stood.
        scheme: Label of the scheme that was measured.
        findings: Digest of the findings that the choice was made from.
        chosen: The thresholds.
    """

    format: Literal["kinmatch-thresholds/1"] = FORMAT
    by: Slug
    agreement_id: str
    agreement_digest: _Digest
    scheme: str
    findings: _Digest
    chosen: ChosenBands

    @model_validator(mode="after")
    def _ordered(self) -> "Thresholds":
        if not self.chosen.strong > self.chosen.possible:
            raise ValueError("strong must ask for more than possible")
        return self
