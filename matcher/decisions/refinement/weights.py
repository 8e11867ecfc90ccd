"""What the outcomes of attributes weigh, and the score and band that they give together.

A score is log2 of how much likelier the outcomes are between two records of one person than between
two persons', after Fellegi and Sunter, "A theory for record linkage", Journal of the American
Statistical Association 64 (1969), section 2. The weights of all outcomes were fitted together
(`benchmarks.tuning.refinement`), so that attributes which go together, as a father's name and a
family name do among brothers, are not counted as if each stood alone. Agreement in a rare name
weighs more than in a common one (Winkler, "Frequency-based matching in
Fellegi-Sunter model of record linkage", US Census Bureau RR2000/06).

What the passes said before counts on, at what it adds to the attributes: they lay a record's whole
content side by side, and so see likeness that no attribute is asked about.
"""

from importlib.resources import files
from itertools import pairwise
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from matcher.decisions.evidence import Bands, digest_of
from matcher.decisions.refinement.comparison import Compared
from matcher.decisions.refinement.outcomes import NAMES, OUTCOMES
from matcher.decisions.refinement.pieces import PieceWeights
from matcher.formats.agreement import Agreement
from matcher.formats.attributes import FREQUENCY_CLASSES
from matcher.formats.vocabulary import BANDS, LEVELS

Bits = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]

_DECIMALS = 3
_SUPPORTING: Final = (
    "father",
    "grandfather",
    "family",
    "mother",
    "birth_day",
    "birth_place",
    "residence",
    "separation_place",
)
"""A candidate with none of these in agreement is weak, whatever else agrees."""


class Rising(BaseModel):
    """A weight over a score: linear between knots, flat beyond them, and never falling.

    Attributes:
        scores: Knots, in bits, ascending.
        bits: Weight at the knots, in bits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scores: tuple[float, ...] = Field(min_length=2)
    bits: tuple[float, ...]

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if len(self.scores) != len(self.bits):
            raise ValueError("there must be as many weights as scores")
        if any(a >= b for a, b in pairwise(self.scores)):
            raise ValueError("scores must ascend")
        if any(a > b for a, b in pairwise(self.bits)):
            raise ValueError("weights must not fall with the score")
        return self


class RefinementModel(BaseModel):
    """Weights of evidence, attribute by attribute; versioned JSON with a digest.

    Attributes:
        format: Version of this format.
        calibrated_on: On what it was measured, in words.
        pieces: What the views of two pieces of names weigh.
        intercept: Weight of a candidate before any attribute is looked at, in bits.
        passes: What the score of the passes adds.
        outcomes: For each attribute and outcome its weight; an absent attribute weighs 0.
        classes: For each attribute that is a name what its agreement weighs beside that, by the
            name's frequency class.
        bands: The least score of each band.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["kinmatch-refinement-model/1"]
    calibrated_on: str
    pieces: PieceWeights
    intercept: float
    passes: Rising
    outcomes: dict[str, dict[str, float]]
    classes: dict[str, tuple[float, ...]]
    bands: Bands

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for attribute, outcomes in OUTCOMES.items():
            if list(self.outcomes.get(attribute, ())) != [name for name, _ in outcomes[1:]]:
                raise ValueError(f"{attribute} needs a weight for each of its outcomes, in order")
        if list(self.classes) != list(NAMES):
            raise ValueError("classes must name the attributes that are names, in order")
        if any(len(bits) != FREQUENCY_CLASSES for bits in self.classes.values()):
            raise ValueError(f"an attribute needs a weight for each of {FREQUENCY_CLASSES} classes")
        return self

    @classmethod
    def published(cls) -> Self:
        """Load the model that comes with kinmatch."""
        resource = files("matcher.decisions").joinpath("models", "refinement-1.json")
        return cls.model_validate_json(resource.read_text(encoding="utf-8"))

    @classmethod
    def under(cls, agreement: Agreement) -> Self:
        """Load the model that comes with kinmatch, with the bands that an agreement chose.

        Raises:
            AgreementError: The bands are of another model.
        """
        model = cls.published()
        bands = model.bands.chosen_in(agreement, "attributes", model.digest)
        return model.model_copy(update={"bands": bands})

    @property
    def digest(self) -> str:
        """SHA-256 of the model's canonical JSON, as `sha256:` and 64 hexadecimal digits."""
        return digest_of(self)

    def weights(self, compared: Compared) -> Bits:
        """Give the weight of each attribute.

        Returns:
            Array of shape (n, attributes), float64, in bits, in the order of `OUTCOMES`; 0 where
            absent.
        """
        weights = np.empty(compared.outcomes.shape, dtype=np.float64)
        for column, (attribute, bits) in enumerate(self.outcomes.items()):
            of_outcome = np.array([0.0, *bits.values()])
            weights[:, column] = of_outcome[compared.outcomes[:, column]]
            if attribute in NAMES:
                of_class = np.array([*self.classes[attribute], 0.0])  # the last where none agrees
                weights[:, column] += of_class[compared.classes[:, NAMES.index(attribute)]]
        return np.round(weights, _DECIMALS)

    def weights_of_passes(self, passes: Bits) -> Bits:
        """Give what the scores of the passes add, in bits."""
        return np.round(np.interp(passes, self.passes.scores, self.passes.bits), _DECIMALS)

    def scores(self, compared: Compared, passes: Bits, kin: Bits | float = 0.0) -> Bits:
        """Give the score of each candidate: the intercept and all weights.

        Args:
            compared: The candidates.
            passes: Their scores by the passes alone, in bits, shape (n,).
            kin: What the people around each weigh, in bits.

        Returns:
            Array of shape (n,), float64, in bits to three decimals; higher is likelier.
        """
        told = self.weights(compared).sum(axis=1) + self.weights_of_passes(passes)
        scores: Bits = np.round(self.intercept + told + kin, _DECIMALS)
        return scores

    def bands_of(
        self, compared: Compared, passes: Bits, kin: Bits | float = 0.0, register: int = 1
    ) -> Codes:
        """Give each candidate's band as a position in `BANDS`; `len(BANDS)` where there is none.

        A given name, a year of birth, a sex and a nationality are no ground to take two records
        for one person: where nothing else agrees, the band is `weak` at best. And twins agree
        in all but their given names: where these don't agree, it is `possible` at best.

        Args:
            compared: The candidates.
            passes: Their scores by the passes alone, in bits, shape (n,).
            kin: What the people around each weigh, in bits.
            register: With how many persons each request was compared.
        """
        scores, bands = self.scores(compared, passes, kin), self.bands.at(register)
        found = np.searchsorted(
            (-bands.strong, -bands.possible, -bands.weak), -scores, side="left"
        ).astype(np.int8)
        return np.maximum(found, best_bands(compared))


def levels_of(compared: Compared) -> Codes:
    """Give each attribute's evidence as positions in `LEVELS`, shape (n, attributes)."""
    levels = np.empty(compared.outcomes.shape, dtype=np.int8)
    for column, outcomes in enumerate(OUTCOMES.values()):
        of_outcome = np.array([LEVELS.index(level) for _, level in outcomes], dtype=np.int8)
        levels[:, column] = of_outcome[compared.outcomes[:, column]]
    return levels


def best_bands(compared: Compared) -> Codes:
    """Give the best band that each candidate can have, whatever its score.

    Returns:
        Positions in `BANDS`; `len(BANDS)` where neither the given name nor anything that supports
        it agrees: the rest says nothing of who somebody is.
    """
    agrees = levels_of(compared) <= LEVELS.index("close")
    supporting = [list(OUTCOMES).index(name) for name in _SUPPORTING]
    has_name = agrees[:, list(OUTCOMES).index("given")]
    best = np.where(has_name, BANDS.index("strong"), BANDS.index("possible"))
    is_supported = agrees[:, supporting].any(axis=1)
    best[~is_supported] = BANDS.index("weak")
    best[~is_supported & ~has_name] = len(BANDS)
    return best.astype(np.int8)
