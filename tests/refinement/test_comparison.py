"""What the attributes of two records come to: the cases that only whole attributes can tell."""

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError
from refining_cases import compared, outcomes

from matcher.decisions.refinement.comparison import Compared
from matcher.decisions.refinement.outcomes import NAMES, OUTCOMES
from matcher.decisions.refinement.weights import RefinementModel, Rising, levels_of
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
    "last_seen_date": "2016-05-20",
    "last_seen_place": "Homs",
}


@pytest.fixture(scope="module")
def agreement(draw_up: DrawUp) -> Agreement:
    return draw_up()


@pytest.fixture(scope="module")
def model() -> RefinementModel:
    return RefinementModel.published()


def usual(found: Compared) -> np.ndarray:
    """A score of the passes as candidates mostly have it."""
    return np.full(len(found.outcomes), 16.0)


def band(model: RefinementModel, found: Compared, row: int = 0) -> str:
    return np.append(BANDS, "none")[model.bands_of(found, usual(found))[row]]


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
        "last_seen_place": "حمص",
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
    of_kin, of_himself = model.scores(found, usual(found))
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
        ("Nasser Street 14, Homs", "Nasser Street 14, Homs", "same address"),
        ("Nasser Street 14, Homs", "Naser Street 14, Homs", "very alike address"),
        ("Nasser Street 14, Homs", "Nasser Street 3b, Damascus", "alike address"),
        ("Nasser Street 14, Homs", "Khalid Lane 77, Homs", "same town"),
        ("Nasser Street 14, Homs", "Homs", "same town"),
    ],
)
@pytest.mark.parametrize(
    ("column", "attribute"),
    [("birth_place", "birth_place"), ("residence", "residence"),
     ("last_seen_place", "separation_place")],
)  # fmt: skip
def test_places(
    column: str, attribute: str, left: str, right: str, expected: str, agreement: Agreement
) -> None:
    rows = [{column: left}], [{column: right}]
    assert outcomes(compared(*rows, agreement)) == {attribute: expected}


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2015-06-10", "2015-06-10", "same day"),
        ("2015-06-10", "2015-06-16", "days apart"),
        ("2015-12-30", "2016-01-02", "days apart"),
        ("2015-06-10", "2015-06-28", "same month"),
        ("2015-06-10", "2015-06", "same month"),
        ("2015-12", "2016-01", "months apart"),
        ("2015-06-10", "2015-09", "other months of a year"),
        ("2015-06-10", "2015", "years that can meet"),
        ("2015-06-10", "2015-01-01", "years that can meet"),
        ("2010s", "2015-06", "years that can meet"),
        ("2014-03", "2015-06", "a year apart"),
        ("2010s", "2020-06", "a year apart"),
        ("2013", "2015", "two years apart"),
        ("2012", "2015", "years apart"),
        ("1990s", "2015-06-10", "years apart"),
    ],
)
def test_separations(left: str, right: str, expected: str, agreement: Agreement) -> None:
    rows = [{"last_seen_date": left}], [{"last_seen_date": right}]
    assert outcomes(compared(*rows, agreement)) == {"separation": expected}
    assert outcomes(compared(*reversed(rows), agreement)) == {"separation": expected}


def test_separations_that_cannot_meet_count_against(
    agreement: Agreement, model: RefinementModel
) -> None:
    rows = [
        SON,
        {**SON, "last_seen_date": "2012", "last_seen_place": "Kabul"},
        {name: cell for name, cell in SON.items() if not name.startswith("last_seen")},
    ]
    found = compared([SON] * 3, rows, agreement)
    together, apart, silent = model.scores(found, usual(found))
    assert together > silent > apart
    weights = dict(zip(OUTCOMES, model.weights(found)[2], strict=True))
    assert weights["separation"] == weights["separation_place"] == 0


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


def test_two_empty_records_are_no_candidate(agreement: Agreement, model: RefinementModel) -> None:
    found = compared([{}], [{}], agreement)
    assert not found.outcomes.any()
    assert band(model.model_copy(update={"intercept": 200.0}), found) == "none"
    together = {"last_seen_date": "2016-05-20", "sex": "f", "nationality": "SYR"}
    found = compared([together], [together], agreement)  # a day on which many were parted
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


def test_what_the_passes_said_counts_on(agreement: Agreement, model: RefinementModel) -> None:
    found = compared([SON] * 4, [SON] * 4, agreement)
    passes = np.array([0.0, 10.0, 18.0, 100.0])
    scores = model.scores(found, passes)
    assert list(scores) == sorted(scores)
    assert scores[0] < scores[2]
    assert np.allclose(scores - scores[0], model.weights_of_passes(passes))
    generous = model.model_copy(update={"intercept": 200.0})
    little = {"given_name": "Xhevahire", "birth_date": "1990", "sex": "f", "nationality": "XKX"}
    little_found = compared([little], [little], agreement)
    assert generous.bands_of(little_found, np.array([500.0])) == [BANDS.index("weak")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scores": (0.0, 1.0), "bits": (1.0, 0.0)},
        {"scores": (1.0, 1.0), "bits": (0.0, 1.0)},
        {"scores": (0.0, 1.0), "bits": (0.0,)},
        {"scores": (0.0,), "bits": (0.0,)},
    ],
)
def test_a_weight_that_falls_with_the_score_is_none(wrong: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValidationError):
        Rising.model_validate(wrong)


def test_the_model_is_whole_and_monotone(model: RefinementModel) -> None:
    ladder = ("unlike", "hardly alike", "little alike", "rather alike", "alike", "very alike")
    for name in NAMES:
        rising = [model.outcomes[name][step] for step in ladder]
        assert rising == sorted(rising)
        assert list(model.classes[name]) == sorted(model.classes[name])
    assert model.digest == RefinementModel.published().digest
    assert model.digest != model.model_copy(update={"intercept": 0.0}).digest
