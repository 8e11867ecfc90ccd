"""The steps before which every attribute has a filter of its own: sampling, and strata."""

import hashlib

import numpy as np
import pytest
from hardening_cases import (
    SAMPLING,
    SEEDS,
    SIZES,
    STRATIFIED,
    Bits,
    DrawUp,
    Oracle,
    distances,
    encoded,
    hardened,
    key_of,
    keys_under,
    lacking_the_pass,
    neighbours,
    part_of,
    permutation,
    random_bits,
)
from hypothesis import given, settings
from pydantic import ValidationError

from encoders.hardening import diffusion_sets
from encoders.keys import Keys
from encoders.records import COLUMNS, Records
from matcher.formats.scheme import Scheme
from matcher.formats.steps import (
    AttributeFilter,
    Sampling,
    Step,
    StratifiedDiffusion,
    Stratum,
)


@pytest.fixture(scope="session")
def keys(draw_up: DrawUp) -> Keys:
    return keys_under(draw_up)


def oracle_sampling(bits: Bits, key: bytes) -> Bits:
    name = bits[:, :192][:, permutation(key, 0, 192)[:100]]
    sex = bits[:, 192:][:, permutation(key, 1, 64)[:28]]
    return np.hstack([name, sex])[:, permutation(key, 2, 128)]


def oracle_stratified_diffusion(bits: Bits, key: bytes) -> Bits:
    """Every stratum diffused by itself, and all XORed."""
    name = diffusion_sets(key + bytes([0]), 192, 3, 320)
    sex = diffusion_sets(key + bytes([1]), 64, 2, 320)
    return (bits[:, :192][:, name].sum(axis=2) + bits[:, 192:][:, sex].sum(axis=2)) % 2


ORACLES: list[tuple[Step, Oracle]] = [
    (SAMPLING, oracle_sampling),
    (STRATIFIED, oracle_stratified_diffusion),
]


@pytest.mark.parametrize(("step", "oracle"), ORACLES, ids=[step.step for step, _ in ORACLES])
@settings(deadline=None, max_examples=10)
@given(n=SIZES, seed=SEEDS)
def test_equals_the_oracle(keys: Keys, step: Step, oracle: Oracle, n: int, seed: int) -> None:
    bits = random_bits(n, 256, seed)
    assert hardened(keys, bits, step).tolist() == oracle(bits, key_of(keys, step)).tolist()


def test_a_record_that_lacks_the_pass_is_all_zero(draw_up: DrawUp) -> None:
    for step, _ in ORACLES:
        assert not encoded(draw_up, lacking_the_pass(), step).any()


def test_each_attribute_has_a_filter_of_its_own_before_sampling(draw_up: DrawUp) -> None:
    """With all bits taken, sampling only orders them: who differs in sex alone differs in few."""
    every = Sampling(
        filters=(
            AttributeFilter(attribute="name", bits=192, take=192),
            AttributeFilter(attribute="sex", bits=64, take=64),
        )
    )
    rows = [{"record_id": "1", "given_name": "Magdalena", "sex": sex} for sex in ("f", "m", None)]
    bits = encoded(draw_up, Records.from_rows(rows, role="sought"), every)
    weights = bits.sum(axis=1, dtype=int)
    assert weights[0] == weights[2] + 8  # the sex's 8 bits fall on no bit of the name
    shared = int((bits[0] & bits[1]).sum())
    assert weights[2] <= shared <= weights[2] + 4


@pytest.mark.parametrize(("flips", "others"), [(60, 20), (0, 60), (200, 0), (200, 150)])
def test_strata_multiply_what_they_have_in_common(keys: Keys, flips: int, others: int) -> None:
    left, right = (np.hstack(pair) for pair in zip(
        neighbours(flips, 1, bits=1024), neighbours(others, 2, bits=1024), strict=True
    ))  # fmt: skip
    step = STRATIFIED.model_copy(
        update={
            "strata": tuple(one.model_copy(update={"bits": 1024}) for one in STRATIFIED.strata),
            "bits": 4096,
        }
    )
    measured = 1 - 2 * distances(keys, left, right, step).mean() / 4096
    expected = (1 - 2 * flips / 1024) ** 3 * (1 - 2 * others / 1024) ** 2
    assert abs(measured - expected) < 0.01


def test_every_stratum_has_its_filter_and_its_part_of_the_floor(draw_up: DrawUp) -> None:
    """With sets of one bit, and every bit in one of them, what is XORed can be counted."""
    both = StratifiedDiffusion(
        strata=tuple(Stratum(attributes=(name,), bits=128, t=1) for name in ("name", "sex")),
        bits=128,
    )
    assert part_of(both, floor=80).filled == ((slice(0, 128), 40), (slice(128, 256), 40))
    rows = [{"record_id": "1", "given_name": "Magdalena", "sex": sex} for sex in ("f", None)]
    records = Records.from_rows(rows, role="sought")
    with_sex, without = encoded(draw_up, records, both)
    assert (with_sex ^ without).sum() == 8
    filled = encoded(draw_up, records, both, floor=80)
    assert (filled[0] ^ with_sex).sum() == 32
    fill = filled[1] ^ without  # the name has more than its 40
    assert fill.sum() == 40

    under = draw_up(scheme=Scheme(name="steps", version=1, passes=(part_of(both, floor=80),)))
    keys = Keys.throwaway(under, seed=7)
    cells = [records.column(name)[1].as_py() for name in COLUMNS]
    content = "\x1f".join("\x1e" if cell is None else cell for cell in cells)
    key = keys.derive("filling", pass_name="one", attribute="2")  # noqa: S106 -- the pass's name
    stream = np.frombuffer(hashlib.shake_256(key + content.encode()).digest(2000), "<u2")
    positions = list(dict.fromkeys((stream % 128).tolist()))[:40]
    assert fill.tolist() == np.isin(sets_of(keys, both)[:, 0], positions).tolist()


def sets_of(keys: Keys, step: StratifiedDiffusion) -> np.ndarray:
    """The index sets of the second of two strata of 128 bits."""
    key = keys.derive(step.step, pass_name="one")  # noqa: S106 -- the pass's name is no password
    return diffusion_sets(key + bytes([1]), 128, step.strata[1].t, step.bits)


def test_sampling_is_checked_against_the_pass() -> None:
    name, sex = SAMPLING.filters
    for filters, rule in (
        ((sex, name), "in their order"),
        ((name,), "as long together"),
        ((name.model_copy(update={"take": 193}), sex), "than it has"),
        ((name.model_copy(update={"take": 101}), sex), "multiple of 64"),
    ):
        with pytest.raises(ValidationError, match=rule):
            part_of(Sampling(filters=filters))
    both = [one.model_copy(update={"attributes": ("name",)}) for one in STRATIFIED.strata]
    strata = STRATIFIED.model_copy(update={"strata": tuple(both)})
    with pytest.raises(ValidationError, match="in one stratum"):
        part_of(strata)
    with pytest.raises(ValidationError, match="expected tags"):
        part_of({"step": "prayer"})  # type: ignore[arg-type]  # as a file may have it
