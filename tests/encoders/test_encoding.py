"""Records to fingerprints under the published scheme: what changes bits, and what must not."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders import encoding
from encoders.encoding import Encoded, Encoding, encode
from encoders.keys import Keys
from encoders.records import Records
from encoders.views import VIEWS
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, MismatchError
from matcher.formats.scheme import Attribute, Pass, Scheme, View

DrawUp = Callable[..., Agreement]
Row = dict[str, str | None]

# So full that no filter of it is filled up: its bits say no more than its tokens do.
FULL: Row = {
    "record_id": "1",
    "given_name": "Alexandra Magdalena",
    "father_name": "Bartholomew",
    "grandfather_name": "Christopher",
    "family_name": "Papadopoulou Fétherstone",
    "mother_name": "Wilhelmina Évangelista Montgomery",
    "sex": "f",
    "birth_date": "1987-11-23",
    "birth_place": "Gothenburg Västra Frölunda",
    "residence": "14 Upper Blackwater Crescent, Kilmarnock",
}
TEXT = ("given_name", "father_name", "grandfather_name", "family_name", "mother_name",
        "birth_place", "residence")  # fmt: skip
NEEDS = {
    "name_birth": {"name", "birth"},
    "sound_birth": {"name"},
    "sound_place": {"name", "place"},
    "sound_mother": {"name", "mother"},
    "birth_place": {"birth", "place"},
}


@pytest.fixture(scope="module")
def standard(draw_up: DrawUp) -> Agreement:
    return draw_up(scheme=Scheme.published("standard/1"))


def encoded(agreement: Agreement, *rows: Row, seed: int = 1, workers: int = 1) -> Encoded:
    records = Records.from_rows(rows, role="sought")
    return encode(records, agreement, Keys.throwaway(agreement, seed=seed), workers=workers)


def distances(found: Encoded, one: int, other: int) -> dict[str, int]:
    return {
        name: int(np.bitwise_count(prints.bits[one] ^ prints.bits[other]).sum())
        for name, prints in found.passes.items()
    }


def same(found: Encoded) -> bool:
    """Whether the records have all the same fingerprints, in every pass."""
    return all(
        prints.present.all() and (prints.bits == prints.bits[0]).all()
        for prints in found.passes.values()
    )


def test_shape_type_and_order(standard: Agreement) -> None:
    found = encoded(standard, FULL, FULL, FULL)
    assert list(found.passes) == [part.name for part in standard.scheme.passes] == list(NEEDS)
    for part, prints in zip(standard.scheme.passes, found.passes.values(), strict=True):
        assert prints.bits.shape == (3, part.output_bits // 64) == (3, 32)
        assert prints.bits.dtype == np.uint64
        assert prints.bits.flags.c_contiguous
        assert prints.present.dtype == np.bool_
        assert prints.present.tolist() == [True] * 3


def test_no_records(standard: Agreement) -> None:
    for prints in encoded(standard).passes.values():
        assert prints.bits.shape == (0, 32)
        assert prints.present.shape == (0,)


def change(row: Row, how: Callable[[str], str]) -> Row:
    return {**row, **{name: how(row[name] or "") for name in TEXT}}


@pytest.mark.parametrize(
    "how",
    [
        str.upper,
        str.lower,
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: f"\u200f{text}\u202c",
        "\u200b".join,
        lambda text: f"  {text}  ",
        lambda text: " ".join(reversed(text.split())),
    ],
    ids=["upper", "lower", "decomposed", "bidi", "zero width", "spaces", "other order"],
)
def test_spelling_that_says_nothing_changes_no_bit(
    standard: Agreement, how: Callable[[str], str]
) -> None:
    assert same(encoded(standard, FULL, change(FULL, how)))


def test_arabic_vowel_points_and_tatweel_change_no_bit(standard: Agreement) -> None:
    plain = {
        **FULL,
        "given_name": "محمد عبد الرحمن",
        "mother_name": "فاطمة الزهراء المنصوري الحلبي",
    }
    pointed = {
        **plain,
        "given_name": "مُحَمَّد عَبْد الرَّحْمَٰن",
        "mother_name": "فاطـمـة الزَّهـراء المنصوري الحلبي",
    }
    assert same(encoded(standard, plain, pointed))


def test_swapped_names_change_no_bit(standard: Agreement) -> None:
    swapped = {**FULL, "given_name": FULL["family_name"], "family_name": FULL["given_name"]}
    other = {**FULL, "father_name": None, "other_names": FULL["father_name"]}
    assert same(encoded(standard, FULL, swapped, other))


def test_what_no_pass_reads_changes_no_bit(standard: Agreement) -> None:
    more = {**FULL, "record_id": "2", "case_id": "c", "nationality": "x", "language": "el"}
    assert same(encoded(standard, FULL, more))


@pytest.mark.parametrize(
    ("removed", "lacking"),
    [
        (("birth_date",), "birth"),
        (("mother_name",), "mother"),
        (("birth_place", "residence"), "place"),
        (("given_name", "father_name", "grandfather_name", "family_name"), "name"),
        (("sex",), "sex"),
    ],
)
def test_an_absent_attribute_is_neither_token_nor_presence(
    standard: Agreement, removed: tuple[str, ...], lacking: str
) -> None:
    found = encoded(standard, {**FULL, **dict.fromkeys(removed)}, FULL)
    for name, prints in found.passes.items():
        present = lacking not in NEEDS[name]
        assert prints.present.tolist() == [present, True]
        assert prints.bits[0].any() == present


def test_a_birth_that_is_only_a_year_keeps_out_of_whole_dates(standard: Agreement) -> None:
    rows = [{**FULL, "birth_date": written} for written in ("1987-11-23", "1987", "1987-01-01")]
    told = {**FULL, "birth_date": None, "age": "37", "age_on": "2025-01-01"}
    found = encoded(standard, *rows, told)
    for name, prints in found.passes.items():
        whole = name in ("name_birth", "birth_place")
        assert prints.present.tolist() == [True, *[not whole] * 3]
    np.testing.assert_array_equal(*found.passes["sound_birth"].bits[1:3])  # an artefact is its year


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            name: st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
            for name in ("given_name", "mother_name", "birth_place", "birth_date", "sex", "age")
        }
    ),
    min_size=1,
    max_size=9,
)


@settings(deadline=None, max_examples=25)
@given(rows=ROWS, chunk=st.integers(1, 4), workers=st.integers(1, 3), most_values=st.integers(0, 9))
def test_any_text_in_any_chunks_and_any_order(
    standard_for_all: Agreement, rows: list[Row], chunk: int, workers: int, most_values: int
) -> None:
    """Nor do the number of threads, or what is remembered of earlier chunks, change a bit."""
    whole = encoded(standard_for_all, *rows)
    turned = encoded(standard_for_all, *rows[::-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "CHUNK", chunk)
        patch.setattr(encoding, "_MOST_VALUES", most_values)
        parts = encoded(standard_for_all, *rows, workers=workers)
    for name, prints in whole.passes.items():
        np.testing.assert_array_equal(prints.bits, parts.passes[name].bits)
        np.testing.assert_array_equal(prints.present, parts.passes[name].present)
        np.testing.assert_array_equal(prints.bits, turned.passes[name].bits[::-1])
        assert not prints.bits[~prints.present].any()


@pytest.fixture(scope="session")
def standard_for_all(draw_up: DrawUp) -> Agreement:
    return draw_up(scheme=Scheme.published("standard/1"))


def test_progress_counts_records_chunk_by_chunk(
    standard: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "CHUNK", 2)
    told: list[int] = []
    records = Records.from_rows([FULL] * 5, role="sought")
    encode(records, standard, Keys.throwaway(standard, seed=1), progress=told.append)
    assert told == [2, 4, 5]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that can't cope with one name."""
    view = VIEWS["name.skeleton/1"]

    def tokens(part: str) -> Iterable[str]:
        if part == "qzxcanary":
            raise RuntimeError(part)
        return view.tokens(part)

    monkeypatch.setitem(VIEWS, "name.skeleton/1", replace(view, tokens=tokens))
    monkeypatch.setattr(encoding, "CHUNK", 2)


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_record_that_fails_is_told_and_the_rest_goes_on(
    standard: Agreement, workers: int
) -> None:
    rows = [{**FULL, "given_name": f"Ana {i}"} for i in range(7)]
    before = encoded(standard, *rows)
    assert before.findings == ()
    rows[1] = {**rows[1], "given_name": "Qzxcanary"}
    rows[4] = {**rows[4], "mother_name": "Qzxcanary Ana", "family_name": "Qzxcanary"}
    found = encoded(standard, *rows, workers=workers)
    told = [(one.rule.name, one.field, one.rows.tolist()) for one in found.findings]
    assert told == [
        ("value_not_encoded", "family_name", [4]),
        ("value_not_encoded", "given_name", [1]),
        ("value_not_encoded", "mother_name", [4]),
    ]
    rest = [0, 2, 3, 5, 6]
    for name, prints in found.passes.items():
        assert prints.present.tolist() == [i in rest for i in range(7)]
        assert not prints.bits[[1, 4]].any()
        np.testing.assert_array_equal(prints.bits[rest], before.passes[name].bits[rest])


@pytest.mark.parametrize("workers", [1, 3])
def test_an_encoding_makes_what_is_asked_for_in_the_order_asked(
    standard: Agreement, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(encoding, "CHUNK", 3)
    records = Records.from_rows([{"given_name": f"Ana {i}"} for i in range(10)], role="sought")
    keys = Keys.throwaway(standard, seed=1)
    whole = encode(records, standard, keys)
    lazy = Encoding(records, standard, keys, workers=workers)
    keys.wipe()
    order = np.random.default_rng(1).permutation(10)
    for source in (lazy, whole):
        pieces = list(source.in_order(order))
        assert [len(rows) for rows, _ in pieces] == [3, 3, 3, 1]
        np.testing.assert_array_equal(np.concatenate([rows for rows, _ in pieces]), order)
        for name, prints in whole.passes.items():
            bits = np.concatenate([made.passes[name].bits for _, made in pieces])
            np.testing.assert_array_equal(bits, prints.bits[order])


def test_no_more_is_encoded_than_is_taken(
    standard: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or memory would not be bounded by the chunk."""
    monkeypatch.setattr(encoding, "CHUNK", 1)
    records = Records.from_rows([FULL] * 20, role="sought")
    made: list[int] = []
    encode_chunk = Encoding._encode

    def counted(self: Encoding, rows: np.ndarray) -> object:
        made.append(int(rows[0]))
        return encode_chunk(self, rows)

    monkeypatch.setattr(Encoding, "_encode", counted)
    for workers, most in ((1, 1), (2, 3)):
        made.clear()
        keys = Keys.throwaway(standard, seed=1)
        pieces = Encoding(records, standard, keys, workers=workers).in_order(np.arange(20))
        next(pieces)
        assert len(made) <= most
        pieces.close()


@pytest.fixture(scope="module")
def bare(draw_up: DrawUp) -> Agreement:
    """One unhardened pass with a floor, in which bits can be counted."""
    name = Attribute(name="name", views=(View(name="name.bigrams/1", each=10, most=100),))
    part = Pass(name="bare", attributes=(name,), needs=(("name",),), bits=1024, floor=80)
    return draw_up(scheme=Scheme(name="bare", version=1, passes=(part,)))


def test_no_filter_holds_fewer_bits_than_the_floor(bare: Agreement) -> None:
    rows = [{"record_id": str(i), "given_name": "a" * i or None} for i in range(4)]
    rows += [{"record_id": "x", "given_name": "Alexandra Magdalena"}]
    prints = encoded(bare, *rows).passes["bare"]
    weights = np.bitwise_count(prints.bits).sum(axis=1).tolist()
    assert weights[:4] == [0, 80, 80, 80]
    assert 80 < weights[4] <= 100
    assert prints.present.tolist() == [False, True, True, True, True]


def test_two_records_of_whom_little_is_known_are_not_alike_for_it(bare: Agreement) -> None:
    """They share their tokens, 20 bits of 80; what fills them up is each record's own."""
    rows = [{"record_id": str(i), "given_name": "a"} for i in range(2)]
    bits = encoded(bare, *rows, rows[0]).passes["bare"].bits
    shared = int(np.bitwise_count(bits[0] & bits[1]).sum())
    assert 15 <= shared <= 35
    np.testing.assert_array_equal(bits[0], bits[2])


def test_nearer_names_are_nearer(standard: Agreement) -> None:
    names = ["Alexandra", "Olexandra", "Aleksandra", "Roksolana"]
    rows = [{**FULL, "given_name": f"{name} Magdalena"} for name in names]
    strangers = {name: f"stranger {i} of no name like" for i, name in enumerate(TEXT)}
    found = encoded(standard, *rows, {**FULL, **strangers, "birth_date": "1950-05-06", "sex": "m"})
    by_bigrams = [distances(found, 0, other)["name_birth"] for other in range(5)]
    assert by_bigrams == sorted(by_bigrams)
    assert by_bigrams[0] == 0
    assert all(900 < far < 1150 for far in distances(found, 0, 4).values())  # 1024 is at random


def test_each_pass_has_keys_of_its_own(standard: Agreement) -> None:
    """Two passes that encode the same would have the same bits under the same keys."""
    part = standard.scheme.passes[0]
    twin = part.model_copy(update={"name": "twin"})
    agreement = standard.model_copy(
        update={"scheme": Scheme(name="twins", version=1, passes=(part, twin))}
    )
    found = encoded(agreement, FULL).passes
    differ = np.bitwise_count(found[part.name].bits ^ found["twin"].bits).sum()
    assert 850 < differ < 1200


@pytest.mark.parametrize("change", ["seed", "agreement", "epoch"])
def test_another_key_gives_other_bits(draw_up: DrawUp, change: str) -> None:
    scheme = Scheme.published("standard/1")
    terms: dict[str, object] = {
        "seed": {},
        "agreement": {"agreement_id": "cd" * 16},
        "epoch": {"key_epoch": 2},
    }[change]  # type: ignore[assignment]  # of three kinds of value
    one = encoded(draw_up(scheme=scheme), FULL)
    other = encoded(draw_up(scheme=scheme, **terms), FULL, seed=2 if change == "seed" else 1)
    for name, prints in one.passes.items():
        differ = np.bitwise_count(prints.bits ^ other.passes[name].bits).sum()
        assert 850 < differ < 1200


def test_keys_of_something_else_are_refused_with_both_values(
    draw_up: DrawUp, standard: Agreement, bare: Agreement
) -> None:
    records = Records.from_rows([FULL], role="sought")
    other = draw_up(scheme=standard.scheme, agreement_id="cd" * 16)
    later = draw_up(scheme=standard.scheme, key_epoch=7)
    for agreement, values in (
        (other, ("agreement", "ab" * 16, "cd" * 16)),
        (later, ("epoch 1", "has 7")),
        (bare, ("scheme", "standard/1", "bare/1")),
    ):
        with pytest.raises(MismatchError) as caught:
            encode(records, agreement, Keys.throwaway(standard, seed=1))
        assert all(value in str(caught.value) for value in values)


@pytest.mark.parametrize(
    ("attribute", "view"), [("name", "name.runes/9"), ("shoe_size", "name.bigrams/1")]
)
def test_a_scheme_of_a_later_release_is_refused(draw_up: DrawUp, attribute: str, view: str) -> None:
    unknown = Attribute(name=attribute, views=(View(name=view, each=1, most=1),))
    part = Pass(name="new", attributes=(unknown,), needs=(), bits=64, floor=0)
    agreement = draw_up(scheme=Scheme(name="later", version=1, passes=(part,)))
    with pytest.raises(AgreementError, match="later/1, pass new: attribute"):
        encoded(agreement, FULL)


def test_wiped_keys_encode_nothing(standard: Agreement) -> None:
    keys = Keys.throwaway(standard, seed=1)
    keys.wipe()
    with pytest.raises(ValueError, match="wiped"):
        encode(Records.from_rows([FULL], role="sought"), standard, keys)


def test_a_fingerprint_shows_nothing(standard: Agreement) -> None:
    found = encoded(standard, FULL)
    shown = repr(found) + repr(next(iter(found.passes.values())))
    assert "lexandra" not in shown
    assert len(shown) < 300
