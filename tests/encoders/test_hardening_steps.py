"""Steps that know of no attribute: against plain oracles, their laws of distance, and in a row."""

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
    below,
    content_of,
    distances,
    encoded,
    hardened,
    key_of,
    keys_under,
    lacking_the_pass,
    neighbours,
    part_of,
    people,
    permutation,
    random_bits,
    words,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from encoders.hardening import drawing
from encoders.keys import Keys
from matcher.formats.agreement import Agreement
from matcher.formats.scheme import Scheme
from matcher.formats.steps import (
    Balancing,
    Diffusion,
    Permutation,
    Resampling,
    Response,
    Rule90,
    Step,
    WindowedXor,
    XorFold,
)


@pytest.fixture(scope="session")
def keys(draw_up: DrawUp) -> Keys:
    return keys_under(draw_up)


# What the steps' docstrings say, as plainly as can be.


def oracle_fold(bits: Bits, _: bytes) -> Bits:
    return np.array([[a ^ b for a, b in zip(*np.split(row, 2), strict=True)] for row in bits])


def oracle_rule_90(bits: Bits, _: bytes) -> Bits:
    m = bits.shape[1]
    return np.array([[row[j - 1] ^ row[(j + 1) % m] for j in range(m)] for row in bits])


def oracle_windowed_xor(bits: Bits, _: bytes, window: int = 5) -> Bits:
    out = bits.copy()
    for row in out:
        for s in range(len(row) - window):
            row[s : s + window] = row[s : s + window] ^ row[s + 1 : s + 1 + window].copy()
    return out


def oracle_balancing(bits: Bits, key: bytes) -> Bits:
    both = np.hstack([bits, 1 - bits])
    return both[:, permutation(key, 0, both.shape[1])]


def oracle_permutation(bits: Bits, key: bytes) -> Bits:
    return bits[:, permutation(key, 0, bits.shape[1])]


def oracle_resampling(bits: Bits, key: bytes) -> Bits:
    stream, out = words(key), []
    for _ in range(bits.shape[1]):
        one = other = below(stream, bits.shape[1])
        while other == one:
            other = below(stream, bits.shape[1])
        out.append(bits[:, one] ^ bits[:, other])
    return np.array(out).T


def oracle_response(bits: Bits, key: bytes, per_mille: int = 250) -> Bits:
    out = bits.copy()
    for row, content in zip(out, map(content_of, range(len(bits))), strict=True):
        stream = words(key + content, 2)
        row ^= [next(stream) < per_mille * 65536 // 2000 for _ in row]
    return out


ORACLES: list[tuple[Step, Oracle]] = [
    (XorFold(), oracle_fold),
    (Rule90(), oracle_rule_90),
    (WindowedXor(window=5), oracle_windowed_xor),
    (Balancing(), oracle_balancing),
    (Permutation(), oracle_permutation),
    (Resampling(), oracle_resampling),
    (Response(per_mille=250), oracle_response),
]


@pytest.mark.parametrize(("step", "oracle"), ORACLES, ids=[step.step for step, _ in ORACLES])
@settings(deadline=None, max_examples=10)
@given(n=SIZES, seed=SEEDS)
def test_equals_the_oracle(keys: Keys, step: Step, oracle: Oracle, n: int, seed: int) -> None:
    bits = random_bits(n, 256, seed)
    assert hardened(keys, bits, step).tolist() == oracle(bits, key_of(keys, step)).tolist()


@pytest.mark.parametrize("n", [63, 64, 511, 512, 513, 1100])
def test_equals_the_oracle_around_the_blocks_of_512_records(keys: Keys, n: int) -> None:
    bits = random_bits(n, 192, n)
    expected = oracle_balancing(bits, key_of(keys, Balancing()))
    np.testing.assert_array_equal(hardened(keys, bits, Balancing()), expected)


def test_a_permutation_of_many_goes_on_in_the_same_stream() -> None:
    assert drawing.permutation(b"key", 3, 10_000) == permutation(b"key", 3, 10_000)


def test_a_permutation_that_refuses_a_word_takes_the_next() -> None:
    """One in some seventy of this size does; an oracle that refuses none is another then."""
    size = 10_000
    bounds = np.arange(size, 1, -1, dtype=np.uint64)

    def refuses(number: int) -> bool:
        stream = hashlib.shake_256(b"key" + number.to_bytes(4, "little")).digest(4 * len(bounds))
        drawn = np.frombuffer(stream, "<u4").astype(np.uint64)
        return bool(np.any(drawn >= np.uint64(2**32) // bounds * bounds))

    number = next(filter(refuses, range(10_000)))
    assert drawing.permutation(b"key", number, size) == permutation(b"key", number, size)


@pytest.mark.parametrize("window", [1, 2, 63, 64])
def test_windows_of_any_length(keys: Keys, window: int) -> None:
    bits = random_bits(4, 128, window)
    expected = oracle_windowed_xor(bits, b"", window)
    np.testing.assert_array_equal(hardened(keys, bits, WindowedXor(window=window)), expected)


@settings(deadline=None, max_examples=25)
@given(flips=st.integers(0, 300), seed=st.integers(0, 2**32 - 1))
def test_laws_of_distance_that_hold_for_every_pair(keys: Keys, flips: int, seed: int) -> None:
    left, right = neighbours(flips, seed, n=20, bits=512)
    assert (distances(keys, left, right, Permutation()) == flips).all()
    assert (distances(keys, left, right, Balancing()) == 2 * flips).all()
    folded = distances(keys, left, right, XorFold())
    assert (folded <= flips).all()
    assert (folded % 2 == flips % 2).all()  # what vanishes does so in twos
    assert (distances(keys, left, right, Rule90()) <= 2 * flips).all()
    assert (distances(keys, left, right, WindowedXor(window=3)) <= 4 * flips).all()


@pytest.mark.parametrize(
    ("step", "inputs"),
    [(XorFold(), 2), (Rule90(), 2), (Resampling(), 2), (Diffusion(t=2, bits=2048), 2)],
)
@pytest.mark.parametrize("flips", [40, 200, 600])
def test_near_filters_come_to_the_distance_of_their_inputs(
    keys: Keys, step: Step, inputs: int, flips: int
) -> None:
    left, right = neighbours(flips, flips)
    measured = distances(keys, left, right, step).mean() / step.output(2048)
    assert abs(measured - (1 - (1 - 2 * flips / 2048) ** inputs) / 2) < 0.01


@pytest.mark.parametrize("per_mille", [20, 250, 1000])
def test_randomised_response_adds_the_distance_that_it_says(keys: Keys, per_mille: int) -> None:
    left, right = neighbours(200, per_mille)
    measured = distances(keys, left, right, Response(per_mille=per_mille)).mean() / 2048
    f = per_mille / 1000
    assert abs(measured - (1 - (1 - f) ** 2 * (1 - 400 / 2048)) / 2) < 0.01


def test_balanced_filters_all_weigh_the_same(keys: Keys) -> None:
    sparse = (random_bits(50, 256, 1) & random_bits(50, 256, 2)).astype(np.uint8)
    assert (hardened(keys, sparse, Balancing()).sum(axis=1) == 256).all()


STEPS = st.lists(
    st.one_of(
        st.just(XorFold()),
        st.just(Rule90()),
        st.builds(WindowedXor, window=st.integers(1, 9)),
        st.just(Balancing()),
        st.just(Permutation()),
        st.just(Resampling()),
        st.builds(Response, per_mille=st.integers(1, 1000)),
        st.builds(Diffusion, t=st.integers(1, 8), bits=st.sampled_from([128, 192, 512])),
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=30)
@given(chosen=STEPS, seed=st.integers(0, 2**32 - 1))
def test_steps_one_after_another(keys: Keys, chosen: list[Step], seed: int) -> None:
    bits = random_bits(5, 256, seed)
    try:
        part = part_of(*chosen)
    except ValidationError:
        assume(False)
    out = hardened(keys, bits, *chosen)
    assert out.shape[1] == part.output_bits
    np.testing.assert_array_equal(out, hardened(keys, bits, *chosen))
    if all(isinstance(step, Permutation | Balancing | XorFold | Rule90) for step in chosen):
        one_by_one = bits
        seen: list[type] = []
        for step in chosen:
            if type(step) in seen:
                return  # the second of its kind has another key
            seen.append(type(step))
            one_by_one = hardened(keys, one_by_one, step)
        np.testing.assert_array_equal(out, one_by_one)


@pytest.mark.parametrize("step", [Permutation(), Resampling(), Diffusion(t=4, bits=256)])
def test_a_second_step_of_a_kind_has_a_key_of_its_own(keys: Keys, step: Step) -> None:
    bits = random_bits(20, 256, 3)
    once = hardened(keys, bits, step)
    twice_by_one_key = hardened(keys, once, step)
    twice = hardened(keys, bits, step, step)
    assert 0.4 < np.mean(twice != twice_by_one_key) < 0.6


def test_another_pass_and_another_agreement_have_other_keys(keys: Keys, draw_up: DrawUp) -> None:
    bits = random_bits(20, 256, 3)
    scheme = Scheme(name="steps", version=1, passes=(part_of(Permutation()),))
    other = Keys.throwaway(draw_up(scheme=scheme, agreement_id="cd" * 16), seed=7)
    ours, theirs = (hardened(one, bits, Permutation()) for one in (keys, other))
    assert np.mean(ours != theirs) > 0.4


def test_coins_are_a_records_own_and_never_thrown_anew(draw_up: DrawUp) -> None:
    records = people("Magdalena", "Magdalena")
    plain = encoded(draw_up, records)
    np.testing.assert_array_equal(plain[0], plain[1])
    flipped = encoded(draw_up, records, Response(per_mille=300))
    np.testing.assert_array_equal(flipped, encoded(draw_up, records, Response(per_mille=300)))
    flips = flipped ^ plain
    assert 0.09 < flips.mean() < 0.21  # f / 2 of all
    assert 0.1 < np.mean(flips[0] != flips[1]) < 0.4


def test_a_record_that_lacks_the_pass_is_all_zero_after_every_step(draw_up: DrawUp) -> None:
    for step, _ in ORACLES:
        assert not encoded(draw_up, lacking_the_pass(), step).any()


@pytest.mark.parametrize(
    ("hardening", "bits", "rule"),
    [
        ((XorFold(), XorFold()), 128, "multiple of 128"),
        ((Diffusion(t=64, bits=64), XorFold()), 128, "multiple of 128"),
        ((WindowedXor(window=64),), 64, "shorter than the filter"),
        ((Balancing(),), 65536, "must not be longer"),
        ((Permutation(), SAMPLING), 256, "first step"),
        ((SAMPLING,), 320, "as long together"),
        ((Permutation(), STRATIFIED), 256, "first step"),
        ((STRATIFIED,), 320, "as long together"),
    ],
)
def test_a_step_that_does_not_fit_is_refused(
    hardening: tuple[Step, ...], bits: int, rule: str
) -> None:
    with pytest.raises(ValidationError, match=rule):
        part_of(*hardening, bits=bits)


def test_steps_are_read_back_from_an_agreement(draw_up: DrawUp, tmp_path) -> None:  # type: ignore[no-untyped-def]
    chosen = (SAMPLING, Response(per_mille=50), WindowedXor(window=4), XorFold(), Rule90())
    part = part_of(*chosen, Diffusion(t=4, bits=192), Resampling(), Permutation(), Balancing())
    under = draw_up(scheme=Scheme(name="steps", version=1, passes=(part,)))
    under.write(tmp_path / "agreement.toml")
    assert Agreement.read(tmp_path / "agreement.toml") == under
