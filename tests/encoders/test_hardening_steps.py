"""Every hardening step against a plain oracle, its laws of distance, and steps in a row."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from encoders.bits import text_and_ends
from encoders.contents import Contents
from encoders.encoding import encode
from encoders.hardening import Hardening, diffusion_sets, drawing
from encoders.keys import Keys
from encoders.records import COLUMNS, Records
from matcher.formats.agreement import Agreement
from matcher.formats.scheme import Attribute, Pass, Scheme, View
from matcher.formats.steps import (
    AttributeFilter,
    Balancing,
    Diffusion,
    Permutation,
    Resampling,
    Response,
    Rule90,
    Sampling,
    Step,
    StratifiedDiffusion,
    Stratum,
    WindowedXor,
    XorFold,
)

DrawUp = Callable[..., Agreement]
Bits = np.ndarray

NAME = Attribute(name="name", views=(View(name="name.bigrams/1", each=8, most=100),))
SEX = Attribute(name="sex", views=(View(name="sex.code/1", each=8, most=8),))
SAMPLING = Sampling(
    filters=(
        AttributeFilter(attribute="name", bits=192, take=100),
        AttributeFilter(attribute="sex", bits=64, take=28),
    )
)


def part_of(*hardening: Step, bits: int = 256, floor: int = 0) -> Pass:
    return Pass(
        name="one",
        attributes=(NAME, SEX),
        needs=(("name",),),
        bits=bits,
        floor=floor,
        hardening=hardening,
    )


STRATIFIED = StratifiedDiffusion(
    strata=(
        Stratum(attributes=("name",), bits=192, t=3),
        Stratum(attributes=("sex",), bits=64, t=2),
    ),
    bits=320,
)


@pytest.fixture(scope="session")
def agreement(draw_up: DrawUp) -> Agreement:
    scheme = Scheme(name="steps", version=1, passes=(part_of(Permutation()),))
    return draw_up(scheme=scheme)


@pytest.fixture(scope="session")
def keys(agreement: Agreement) -> Keys:
    return Keys.throwaway(agreement, seed=7)


def random_bits(n: int, bits: int, seed: int) -> Bits:
    return np.random.default_rng(seed).integers(0, 2, (n, bits), dtype=np.uint8)


def packed(bits: Bits) -> np.ndarray:
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def unpacked(filters: np.ndarray) -> Bits:
    little = np.ascontiguousarray(filters).astype("<u8").view(np.uint8)
    return np.unpackbits(little, axis=1, bitorder="little")


def contents(rows: np.ndarray) -> Contents:
    octets, ends = text_and_ends(pa.array([content_of(row) for row in rows], pa.binary()))
    return octets, ends[:-1], ends[1:]


def content_of(row: int) -> bytes:
    return b"record %d" % row


def hardened(keys: Keys, bits: Bits, *hardening: Step) -> Bits:
    part = part_of(*hardening, bits=bits.shape[1])
    out = np.zeros((len(bits) + 1, part.output_bits // 64), dtype=np.uint64)
    Hardening(part, keys).harden(packed(bits), contents, out, np.arange(len(bits), 0, -1))
    assert not out[0].any()
    return unpacked(np.ascontiguousarray(out[:0:-1]))


# What the steps' docstrings say, as plainly as can be.


def words(key: bytes, size: int = 4) -> Iterator[int]:
    stream = hashlib.shake_256(key).digest(1 << 18)
    for at in range(0, len(stream), size):
        yield int.from_bytes(stream[at : at + size], "little")


def below(stream: Iterator[int], n: int) -> int:
    return next(word for word in stream if word < 2**32 // n * n) % n


def permutation(key: bytes, number: int, size: int) -> list[int]:
    stream, order = words(key + number.to_bytes(4, "little")), list(range(size))
    for i in reversed(range(1, size)):
        j = below(stream, i + 1)
        order[i], order[j] = order[j], order[i]
    return order


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


def oracle_sampling(bits: Bits, key: bytes) -> Bits:
    name = bits[:, :192][:, permutation(key, 0, 192)[:100]]
    sex = bits[:, 192:][:, permutation(key, 1, 64)[:28]]
    return np.hstack([name, sex])[:, permutation(key, 2, 128)]


def oracle_stratified_diffusion(bits: Bits, key: bytes) -> Bits:
    """Every stratum diffused by itself, and all XORed."""
    name = diffusion_sets(key + bytes([0]), 192, 3, 320)
    sex = diffusion_sets(key + bytes([1]), 64, 2, 320)
    return (bits[:, :192][:, name].sum(axis=2) + bits[:, 192:][:, sex].sum(axis=2)) % 2


ORACLES: list[tuple[Step, Callable[[Bits, bytes], Bits]]] = [
    (XorFold(), oracle_fold),
    (Rule90(), oracle_rule_90),
    (WindowedXor(window=5), oracle_windowed_xor),
    (Balancing(), oracle_balancing),
    (Permutation(), oracle_permutation),
    (Resampling(), oracle_resampling),
    (Response(per_mille=250), oracle_response),
    (SAMPLING, oracle_sampling),
    (STRATIFIED, oracle_stratified_diffusion),
]
each_step = pytest.mark.parametrize(
    ("step", "oracle"), ORACLES, ids=[step.step for step, _ in ORACLES]
)


def key_of(keys: Keys, step: Step) -> bytes:
    if isinstance(step, XorFold | Rule90 | WindowedXor):
        return b""
    return keys.derive(step.step, pass_name="one")  # noqa: S106 -- the pass's name is no password


@each_step
@settings(deadline=None, max_examples=10)
@given(n=st.sampled_from([0, 1, 3, 65]), seed=st.integers(0, 2**32 - 1))
def test_equals_the_oracle(
    keys: Keys, step: Step, oracle: Callable[[Bits, bytes], Bits], n: int, seed: int
) -> None:
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


def neighbours(flips: int, seed: int, n: int = 100, bits: int = 2048) -> tuple[Bits, Bits]:
    """Give filters, and as many that differ from them in so many bits."""
    left = random_bits(n, bits, seed)
    right = left.copy()
    rng = np.random.default_rng(seed)
    for row in right:
        row[rng.choice(bits, flips, replace=False)] ^= 1
    return left, right


def distances(keys: Keys, left: Bits, right: Bits, *hardening: Step) -> np.ndarray:
    both = hardened(keys, np.vstack([left, right]), *hardening)
    return (both[: len(left)] != both[len(left) :]).sum(axis=1)


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


def people(*names: str) -> Records:
    rows = [{"record_id": str(i), "given_name": name, "sex": "f"} for i, name in enumerate(names)]
    return Records.from_rows(rows, role="sought")


def encoded(draw_up: DrawUp, records: Records, *hardening: Step, floor: int = 0) -> Bits:
    scheme = Scheme(name="steps", version=1, passes=(part_of(*hardening, floor=floor),))
    under = draw_up(scheme=scheme)
    return unpacked(encode(records, under, Keys.throwaway(under, seed=7)).passes["one"].bits)


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
    records = Records.from_rows([{"record_id": "1", "sex": "f"}], role="sought")
    for step, _ in ORACLES:
        assert not encoded(draw_up, records, step).any()


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


def test_steps_are_read_back_from_an_agreement(draw_up: DrawUp, tmp_path) -> None:  # type: ignore[no-untyped-def]
    chosen = (SAMPLING, Response(per_mille=50), WindowedXor(window=4), XorFold(), Rule90())
    part = part_of(*chosen, Diffusion(t=4, bits=192), Resampling(), Permutation(), Balancing())
    under = draw_up(scheme=Scheme(name="steps", version=1, passes=(part,)))
    under.write(tmp_path / "agreement.toml")
    assert Agreement.read(tmp_path / "agreement.toml") == under
