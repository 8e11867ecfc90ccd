"""The hardening steps that a scheme may apply to a pass's filters, one after another.

What each does to the bits, exactly, is told where it is done: `encoders.hardening`. A step's name
stands in published schemes and is never used for anything else.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]

MAX_BITS: Final = 65536
Bits = Annotated[int, Field(ge=64, le=MAX_BITS, multiple_of=64)]


class Part(BaseModel):
    """A part of a scheme: frozen, and nothing in it that this release does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Step(Part):
    def output(self, bits: int) -> int:
        """Give the length of the filter after the step.

        Args:
            bits: Its length before.

        Raises:
            ValueError: The step can't be applied to filters of that length.
        """
        return bits


class Diffusion(_Step):
    """Linear diffusion: every output bit is the XOR of `t` input bits; `bits` come out."""

    step: Literal["diffusion"] = "diffusion"
    t: int = Field(ge=1, le=64)
    bits: Bits

    def output(self, bits: int) -> int:
        """Give `bits`."""
        if self.t > bits:
            raise ValueError("diffusion can't combine more bits than the filter has")
        return self.bits


class XorFold(_Step):
    """XOR-folding: the two halves of the filter are laid on each other."""

    step: Literal["xor_fold"] = "xor_fold"

    def output(self, bits: int) -> int:
        """Give half the length."""
        if bits % 128:
            raise ValueError("a filter that is folded must be a multiple of 128 bits")
        return bits // 2


class Rule90(_Step):
    """Rule 90: every bit becomes the XOR of its two neighbours."""

    step: Literal["rule_90"] = "rule_90"


class WindowedXor(_Step):
    """Windowed XOR: a window of `window` bits slides over the filter."""

    step: Literal["windowed_xor"] = "windowed_xor"
    window: int = Field(ge=1, le=64)

    def output(self, bits: int) -> int:
        """Give the same length."""
        if self.window >= bits:
            raise ValueError("the window must be shorter than the filter")
        return bits


class Balancing(_Step):
    """Balancing: the filter and its complement, in a keyed order."""

    step: Literal["balancing"] = "balancing"

    def output(self, bits: int) -> int:
        """Give twice the length."""
        if 2 * bits > MAX_BITS:
            raise ValueError(f"a balanced filter must not be longer than {MAX_BITS} bits")
        return 2 * bits


class Permutation(_Step):
    """Keyed permutation: the bits in another order."""

    step: Literal["permutation"] = "permutation"


class Resampling(_Step):
    """Resampling: every output bit is the XOR of two input bits drawn anew."""

    step: Literal["resampling"] = "resampling"


class Response(_Step):
    """Randomised response: every bit is replaced by a coin's with probability f.

    Attributes:
        per_mille: f in thousandths.
    """

    step: Literal["response"] = "response"
    per_mille: int = Field(ge=1, le=1000)


class AttributeFilter(Part):
    """The filter that one attribute has of its own, and what the record's filter takes of it.

    Attributes:
        attribute: The attribute.
        bits: Length of its filter.
        take: How many bits of it are sampled: the attribute's weight.
    """

    attribute: Name
    bits: Bits
    take: int = Field(ge=1)


class Sampling(_Step):
    """Record-level filter: bits sampled from filters that each attribute has of its own.

    It can only be the first step, and names every attribute of the pass, in their order. The
    attributes' filters lie side by side and make up the pass's `bits`.
    """

    step: Literal["sampling"] = "sampling"
    filters: tuple[AttributeFilter, ...] = Field(min_length=1)

    def output(self, bits: int) -> int:
        """Give the number of bits taken."""
        if sum(one.bits for one in self.filters) != bits:
            raise ValueError("the attributes' filters must be as long together as the pass's")
        if any(one.take > one.bits for one in self.filters):
            raise ValueError("more bits are taken of an attribute's filter than it has")
        taken = sum(one.take for one in self.filters)
        if taken % 64:
            raise ValueError("the bits taken must be a multiple of 64 together")
        return taken


class Stratum(Part):
    """Attributes that have a filter in common, and how strongly that is diffused.

    Attributes:
        attributes: The attributes.
        bits: Length of their filter.
        t: How many bits of it every output bit takes.
    """

    attributes: tuple[Name, ...] = Field(min_length=1)
    bits: Bits
    t: int = Field(ge=1, le=64)


class StratifiedDiffusion(_Step):
    """Diffusion that takes of each of several filters its share: their diffusions, XORed.

    It can only be the first step, and every attribute of the pass is in one stratum. The strata's
    filters lie side by side and make up the pass's `bits`; each is filled up to its part of the
    floor. `bits` come out.
    """

    step: Literal["stratified_diffusion"] = "stratified_diffusion"
    strata: tuple[Stratum, ...] = Field(min_length=2)
    bits: Bits

    def output(self, bits: int) -> int:
        """Give `bits`."""
        if sum(one.bits for one in self.strata) != bits:
            raise ValueError("the strata's filters must be as long together as the pass's")
        if any(one.t > one.bits for one in self.strata):
            raise ValueError("diffusion can't combine more bits than the filter has")
        return self.bits


Step = Annotated[
    Diffusion
    | XorFold
    | Rule90
    | WindowedXor
    | Balancing
    | Permutation
    | Resampling
    | Response
    | Sampling
    | StratifiedDiffusion,
    Field(discriminator="step"),
]
"""Any hardening step; told apart by `step`."""
