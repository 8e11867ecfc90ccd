"""What the attributes of two records come to: the cases that only whole attributes can tell."""

from collections.abc import Callable

import numpy as np
import pytest
from refining_cases import compared, outcomes

from matcher.decisions.refinement.comparison import Compared
from matcher.decisions.refinement.outcomes import NAMES, OUTCOMES
from matcher.decisions.refinement.weights import RefinementModel, levels_of
from matcher.formats.agreement import Agreement
from matcher.formats.vocabulary import BANDS, LEVELS

DrawUp = Callable[..., Agreement]

SON = {
    "given_name": "Omar",
    "father_name": "Khalid",
    "grandfather_name": "Yusuf",
    "family_name": "Haddad",
    "mother_name": "Layla",
    "birth_date": "1990-03-14",
    "sex": "m",
    "birth_place": "Homs",
    "residence": "Homs",
    "nationality": "SYR",
}


@pytest.fixture(scope="module")
def agreement(draw_up: DrawUp) -> Agreement:
    return draw_up()


@pytest.fixture(scope="module")
def model() -> RefinementModel:
    return RefinementModel.published()


def band(model: RefinementModel, found: Compared, row: int = 0) -> str:
    return np.append(BANDS, "none")[model.bands_of(found)[row]]


def test_one_person_agrees_in_all(agreement: Agreement, model: RefinementModel) -> None:
    found = compared([SON], [SON], agreement)
    assert set(levels_of(found)[0]) == {LEVELS.index("agree")}
    assert band(model, found) == "strong"


def test_one_person_in_two_scripts(agreement: Agreement, model: RefinementModel) -> None:
    arabic = {
        **SON,
        "given_name": "عمر",
        "father_name": "خالد",
        "grandfather_name": "يوسف",
        "family_name": "الحداد",
        "mother_name": "ليلى",
        "birth_place": "حمص",
        "residence": "حمص",
    }
    found = compared([SON], [arabic], agreement)
    levels = dict(zip(OUTCOMES, levels_of(found)[0].tolist(), strict=True))
    assert all(levels[name] <= LEVELS.index("close") for name in NAMES), outcomes(found)
    assert band(model, found) == "strong"


@pytest.mark.parametrize(
    ("who", "other"),
    [
        (
            "his father, of the same name",
            {"birth_date": "1962-07-02", "father_name": "Yusuf", "grandfather_name": "Ibrahim",
             "mother_name": "Fatima"},
        ),
        ("his brother", {"given_name": "Bilal", "birth_date": "1992-11-30"}),
        ("his twin", {"given_name": "Bilal"}),
        ("his twin sister", {"given_name": "Samira", "sex": "f"}),
        (
            "his cousin of the same name",
            {"father_name": "Nabil", "mother_name": "Huda", "birth_date": "1993-05-21"},
        ),
    ],
)  # fmt: skip
def test_kin_is_told_apart(
    who: str, other: dict[str, str], agreement: Agreement, model: RefinementModel
) -> None:
    found = compared([SON, SON], [{**SON, **other}, SON], agreement)
    of_kin, of_himself = model.scores(found)
    assert of_himself - of_kin > 8, who
    assert band(model, found) != "strong", who


def test_a_chain_that_skips_a_generation(agreement: Agreement) -> None:
    short = {"given_name": "Omar", "father_name": "Yusuf"}
    found = outcomes(compared([SON], [short], agreement))
    assert found["father"] == "same elsewhere"
    assert found["grandfather"] == "same elsewhere"
    assert found["given"] == "same letters"


def test_given_and_family_name_swapped(agreement: Agreement) -> None:
    swapped = {**SON, "given_name": "Haddad", "family_name": "Omar"}
    found = outcomes(compared([SON], [swapped], agreement))
    assert found["given"] == "swapped"
    assert found["family"] == "same elsewhere"
    once = outcomes(compared([SON], [{**SON, "given_name": "Haddad"}], agreement))
    assert once["given"] == "in the other's family name"


@pytest.mark.parametrize(
    ("left", "right", "year", "day"),
    [
        ("1990-03-14", "1990-03-14", "same", "same"),
        ("1990-03-14", "1990-03-15", "same", "a day apart"),
        ("1990-03-04", "1990-04-03", "same", "day and month swapped"),
        ("1990-03-14", "1990-03", "same", "same month"),
        ("1990-03-14", "1990-06", "same", "other"),
        ("1990-03-14", "1990", "same", None),
        ("1990-03-14", "1990-01-01", "same", None),
        ("1990-03-14", "1991-03-14", "one year", "same"),
        ("1990-03-14", "1988-05-20", "two years", "other"),
        ("1990-03-14", "1985-03-20", "three to six years", "other day of the same month"),
        ("1990-03-14", "1960-05-14", "a digit", "same day of another month"),
        ("1989-03-14", "1998-03-14", "a digit", "same"),
        ("1990-03-14", "1951-05-20", "far", "other"),
        ("1990-03-14", "1990s", "within an estimate", None),
        ("1990-03-14", "1970s", "far", None),
    ],
)
def test_births(left: str, right: str, year: str, day: str | None, agreement: Agreement) -> None:
    rows = [{"birth_date": left}], [{"birth_date": right}]
    expected = {"birth_year": year} | ({"birth_day": day} if day else {})
    assert outcomes(compared(*rows, agreement)) == expected
    assert outcomes(compared(*reversed(rows), agreement)) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Homs", "حمص", "same town"),
        ("Aleppo", "Damascus", "same country"),
        ("Aleppo", "Kyiv", "other country"),
        ("Qqzzville", "Qqzzville", "same words"),
        ("Qqzzville", "Bxbxtown", "other words"),
    ],
)
def test_places(left: str, right: str, expected: str, agreement: Agreement) -> None:
    rows = [{"birth_place": left}], [{"birth_place": right}]
    assert outcomes(compared(*rows, agreement)) == {"birth_place": expected}


def test_a_given_name_and_a_year_are_weak(agreement: Agreement, model: RefinementModel) -> None:
    """Also with sex and nationality, and were the name the rarest."""
    row = {"given_name": "Xhevahire", "birth_date": "1990", "sex": "f", "nationality": "XKX"}
    found = compared([row], [row], agreement)
    assert outcomes(found)["given"] == "same letters"
    assert band(model, found) == "weak"
    generous = model.model_copy(update={"intercept": 200.0})
    assert band(generous, found) == "weak"
    assert band(generous, compared([SON], [SON], agreement)) == "strong"


@pytest.mark.parametrize("name", ["Xhevahire", "Ana"])
def test_a_year_alone_is_no_candidate(
    name: str, agreement: Agreement, model: RefinementModel
) -> None:
    row = {"birth_date": "1990", "sex": "f", "nationality": "XKX"}
    found = compared([row], [{**row, "given_name": name}], agreement)
    assert band(model.model_copy(update={"intercept": 200.0}), found) == "none"


def test_absent_says_nothing(agreement: Agreement, model: RefinementModel) -> None:
    found = compared([SON], [{"given_name": "Omar"}], agreement)
    assert outcomes(found) == {"given": "same letters"}
    weights = model.weights(found)[0]
    assert not weights[levels_of(found)[0] == LEVELS.index("absent")].any()


def test_a_rarer_name_weighs_more(agreement: Agreement, model: RefinementModel) -> None:
    rows = [{"given_name": "Mohammed"}, {"given_name": "Xhevahire"}]
    found = compared(rows, rows, agreement)
    common, rare = found.classes[:, NAMES.index("given")]
    assert common < rare
    weights = model.weights(found)[:, list(OUTCOMES).index("given")]
    assert weights[0] < weights[1]


def test_sides_may_change_places(agreement: Agreement) -> None:
    other = {**SON, "given_name": "Haddad", "father_name": "Yusuf", "birth_date": "1989-03-14"}
    rows = [SON, other], [other, SON]
    one, back = compared(*rows, agreement), compared(*reversed(rows), agreement)
    assert np.array_equal(one.outcomes, back.outcomes)


def test_the_model_is_whole_and_monotone(model: RefinementModel) -> None:
    ladder = ("unlike", "hardly alike", "little alike", "rather alike", "alike", "very alike")
    for name in NAMES:
        rising = [model.outcomes[name][step] for step in ladder]
        assert rising == sorted(rising)
        assert list(model.classes[name]) == sorted(model.classes[name])
    assert model.digest == RefinementModel.published().digest
    assert model.digest != model.model_copy(update={"intercept": 0.0}).digest
