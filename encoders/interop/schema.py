"""clkhash's linkage schemas, versions 1 to 3, read as version 3.

Source: the JSON schemas and the conversions of clkhash 0.18.3 (`clkhash/schema.py`).
"""

import base64
import binascii
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from matcher.formats.errors import InputError

Fields = dict[str, Any]


class _Part(BaseModel):
    # What clkhash's own schema files let pass beside the known keys has no meaning there either.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Ngrams(_Part):
    """Substrings of n letters, with their place where `positional`."""

    type: Literal["ngram"]
    n: int = Field(ge=1)
    positional: bool = False


class Exact(_Part):
    """The whole value."""

    type: Literal["exact"]


class Numeric(_Part):
    """A number and its neighbourhood."""

    type: Literal["numeric"]
    thresholdDistance: float = Field(gt=0)  # noqa: N815 - clkhash's name, as the ones below
    resolution: int = Field(ge=1)
    fractional_precision: int = Field(ge=0, default=0)

    @model_validator(mode="after")
    def _precise_enough(self) -> Self:
        if self.interval == 0:
            raise ValueError("fractional_precision is too low for the thresholdDistance")
        return self

    @property
    def interval(self) -> int:
        """The threshold distance in units of the precision."""
        power: int = 10**self.fractional_precision
        return round(self.thresholdDistance * power)


class Hash(_Part):
    """How a token becomes positions."""

    type: Literal["doubleHash", "blakeHash"] = "blakeHash"
    prevent_singularity: bool | None = None


class Strategy(_Part):
    """How many positions a token sets; one of the two is given."""

    bitsPerToken: int | None = Field(ge=1, default=None)  # noqa: N815
    bitsPerFeature: int | None = Field(ge=1, default=None)  # noqa: N815

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.bitsPerToken is None) == (self.bitsPerFeature is None):
            raise ValueError("a strategy needs either bitsPerToken or bitsPerFeature")
        return self

    def positions(self, tokens: int) -> list[int]:
        """Give how many positions each of this many tokens sets, in their order."""
        if self.bitsPerToken is not None:
            return [self.bitsPerToken] * tokens
        each, more = divmod(self.bitsPerFeature or 0, tokens)
        return [each + 1] * more + [each] * (tokens - more)


class Missing(_Part):
    """The word that stands for a missing value, and what is hashed instead."""

    sentinel: str
    replaceWith: str | None = None  # noqa: N815


class Hashing(_Part):
    """How a feature is hashed."""

    comparison: Annotated[Ngrams | Exact | Numeric, Discriminator("type")]
    strategy: Strategy
    hash: Hash = Hash()
    missingValue: Missing | None = None  # noqa: N815

    @model_validator(mode="after")
    def _singularity_of_double_hash(self) -> Self:
        if self.hash.prevent_singularity is not None and self.hash.type != "doubleHash":
            raise ValueError("prevent_singularity is for doubleHash alone")
        return self


def _a_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error:
        raise ValueError("a pattern must be a regular expression") from None
    return pattern


class Text(_Part):
    """A text of a given case and length, or of a given pattern."""

    type: Literal["string"]
    encoding: Literal["ascii", "utf-8", "utf-16", "utf-32"] = "utf-8"
    case: Literal["upper", "lower", "mixed"] = "mixed"
    minLength: int | None = Field(ge=0, default=None)  # noqa: N815
    maxLength: int | None = Field(ge=1, default=None)  # noqa: N815
    pattern: Annotated[str, AfterValidator(_a_pattern)] | None = None


class Integer(_Part):
    """A whole number between two bounds."""

    type: Literal["integer"]
    minimum: int | None = None
    maximum: int | None = None


class Date(_Part):
    """A date in a format of `strptime`."""

    type: Literal["date"]
    format: str


class Choice(_Part):
    """One of a list of values."""

    type: Literal["enum"]
    values: tuple[str, ...]


class Feature(_Part):
    """One column that is hashed."""

    identifier: str
    format: Annotated[Text | Integer | Date | Choice, Discriminator("type")]
    hashing: Hashing


class Ignored(_Part):
    """One column that is not."""

    identifier: str
    ignored: Literal[True]


def _base64(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        raise ValueError("salt and info must be in base64") from None


class Derivation(_Part):
    """How keys come from the secret."""

    type: Literal["HKDF"]
    hash: Literal["SHA256", "SHA512"] = "SHA256"
    salt: str | None = None
    info: str | None = None
    keySize: int = Field(ge=1, default=64)  # noqa: N815

    @model_validator(mode="after")
    def _in_base64(self) -> Self:
        for text in (self.salt, self.info):
            _base64(text)
        return self

    def bytes_of(self, text: str | None) -> bytes | None:
        """Give salt or info as bytes."""
        return None if text is None else base64.b64decode(text)


def _kind(value: Any) -> str:
    ignored = value.get("ignored", False) if isinstance(value, dict) else False
    return "ignored" if ignored or isinstance(value, Ignored) else "hashed"


class LinkageSchema(_Part):
    """A linkage schema, as version 3 has it.

    Attributes:
        bits: Length of a filter, after folding.
        folds: How many times the halves of a filter of `bits * 2**folds` bits are XORed.
        folds_read: Where the folds come from and how clkhash takes them, as a sentence.
        derivation: How keys come from the secret.
        features: The columns, in the order of the data.
    """

    bits: int = Field(ge=1)
    folds: int = Field(ge=0, le=16)
    folds_read: str
    derivation: Derivation
    features: tuple[
        Annotated[
            Annotated[Feature, Tag("hashed")] | Annotated[Ignored, Tag("ignored")],
            Discriminator(_kind),
        ],
        ...,
    ] = Field(min_length=1)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        hashes = [f.hashing.hash for f in self.features if isinstance(f, Feature)]
        if any(hashing.prevent_singularity for hashing in hashes) and self.bits << self.folds == 1:
            raise ValueError("a filter of one bit can't prevent singularity")
        if any(hashing.type == "blakeHash" for hashing in hashes):
            if self.bits & (self.bits - 1):
                raise ValueError("for blakeHash, l must be a power of two")
            if self.derivation.keySize > 64:
                raise ValueError("for blakeHash, keySize can be at most 64")
        room = 255 * (32 if self.derivation.hash == "SHA256" else 64)
        if 2 * len(self.features) * self.derivation.keySize > room:
            raise ValueError("HKDF can't derive keys for so many features; use SHA512")
        return self

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a schema file.

        Raises:
            InputError: The file can't be read or is no schema of versions 1 to 3.
        """
        try:
            return cls.from_json(json.loads(path.read_text("utf-8-sig")))
        except OSError as error:
            raise InputError(f"{path}: can't be read ({error.strerror}).") from None
        except (ValueError, RecursionError):
            raise InputError(f"{path}: the schema is not valid JSON.") from None
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Read a schema as JSON has it.

        Raises:
            InputError: It is no schema of versions 1 to 3.
        """
        if not isinstance(content, dict) or content.get("version") not in (1, 2, 3):
            raise InputError("the linkage schema must be an object with a version from 1 to 3.")
        try:
            config, features = content["clkConfig"], content["features"]
            if content["version"] == 1:
                features = [_from_first(feature, config) for feature in features]
            if content["version"] <= 2:
                features = [_from_second(feature) for feature in features]
            folds, folds_read = _folds(config)
            return cls.model_validate(
                {
                    "bits": config["l"],
                    "folds": folds,
                    "folds_read": folds_read,
                    "derivation": config["kdf"],
                    "features": features,
                }
            )
        except (KeyError, TypeError, AttributeError):
            raise InputError(
                "the linkage schema lacks a key that its version needs, or has one of a wrong type."
            ) from None
        except ValidationError as error:
            where = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in where["loc"])
            raise InputError(f"the linkage schema is not valid: {place}: {where['msg']}.") from None


def _folds(config: Fields) -> tuple[int, str]:
    """Read the number of folds, which the schemas' documentation spells otherwise than clkhash."""
    read, documented = config.get("xor_folds"), config.get("xorFolds")
    if read is not None and documented is not None and read != documented:
        raise InputError(
            "the linkage schema has both xor_folds and xorFolds, and they differ; keep one."
        )
    if read is not None:
        return read, f"xor_folds = {read}, as clkhash 0.18.3 reads it."
    if documented:
        return documented, (
            f"xorFolds = {documented} was taken as the number of folds, as the schema's "
            "documentation has it. clkhash 0.18.3 reads only xor_folds and would not fold: to have "
            "its filters, take xorFolds out of the schema; to have it fold too, rename it."
        )
    return 0, "The schema asks for no folds."


def _from_first(feature: Fields, config: Fields) -> Fields:
    """Give a feature of version 1 as version 2 has it."""
    if feature.get("ignored", False):
        return feature
    hashing = feature["hashing"]
    weight = hashing.get("weight", 1.0)
    if weight == 0:
        return {"identifier": feature["identifier"], "ignored": True}
    strategy = {"k": round(weight * config["k"])}
    return {**feature, "hashing": {**hashing, "strategy": strategy, "hash": config["hash"]}}


def _from_second(feature: Fields) -> Fields:
    """Give a feature of version 2 as version 3 has it."""
    if feature.get("ignored", False):
        return feature
    hashing = feature["hashing"]
    strategy = hashing["strategy"]
    if "k" in strategy and "numBits" in strategy:
        raise InputError("a strategy of the linkage schema has both k and numBits; keep one.")
    bits = {"bitsPerToken": int(strategy["k"])} if "k" in strategy else None
    comparison = {
        "type": "ngram",
        "n": hashing["ngram"],
        "positional": hashing.get("positional", False),
    }
    return {
        **feature,
        "hashing": {
            **hashing,
            "comparison": comparison,
            "strategy": bits or {"bitsPerFeature": int(strategy["numBits"])},
        },
    }
