"""The labelled sets that everybody is measured on: two files and the truth between them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from datasets import febrl, tracing
from datasets.columns import COLUMNS

CENSUS_FILES = ("census.csv.gz", "cis.csv.gz")


@dataclass(frozen=True, repr=False)
class LabelledSet:
    """Two files in the canonical columns, all strings, "" absent, and the pairs of one person.

    Attributes:
        name: Short, as the table shows it.
        about: What it is, in words.
        requests: The persons sought, role sought alone.
        register: The registered persons.
        truth: `request_id, register_id`, every true pair once.
    """

    name: str
    about: str
    requests: pd.DataFrame
    register: pd.DataFrame
    truth: pd.DataFrame


def census_and_cis(folder: Path) -> LabelledSet:
    """Read the fictional census and administrative extract: names, sex and parts of birth dates.

    Addresses are left out, since they encode who is who. A date of which the year is missing has
    no form in the record model and is left out for everybody.

    Args:
        folder: Where `census.csv.gz` and `cis.csv.gz` lie.
    """
    census, cis = (
        pd.read_csv(folder / name, dtype=str, keep_default_na=False) for name in CENSUS_FILES
    )
    both = census[["person_id", "census_id"]].merge(cis[["person_id", "cis_id"]], on="person_id")
    return LabelledSet(
        "census and CIS",
        f"{len(census):,} and {len(cis):,} records of one fictional population: names, sex and "
        "birth date alone",
        _canonical(census, "census_id", "sought"),
        _canonical(cis, "cis_id", "registered"),
        both.set_axis(["person_id", "request_id", "register_id"], axis=1).drop(columns="person_id"),
    )


def febrl4() -> LabelledSet:
    """FEBRL 4, whole."""
    made = febrl.load()
    about = "5,000 fictional Australians, each registered once with errors"
    return LabelledSet("FEBRL 4", about, made.requests, made.register, made.truth)


def generated(cases: int, registered: int, seed: int) -> LabelledSet:
    """A generated tracing set, its sought persons alone."""
    return _sought_in(tracing.generate(cases, registered, seed), "tracing", seed)


def in_detail(cases: int, registered: int, seed: int) -> LabelledSet:
    """The same set with separations on both sides and addresses."""
    made = tracing.generate(cases, registered, seed, detailed=True)
    return _sought_in(made, "tracing in detail", seed)


def without_separations(labelled: LabelledSet) -> LabelledSet:
    """The same records, of which none says when and where people were parted."""
    nothing = dict.fromkeys(("last_seen_date", "last_seen_place"), "")
    return replace(
        labelled,
        name=f"{labelled.name}, without separations",
        requests=labelled.requests.assign(**nothing),
        register=labelled.register.assign(**nothing),
    )


def _sought_in(made: tracing.TracingSet, name: str, seed: int) -> LabelledSet:
    sought = made.requests[made.requests["role"] == "sought"].reset_index(drop=True)
    return LabelledSet(
        name,
        f"generated tracing set, seed {seed}: {len(sought):,} sought persons, of whom "
        f"{len(made.truth):,} are among {len(made.register):,} registered; eight cultures, "
        "four scripts",
        sought,
        made.register,
        made.truth[["request_id", "register_id"]],
    )


def all_sets(data: Path, cases: int, registered: int, seed: int) -> Iterator[LabelledSet]:
    """Every set there is: census and CIS only where their files lie in `data`."""
    if all((data / name).exists() for name in CENSUS_FILES):
        yield census_and_cis(data)
    yield febrl4()
    yield generated(cases, registered, seed)


def _canonical(people: pd.DataFrame, identifier: str, role: str) -> pd.DataFrame:
    frame = pd.DataFrame("", index=people.index, columns=list(COLUMNS), dtype=object)
    frame["record_id"] = people[identifier]
    frame["role"] = role
    frame["given_name"] = people["pername1"]
    frame["family_name"] = people["pername2"]
    frame["sex"] = people["sex"]
    year, month, day = (people[f"dob_{part}"] for part in ("year", "mon", "day"))
    month, day = (text.str.zfill(2).where(text != "", "") for text in (month, day))
    has_month = (year != "") & (month != "")
    whole = has_month & (day != "")
    frame["birth_date"] = year + ("-" + month).where(has_month, "") + ("-" + day).where(whole, "")
    return frame
