"""The versioned encoding parameters of an agreement.

A scheme says which attributes a pass encodes together, which token views they become, how many
bit positions each view sets, and how the filter is hardened. Same scheme and keys, same bits, on
every machine and in every release: a published scheme is never edited, a change of bits is a new
version. Test vectors in `tests/vectors/` hold this for good.
"""

import hashlib
import json
import re
import tomllib
import warnings
from functools import cache
from importlib.resources import files
from itertools import accumulate, chain
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator

from matcher.formats.errors import AgreementError, UnhardenedWarning
from matcher.formats.steps import Bits, Name, Part, Sampling, Step, StratifiedDiffusion
from matcher.formats.tomlfile import parse_toml
from matcher.formats.validation import problems_of

ViewName = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+/[0-9]+$")]

DEFAULT_SCHEME: Final = "standard/3"
"""The published scheme of whoever names none."""

SAFEST_SCHEME: Final = "high/4"
"""The published scheme that keeps every limit of the attack lab (`make attack`)."""

_RESERVED = frozenset({"reference", "role", "relation", "known", "case"})


class View(Part):
    """One way to turn an attribute into tokens, and how many bit positions they set.

    Attributes:
        name: The view's name and version, as `encoders.views` knows it.
        each: The positions that one token sets.
        most: The positions that all tokens of a person set together: where `each` would come to
            more, they share this evenly, at least one a token.
    """

    name: ViewName
    each: int = Field(ge=1)
    most: int = Field(ge=1)


class Salt(Part):
    """What else of the record an attribute's tokens are hashed with: the tokens of one view.

    Attributes:
        attribute: The attribute that salts; the pass need not encode it.
        view: The view of it, as `encoders.views` knows it.
    """

    attribute: Name
    view: ViewName


class Attribute(Part):
    """One attribute of a pass: the views that it becomes, and what salts them.

    Attributes:
        name: The attribute's name.
        views: What it becomes.
        salt: Its tokens are hashed together with all of these, so that only records with the
            same salt share positions. A record that lacks one of them lacks the pass. Empty
            means unsalted.
    """

    name: Name
    views: tuple[View, ...] = Field(min_length=1)
    salt: tuple[Salt, ...] = Field(default=(), exclude_if=lambda salt: not salt)

    @model_validator(mode="after")
    def _salts_differ(self) -> Self:
        if len(set(self.salt)) != len(self.salt):
            raise ValueError("a salt stands twice in one attribute")
        return self


class Pass(Part):
    """One composite of attributes that is encoded together.

    Attributes:
        name: The pass's name; keys are derived from it.
        attributes: What is encoded.
        needs: For each group, at least one of its attributes must be present, or the person has
            no fingerprint under this pass.
        bits: Length of the filter before hardening.
        floor: Fewest bits set before hardening: a filter with fewer is filled up from a stream of
            its own, so that two persons of whom little is known do not look alike for that. Of
            strata each has its part of it, by its length, rounded down.
        hardening: The steps that are applied in order; empty means unhardened.
    """

    name: Name
    attributes: tuple[Attribute, ...] = Field(min_length=1)
    needs: tuple[tuple[Name, ...], ...]
    bits: Bits
    floor: int = Field(ge=0)
    hardening: tuple[Step, ...] = ()

    @property
    def output_bits(self) -> int:
        """Length of the fingerprint, in bits."""
        bits = self.bits
        for step in self.hardening:
            bits = step.output(bits)
        return bits

    @property
    def filters(self) -> dict[str, slice]:
        """The bits that each attribute's tokens may set: all, or a filter of its own or stratum."""
        return {name: bits for names, bits in self._side_by_side for name in names}

    @property
    def filled(self) -> tuple[tuple[slice, int], ...]:
        """The bits that are filled up together, and how many of them are set at least."""
        if not isinstance(next(iter(self.hardening), None), StratifiedDiffusion):
            return ((slice(0, self.bits), self.floor),)
        return tuple(
            (bits, self.floor * (bits.stop - bits.start) // self.bits)
            for _, bits in self._side_by_side
        )

    @property
    def _side_by_side(self) -> list[tuple[tuple[str, ...], slice]]:
        """The attributes that share a filter, and its bits, for each filter."""
        own: list[tuple[tuple[str, ...], int]]
        match next(iter(self.hardening), None):
            case Sampling(filters=filters):
                own = [((one.attribute,), one.bits) for one in filters]
            case StratifiedDiffusion(strata=strata):
                own = [(one.attributes, one.bits) for one in strata]
            case _:
                own = [(tuple(one.name for one in self.attributes), self.bits)]
        ends = accumulate(bits for _, bits in own)
        return [
            (names, slice(end - bits, end)) for (names, bits), end in zip(own, ends, strict=True)
        ]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.name in _RESERVED:
            raise ValueError(f"a pass can't be named '{self.name}', as a column of every batch is")
        known = {attribute.name for attribute in self.attributes}
        if len(known) != len(self.attributes):
            raise ValueError("an attribute stands twice in one pass")
        if not all(set(group) <= known for group in self.needs):
            raise ValueError("'needs' names an attribute that the pass does not encode")
        if 2 * self.floor > self.bits:
            raise ValueError("the floor is more than half of the filter")
        return self

    @model_validator(mode="after")
    def _hardening_fits(self) -> Self:
        if any(isinstance(step, Sampling | StratifiedDiffusion) for step in self.hardening[1:]):
            raise ValueError("sampling and strata can only be the first step of hardening")
        filters, _ = self.filters, self.output_bits  # refused where a step does not fit
        named = [attribute.name for attribute in self.attributes]
        match self.hardening[:1]:
            case (Sampling(),) if named != list(filters):
                raise ValueError("sampling must name the pass's attributes, in their order")
            case (StratifiedDiffusion(strata=strata),) if sorted(named) != sorted(
                chain.from_iterable(one.attributes for one in strata)
            ):
                raise ValueError("every attribute of the pass must be in one stratum")
        for attribute in self.attributes:
            own = filters[attribute.name]
            if any(2 * view.each > own.stop - own.start for view in attribute.views):
                raise ValueError("a token sets more than half of the filter")
        return self


class Scheme(Part):
    """A named and versioned set of passes."""

    name: Name
    version: int = Field(ge=1)
    passes: tuple[Pass, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _passes_differ(self) -> Self:
        if len({p.name for p in self.passes}) != len(self.passes):
            raise ValueError("a pass stands twice in one scheme")
        fields = self.model_dump(mode="json")
        if (_published(self.label) or fields) != fields:
            raise ValueError(f"{self.label} is published with other parameters; name it otherwise")
        return self

    @classmethod
    def published(cls, label: str) -> Self:
        """Load a published scheme by its name and version, as in `standard/1`.

        Raises:
            AgreementError: There is no such scheme.
        """
        fields = _published(label)
        if fields is None:
            raise AgreementError(
                f"There is no published scheme of that name; there are {', '.join(published())}."
            )
        return cls.model_validate(fields)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a scheme from a TOML file that is written as the published ones are.

        Raises:
            AgreementError: The file can't be read, or a part of it is not what it must be.
        """
        fields = parse_toml(path, "a scheme")
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            problems = "; ".join(problems_of(error, {}, deep=("passes",)))
        raise AgreementError(f"{path}: {problems}.")

    @property
    def digest(self) -> str:
        """SHA-256 of the scheme's canonical JSON, as `sha256:` and 64 hexadecimal digits."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def unhardened(self) -> tuple[str, ...]:
        """The passes that nothing hardens: their fingerprints give their people away."""
        return tuple(part.name for part in self.passes if not part.hardening)

    @property
    def warning(self) -> str | None:
        """What every use of the scheme has to say; None where every pass is hardened."""
        if not self.unhardened:
            return None
        passes = ", ".join(self.unhardened)
        return (
            f"UNHARDENED: nothing protects the fingerprints of scheme {self.label} ({passes}). "
            "Whoever holds them and a list of similar people finds out who is in them; no key is "
            "needed. Agree on standard or high unless you can bear that."
        )

    def say_unhardened(self) -> None:
        """Warn by an `UnhardenedWarning` whoever uses the scheme, if a pass of it is unhardened."""
        if self.warning:
            warnings.warn(self.warning, UnhardenedWarning, stacklevel=3)

    @property
    def label(self) -> str:
        """Name and version, as in `standard/1`."""
        return f"{self.name}/{self.version}"


def published() -> list[str]:
    """Name the published schemes, as in `standard/1`."""
    found = (file.name for file in files("matcher.formats").joinpath("schemes").iterdir())
    return sorted(
        f"{match[1]}/{match[2]}"
        for name in found
        if (match := re.fullmatch(r"(\w+)-(\d+)\.toml", name))
    )


@cache
def _published(label: str) -> dict[str, object] | None:
    """Read the parameters of a published scheme; None where there is none of this name."""
    if label not in published():
        return None
    file = files("matcher.formats").joinpath("schemes", f"{label.replace('/', '-')}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
