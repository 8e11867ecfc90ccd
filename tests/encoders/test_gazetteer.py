"""Places and nationalities by any of their names, and what two places share."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.gazetteer import country_codes, locate, says_no_country
from encoders.gazetteer.place import Place, codes
from encoders.views import ATTRIBUTES, VIEWS

ALEPPO, MARIUPOL, MOGADISHU, ADDIS_ABABA = "170063", "701822", "53654", "344979"


@pytest.mark.parametrize(
    ("place", "town"),
    [
        ("Aleppo", ALEPPO),
        ("حلب، سوريا", ALEPPO),
        ("Халеб", ALEPPO),
        ("HALEP / Suriye", ALEPPO),
        ("Mariupol", MARIUPOL),
        ("Маріуполь, Україна", MARIUPOL),
        ("Мариуполь", MARIUPOL),
        ("Muqdisho", MOGADISHU),
        ("Mogadiscio (Somalia)", MOGADISHU),
        ("አዲስ አበባ", ADDIS_ABABA),
    ],
)
def test_a_town_is_found_by_any_of_its_names(place: str, town: str) -> None:
    location = locate(place)
    assert location.towns == (town,)
    assert location.unknown == ()
    assert len(location.countries) == len(location.regions) == 1
    assert location.regions[0].startswith(f"{location.countries[0]}.")


def test_a_country_that_is_named_tells_towns_of_one_name_apart() -> None:
    assert locate("Paris").countries == ("FR",)
    assert locate("Paris, Texas, USA").countries == ("US",)
    assert locate("London, Canada").towns != locate("London").towns


def test_short_words_among_others_are_no_places() -> None:
    location = locate("12 de la Rue, Aleppo")
    assert location.countries == ("SY",)
    assert {"12", "de"} <= set(location.unknown)
    assert locate("DE").countries == ("DE",)


def test_what_is_not_known_remains_as_bigrams() -> None:
    place = Place("Zxqvillage, Syria")
    assert place.location.unknown == ("zxqvillage",)
    assert codes(place) == ("country SY",)
    assert list(VIEWS["place.unknown/1"](place)) == list(
        VIEWS["place.bigrams/1"](Place("Zxqvillage"))
    )


def test_places_share_the_more_the_nearer_they_are() -> None:
    def shared(one: str, other: str) -> int:
        return len(set(codes(Place(one))) & set(codes(Place(other))))

    assert len(codes(Place("Aleppo"))) == 7
    assert shared("Aleppo", "حلب") == 7
    assert shared("Aleppo", "Manbij") == 3
    assert shared("Aleppo", "Homs") == 1
    assert shared("Aleppo", "Kabul") == 0


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Syrian", "SY"),
        ("SYR", "SY"),
        ("sy", "SY"),
        ("سوري", "SY"),
        ("сирієць", "SY"),
        ("Syrienne", "SY"),
        ("Deutschland", "DE"),
        ("DDR", "DE"),
        ("Zaire", "CD"),
        ("Burma", "MM"),
        ("Nigerien", "NE"),
        ("Nigerian", "NG"),
        ("South Sudan", "SS"),
        ("ኢትዮጵያዊ", "ET"),
        ("افغانستان", "AF"),
        ("Côte d'Ivoire", "CI"),
        # Arabic words without their vowels look like codes: msr, mn, hnd.
        ("مصر", "EG"),
        ("عمان", "OM"),
        ("هند", "IN"),
        ("Áo", "AT"),
        ("ኤርትራ", "ER"),
        ("Afghanistán", "AF"),
        ("Демократична Республіка Конго", "CD"),
        ("Congo-Brazzaville", "CG"),
        ("مقدونيا الشمالية", "MK"),
        ("South Vietnam", "VN"),
        ("Upper Volta", "BF"),
        # The tables were made by today's romanisation of every script.
        ("ไทย", "TH"),
        ("বাংলাদেশ", "BD"),
        ("シリア", "SY"),
        ("မြန်မာ", "MM"),
        ("ശ്രീലങ്ക", "LK"),
    ],
)
def test_a_nationality_is_known_by_code_country_and_adjective(word: str, code: str) -> None:
    assert country_codes(word) == (code,)


def test_former_countries_stand_for_what_they_became() -> None:
    assert {"UA", "RU", "UZ"} < set(country_codes("USSR"))
    assert country_codes("Soviet") == country_codes("USSR")
    assert country_codes("Czechoslovakia") == ("CZ", "SK")
    assert {"RS", "BA"} < set(country_codes("Jugoslavija"))
    for written in ("SU", "SUN", "الاتحاد السوفيتي", "Радянський Союз", "Union soviétique"):
        assert country_codes(written) == country_codes("USSR")
    assert country_codes("Serbia and Montenegro") == country_codes("CS") == ("RS", "ME")


def test_a_name_that_two_countries_share_stands_for_both() -> None:
    assert country_codes("Congolese") == ("CD", "CG")
    assert country_codes("Korean") == ("KR", "KP")


def test_a_town_is_no_country_for_its_letters() -> None:
    assert locate("صنعاء").countries == ("YE",)


def test_several_nationalities_are_all_taken_and_unknown_ones_are_none() -> None:
    assert country_codes("Afghan / Iranian") == ("AF", "IR")
    assert country_codes("stateless") == country_codes("") == country_codes("?") == ()
    assert says_no_country("stateless")
    assert says_no_country("?")
    assert says_no_country("N/A")
    assert country_codes("N/A") == ()
    assert country_codes("NA") == ("NA",)
    assert country_codes("U.S.A.") == ("US",)
    assert not says_no_country("Atlantean")


@settings(deadline=None)  # the first call reads the tables
@given(st.text())
def test_no_text_raises(text: str) -> None:
    for name in ("place", "nationality"):
        value = ATTRIBUTES[name].read(text)
        for view in (view for label, view in VIEWS.items() if label.startswith(f"{name}.")):
            assert all(isinstance(token, str) for token in view(value))
