"""Weight of evidence: how much likelier distances are between one person's records.

The score of a pair is log2 of that likelihood ratio: an intercept and, for each pass, a weight
that falls with the distance. The curves are fitted together (`benchmarks.tuning.calibration`), so
what two passes both tell is not counted twice. A pass that one of the records lacks weighs 0: it
counts neither for nor against. After Fellegi and Sunter, "A theory for record linkage", Journal of
the American Statistical Association 64 (1969), section 2, with passes in place of attributes.
"""

import hashlib
import json
from importlib.resources import files
from itertools import pairwise
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from matcher.decisions.information import LITTLE, bound, bounded
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError
from matcher.formats.knowledge import Kind, Knowledge
from matcher.formats.scheme import Scheme
from matcher.formats.thresholds import Stage

Distances = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float64]

ABSENT = -1
"""The distance of a pass that one of the two records does not have."""

_AGREE_BITS = 8.0
DECIMALS = 3
"""Of a bit, in scores: finer than any curve is known, coarse enough to hide a distance's noise."""


def digest_of(model: BaseModel) -> str:
    """Give SHA-256 of a model's canonical JSON, as `sha256:` and 64 hexadecimal digits."""
    canonical = json.dumps(model.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def levels_of(weights: Weights, present: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """Give evidence as positions in `LEVELS`, from weights in bits and where there are any."""
    level = np.where(weights >= _AGREE_BITS, 0, np.where(weights > 0, 1, 2))
    return np.where(present, level, 3).astype(np.int8)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Curve(_Part):
    """The weight of one pass over its Hamming distance: linear between knots, flat beyond them.

    Attributes:
        distances: Knots, in bits that differ, ascending.
        bits: Weight at the knots, in bits, never ascending.
    """

    distances: tuple[int, ...] = Field(min_length=2)
    bits: tuple[float, ...]

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if len(self.distances) != len(self.bits):
            raise ValueError("a curve has as many weights as distances")
        if any(a >= b for a, b in pairwise(self.distances)):
            raise ValueError("distances must ascend")
        if any(a < b for a, b in pairwise(self.bits)):
            raise ValueError("weights must not ascend with the distance")
        return self


class Bands(_Part):
    """The least score of each band, in bits. Below `weak` a pair is no candidate.

    Attributes:
        strong: The least score of a strong candidate; likewise `possible` and `weak`.
        false_per_pair: How often two persons come up to a band, of all pairs compared.
        registered: Up to how many persons that a request is compared with the bands hold as they
            are.
    """

    strong: float
    possible: float
    weak: float
    false_per_pair: dict[Literal["strong", "possible"], float]
    registered: int = Field(gt=0)

    def at(self, register: int) -> Self:
        """Give the bands for requests that are each compared with so many persons.

        A score is the logarithm of a likelihood ratio, so pairs of two persons come up to one bit
        more half as often: where the register is twice as large, one bit more keeps a request's
        false candidates as rare. Below `registered` nothing is let down: relatives, who are most
        of the false candidates there, are as many in a small register.
        """
        more = max(0.0, float(np.log2(max(register, 1) / self.registered)))
        return self.model_copy(
            update={"strong": self.strong + more, "possible": self.possible + more}
        )

    def chosen_in(self, agreement: Agreement, stage: Stage, model_digest: str) -> Self:
        """Give the bands that an agreement has in place of a model's own, or else these.

        Args:
            agreement: The agreement.
            stage: Which model's bands these are.
            model_digest: That model's digest.

        Raises:
            AgreementError: What was chosen is of another model, or can't be bands.
        """
        chosen = next((one for one in agreement.thresholds if one.stage == stage), None)
        if chosen is None:
            return self
        again = "Choose them anew with 'kinmatch tune', and amend the agreement."
        if chosen.model_digest != model_digest:
            raise AgreementError(
                f"The thresholds for {stage} in agreement {agreement.agreement_id} were chosen for "
                f"model {chosen.model_digest}; this release scores by {model_digest}. {again}"
            )
        try:
            return self.model_validate(
                self.model_dump() | chosen.model_dump(include={"strong", "possible", "registered"})
            )
        except ValidationError:
            raise AgreementError(
                f"The thresholds for {stage} in agreement {agreement.agreement_id} are no bands: "
                "strong must ask for more than possible, possible for more than weak and than a "
                f"given name, a year and the sex can tell. {again}"
            ) from None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.strong > self.possible > self.weak:
            raise ValueError(
                "strong must ask for more than possible, and possible for more than weak"
            )
        if not self.possible > LITTLE:
            raise ValueError(
                "possible must ask for more than a given name, a year and the sex can tell"
            )
        return self


class EvidenceModel(_Part):
    """What a scheme's distances mean; versioned JSON with a digest.

    Attributes:
        format: Version of this format.
        scheme: Label of the scheme that the model was measured for.
        calibrated_on: On what it was measured, in words.
        reach: For each pass the greatest distance at which a pair is looked at.
        compares: For each pass the kinds of facts that it compares (`matcher.formats.knowledge`).
        intercept: Weight of a pair before any pass is looked at, in bits.
        curves: For each pass its weight over the distance.
        bands: The least score of each band.
    """

    format: Literal["kinmatch-model/1"]
    scheme: str
    calibrated_on: str
    reach: dict[str, int]
    compares: dict[str, tuple[Kind, ...]]
    intercept: float
    curves: dict[str, Curve]
    bands: Bands

    @model_validator(mode="after")
    def _of_the_same_passes(self) -> Self:
        if not list(self.curves) == list(self.reach) == list(self.compares):
            raise ValueError("curves, reach and compares must name the same passes in one order")
        return self

    @classmethod
    def of(cls, scheme: Scheme) -> Self:
        """Load the model that comes with a published scheme.

        Raises:
            AgreementError: There is none for this scheme.
        """
        name = f"{scheme.name}-{scheme.version}.json"
        resource = files("matcher.decisions").joinpath("models", name)
        if not resource.is_file():
            raise AgreementError(
                f"There is no evidence model for scheme {scheme.label}. Use a published scheme, or "
                "calibrate a model for this one."
            )
        return cls.model_validate_json(resource.read_text(encoding="utf-8"))

    @classmethod
    def under(cls, agreement: Agreement) -> Self:
        """Load the model of an agreement's scheme, with the bands that the agreement chose.

        Raises:
            AgreementError: There is none for its scheme, or the bands are of another model.
        """
        model = cls.of(agreement.scheme)
        bands = model.bands.chosen_in(agreement, "passes", model.digest)
        return model.model_copy(update={"bands": bands})

    @property
    def digest(self) -> str:
        """SHA-256 of the model's canonical JSON, as `sha256:` and 64 hexadecimal digits."""
        return digest_of(self)

    @property
    def passes(self) -> tuple[str, ...]:
        """The passes, in the scheme's order."""
        return tuple(self.curves)

    def weights(self, distances: Distances) -> Weights:
        """Give the weight of each pass alone.

        Args:
            distances: Shape (pairs, passes), int32, in the order of `passes`; `ABSENT` where one
                of the two records lacks the pass.

        Returns:
            Array of the same shape, float64, in bits; 0 where absent.
        """
        weights = np.zeros(distances.shape, dtype=np.float64)
        for column, curve in enumerate(self.curves.values()):
            known = distances[:, column] != ABSENT
            weights[known, column] = np.interp(
                distances[known, column], curve.distances, curve.bits
            )
        return weights

    def scores(self, distances: Distances, left: Knowledge, right: Knowledge) -> Weights:
        """Give the score of each pair: the intercept and the weights of its passes, bounded.

        Args:
            distances: As in `weights`.
            left: The level of each pair's left person (`matcher.formats.knowledge`), uint8 of
                shape (pairs,).
            right: The level of the right person.

        Returns:
            Array of shape (pairs,), float64, in bits to three decimals; higher is likelier. Below
            what agreement in all that was compared can tell (`matcher.decisions.information`).
        """
        kinds = [frozenset(self.compares[name]) for name in self.passes]
        most = bound(left, right, distances != ABSENT, kinds, self.bands.strong)
        told = self.intercept + self.weights(distances).sum(axis=1)
        scores: Weights = np.round(bounded(told, most), DECIMALS)
        return scores

    def bands_of(self, scores: Weights, register: int = 1) -> npt.NDArray[np.int8]:
        """Give each score's band as a position in `BANDS`; `len(BANDS)` where there is none.

        Args:
            scores: In bits.
            register: With how many persons each request is compared.
        """
        bands = self.bands.at(register)
        least = (-bands.strong, -bands.possible, -bands.weak)
        return np.searchsorted(least, -scores, side="left").astype(np.int8)

    def levels(self, distances: Distances) -> npt.NDArray[np.int8]:
        """Give each pass's evidence as positions in `LEVELS`.

        A pass agrees from 8 bits on, is close above 0 bits, and differs at or below.
        """
        return levels_of(self.weights(distances), distances != ABSENT)
