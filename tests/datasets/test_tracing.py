"""The tracing set: it repeats, its shares are as promised, its truth is true of every pair."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rapidfuzz.distance import OSA

from datasets import tracing, write
from datasets.columns import COLUMNS
from datasets.tracing.cultures import CULTURES, SCRIPTS
from datasets.tracing.kinship import RELATIONS
from datasets.tracing.lexicon import load, script_of
from datasets.tracing.slips import with_slip

VECTORS = Path(__file__).parent.parent / "vectors" / "tracing.json"
NAME_COLUMNS = ["given_name", "father_name", "grandfather_name", "family_name", "mother_name"]


@pytest.fixture(scope="module")
def data() -> tracing.TracingSet:
    return tracing.generate(4000, 12000, seed=1)


@pytest.fixture(scope="module")
def sides(data: tracing.TracingSet) -> dict[str, pd.DataFrame]:
    """For each side, the records of the true pairs, in the truth's order."""
    return {
        side: getattr(data, frame).set_index("record_id").loc[data.truth[f"{side}_id"]]
        for side, frame in (("request", "requests"), ("register", "register"))
    }


def digests(data: tracing.TracingSet, folder: Path) -> dict[str, str]:
    return {
        name: hashlib.sha256(write(getattr(data, name), folder / name).read_bytes()).hexdigest()
        for name in ("requests", "register", "truth")
    }


def test_same_seed_same_bytes_for_good(tmp_path: Path) -> None:
    found = digests(tracing.generate(60, 200, seed=20240229), tmp_path)
    assert found == json.loads(VECTORS.read_text(encoding="utf-8"))["sha256"]


def test_another_seed_is_another_set() -> None:
    one, other = (tracing.generate(60, 200, seed=seed).requests for seed in (1, 2))
    assert not one["given_name"].head(50).equals(other["given_name"].head(50))


@pytest.mark.parametrize(("requests", "register"), [(1, 1), (1, 50), (40, 1), (300, 30)])
def test_any_two_sizes(requests: int, register: int) -> None:
    data = tracing.generate(requests, register, seed=3)
    assert data.requests["case_id"].nunique() == requests
    assert len(data.register) == register
    assert len(data.truth) <= register / 2


@pytest.mark.parametrize("sizes", [(0, 5), (5, 0), (-1, 5)])
def test_nothing_to_generate_is_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        tracing.generate(*sizes, seed=1)


def test_a_strict_reader_takes_every_cell(data: tracing.TracingSet) -> None:
    for frame in (data.requests, data.register):
        assert tuple(frame.columns) == COLUMNS
        assert frame.map(type).eq(str).all(axis=None)
        assert frame["record_id"].is_unique
        assert frame["given_name"].ne("").all()
        assert set(frame["sex"]) == {"", "m", "f"}
        assert set(frame["calendar"]) == {"", "gregorian"}
        assert frame["birth_date"].str.fullmatch(r"(\d{4}(-\d\d){0,2})?").all()
        days = frame["birth_date"][frame["birth_date"].str.len() == 10]
        assert pd.to_datetime(days, format="%Y-%m-%d").dt.year.between(1900, 2022).all()
        told = frame["age"] != ""
        assert frame["age"][told].astype(int).between(0, 120).all()
        assert frame["age_on"][told].str.fullmatch(r"202[34]-\d\d-\d\d").all()
        assert frame["age_on"][~told].eq("").all()
        assert (frame["birth_date"][told] == "").all()
        for column in COLUMNS:
            assert not frame[column].str.contains(r"^\s|\s$|\s\s|[|~/=]").any(), column
    assert set(data.register["role"]) == {"registered"}
    assert set(data.requests["relation"]) <= {"", *RELATIONS}


def test_each_case_has_one_enquirer_and_seeks_somebody(data: tracing.TracingSet) -> None:
    roles = pd.crosstab(data.requests["case_id"], data.requests["role"])
    assert (roles["enquirer"] == 1).all()
    assert roles["sought"].between(1, 3).all()
    assert roles["sought"].max() == 3
    assert roles["kin"].between(0, 2).all()
    enquirers = data.requests["role"] == "enquirer"
    assert (data.requests["relation"][enquirers] == "").all()
    assert (data.requests["relation"][~enquirers] != "").all()


def test_shares_are_as_promised(data: tracing.TracingSet) -> None:
    sought = (data.requests["role"] == "sought").sum()
    assert len(data.truth) == round(0.3 * sought)
    assert len(data.truth) < 0.5 * len(data.register)
    for frame in (data.requests, data.register):
        nothing = (frame["birth_date"] == "") & (frame["age"] == "")
        assert nothing.mean() == pytest.approx(1 / 5, abs=0.02)
        assert frame["birth_date"].str.endswith("-01-01").mean() == pytest.approx(1 / 3, abs=0.02)
        assert (frame["age"] != "").mean() == pytest.approx(0.1, abs=0.02)
    scripts = data.requests["given_name"].map(script_of).value_counts(normalize=True)
    assert scripts.min() > 0.02
    assert len(scripts) == len(SCRIPTS)
    assert set(data.truth["culture"]) == {culture.name for culture in CULTURES}
    assert (data.truth["scripts"].str[:4] != data.truth["scripts"].str[5:]).mean() > 0.3


def test_ids_give_no_pair_away(data: tracing.TracingSet) -> None:
    assert not set(data.requests["record_id"]) & set(data.register["record_id"])
    assert set(data.register["case_id"]) == {""}
    numbers = data.truth[["request_id", "register_id"]].map(lambda text: int(text[1:]))
    assert abs(np.corrcoef(numbers.to_numpy().T)[0, 1]) < 0.08
    found = data.requests["record_id"].isin(data.truth["request_id"])
    assert abs(found.head(3000).mean() - found.tail(3000).mean()) < 0.05


def test_truth_names_sought_and_registered_once_each(data: tracing.TracingSet) -> None:
    sought = data.requests.loc[data.requests["role"] == "sought", "record_id"]
    assert data.truth["request_id"].isin(sought).all()
    assert data.truth["register_id"].isin(data.register["record_id"]).all()
    for column in ("request_id", "register_id", "person"):
        assert data.truth[column].is_unique


def test_birth_columns_are_true_of_the_pair(
    data: tracing.TracingSet, sides: dict[str, pd.DataFrame]
) -> None:
    for side, records in sides.items():
        written = records["birth_date"].to_numpy()
        for date, age, on, born, kind, error in zip(
            written,
            records["age"],
            records["age_on"],
            data.truth["born"],
            data.truth[f"{side}_birth"],
            data.truth[f"{side}_birth_error"],
            strict=True,
        ):
            expected = {
                "missing": "",
                "age": "",
                "year": born[:4],
                "month": born[:7],
                "day": born,
                "artefact": f"{born[:4]}-01-01",
            }[kind]
            if error == "day_month_swapped":
                expected = f"{born[:4]}-{born[8:]}-{born[5:7]}"
            if error == "year_off":
                assert 1 <= abs(int(date[:4]) - int(born[:4])) <= 2
                assert date[4:] == expected[4:] or (born[5:], date[5:]) == ("02-29", "02-28")
            else:
                assert date == expected
            assert (age != "") == (kind == "age")
            if kind == "age":
                true_age = int(on[:4]) - int(born[:4]) - (on[5:] < born[5:])
                off = abs(int(age) - true_age)
                assert (1 <= off <= 2) if error == "age_off" else off == 0


def test_script_column_is_true_of_the_pair(
    data: tracing.TracingSet, sides: dict[str, pd.DataFrame]
) -> None:
    for side, records in sides.items():
        for column in NAME_COLUMNS:
            texts = records[column].to_numpy()
            scripts = np.array([SCRIPTS[script_of(text)] for text in texts])
            assert ((scripts == data.truth[f"{side}_script"]) | (texts == "")).all()
    both = data.truth["request_script"] + ">" + data.truth["register_script"]
    assert both.equals(data.truth["scripts"])


def test_name_parts_are_true_of_the_pair(
    data: tracing.TracingSet, sides: dict[str, pd.DataFrame]
) -> None:
    for side, records in sides.items():
        parts = data.truth[f"{side}_name_parts"].str.split().to_numpy()
        for column, words in (
            ("father_name", {"father", "patronymic"}),
            ("grandfather_name", {"grandfather"}),
            ("family_name", {"family", "father-as-family", "grandfather-as-family"}),
        ):
            promised = np.array([bool(words & set(part)) for part in parts])
            assert ((records[column].to_numpy() != "") == promised).all(), column
        mother = data.truth[f"{side}_mother"].to_numpy()
        assert ((records["mother_name"].to_numpy() == "") == (mother == "missing")).all()


def attested(culture: int, kind: str) -> set[str]:
    lexicon = load()
    first, length = lexicon.range(culture, kind)
    return spelled(range(first, first + length))


def spelled(names: range) -> set[str]:
    table = load().spellings
    return {
        table.forms[table.first[name, script] + form]
        for name in names
        for script in range(len(SCRIPTS))
        for form in range(table.count[name, script])
    }


def test_swaps_slips_and_pet_names_are_true_of_the_pair(
    data: tracing.TracingSet, sides: dict[str, pd.DataFrame]
) -> None:
    lexicon = load()
    seen = dict.fromkeys(("swapped", "slip", "pet_name", "clean"), 0)
    for number, culture in enumerate(CULTURES):
        if culture.second_given or culture.two_surnames:
            continue  # two names in one cell: not one spelling of one name
        given = attested(number, "male") | attested(number, "female")
        first, _ = lexicon.range(number, "male")
        last, length = lexicon.range(number, "female")
        pets = {
            lexicon.pet_names.forms[lexicon.pet_names.first[name, script] + form]
            for name in range(first, last + length)
            for script in range(len(SCRIPTS))
            for form in range(lexicon.pet_names.count[name, script])
        }
        for side, records in sides.items():
            truth = data.truth[(data.truth["culture"] == culture.name).to_numpy()]
            rows = records[(data.truth["culture"] == culture.name).to_numpy()]
            for record, (_, fate) in zip(rows.to_dict("records"), truth.iterrows(), strict=True):
                is_swapped = fate[f"{side}_swapped"] == "yes"
                column = "family_name" if is_swapped else "given_name"
                own = record[column]
                known = pets if fate[f"{side}_pet_name"] == "yes" else given
                seen["swapped"] += is_swapped
                seen["pet_name"] += known is pets
                if fate[f"{side}_slip"] == column:
                    seen["slip"] += 1
                    assert min(OSA.distance(own, name) for name in known) <= 1
                else:
                    seen["clean"] += 1
                    assert own in known
    assert min(seen.values()) > 0, seen


def test_a_slip_is_one_step_from_what_was_meant() -> None:
    draws = np.random.Generator(np.random.PCG64(0)).random((4000, 3))
    for text in ("Ali", "Li", "عبد الله", "Олександр"):
        letters = "".join(sorted(set(text.lower()) | {"o", "x"}))
        for draw in draws[:1000]:
            assert OSA.distance(text, with_slip(text, letters, *draw)) == 1


def test_women_bear_womens_forms(data: tracing.TracingSet) -> None:
    womans = data.register["family_name"].str.fullmatch(".*(ова|єва|ева|ська|цька|ская|цкая)")
    mans = data.register["family_name"].str.fullmatch(".*(нов|ков|лов|ський|цький|ский|цкий)")
    assert womans.sum() > 10
    assert mans.sum() > 10
    assert (data.register["sex"][womans] == "m").mean() < 0.05
    assert (data.register["sex"][mans] == "f").mean() < 0.05


def test_sizes_of_the_lists_and_a_latin_spelling_of_every_name() -> None:
    lexicon = load()
    assert (lexicon.spellings.count[:, 0] > 0).all()
    for number, culture in enumerate(CULTURES):
        _, men = lexicon.range(number, "male")
        _, women = lexicon.range(number, "female")
        _, families = lexicon.range(number, "family")
        assert men + women >= 120, culture.name
        assert families >= 120 or culture.style == "chain", culture.name
        assert lexicon.range(number, "places")[1] >= 15, culture.name


def test_a_thousandfold_of_names_is_zipf_like(data: tracing.TracingSet) -> None:
    counts = data.register["given_name"].value_counts(normalize=True)
    assert 0.005 < counts.iloc[0] < 0.05
    assert (data.register["given_name"].value_counts() == 1).sum() > 50
