"""From a size and a seed to requests, register and truth."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from datasets.tracing import addresses, cases, families, separations
from datasets.tracing.addresses import Streets
from datasets.tracing.cases import REGISTERED, SOUGHT, Rows
from datasets.tracing.cultures import CULTURES
from datasets.tracing.dates_written import iso
from datasets.tracing.dice import Dice, Ints, Texts
from datasets.tracing.families import LAST_BIRTH, People
from datasets.tracing.kinship import RELATIONS
from datasets.tracing.lexicon import Lexicon, load, script_of
from datasets.tracing.name_parts import Side
from datasets.tracing.records import write_records
from datasets.tracing.separations import Separations

_STRANGERS_PER_FAMILY = 4  # so many members always exist
_ADULT, _ELDERLY = 18, 65


@dataclass(frozen=True, repr=False)
class TracingSet:
    """Two files and the truth between them; the files have the canonical columns, all strings.

    Attributes:
        requests: By `case_id`: an enquirer, one to three sought persons with their `relation` to
            the enquirer, and at times further kin.
        register: The registered persons, in random order.
        truth: One row for each sought person who is registered: `request_id, register_id,
            person, family, culture, relation, born` (the true day), `age_group` (child, adult,
            elderly, at the end of 2022), `scripts` (as in `Arab>Latn`), and what happened to the
            names, dates and places of either record, as columns that begin with `request_` and
            `register_`; `datasets.tracing.records.write_records` says which.
        reciprocal: Requests that were made at the society of the register, as `requests` are at
            the other; none unless they are asked for.
        both_ways: One row for each person who stands in both files of requests: `request_id,
            register_id`, their `request_role` and `register_role`, and `person`.
    """

    requests: pd.DataFrame
    register: pd.DataFrame
    truth: pd.DataFrame
    reciprocal: pd.DataFrame
    both_ways: pd.DataFrame

    def __repr__(self) -> str:
        sizes = [len(frame) for frame in (self.requests, self.register, self.truth)]
        return "TracingSet({} request rows, {} registered, {} true pairs)".format(*sizes)


def generate(
    requests: int, register: int, seed: int, *, reciprocal: int = 0, detailed: bool = False
) -> TracingSet:
    """Generate a tracing set.

    About 30 % of the sought persons are registered, but never more than half of the register is
    sought; a fifth of the others there are kin of people in a case. Nobody but sought persons
    stands in both files, and nobody twice in one, so the truth is complete.

    Args:
        requests: Number of tracing requests, that is cases; each has about three rows.
        register: Number of registered persons.
        seed: Same numbers and seed, same frames, on every platform.
        reciprocal: Number of requests at the register's society, half of them of families with a
            request at the other. They are drawn after all else, so they change nothing else.
        detailed: Whether registered persons too say when and where they were parted from their
            families, and residences may have a street and a number. That is drawn last, and
            changes nothing but `last_seen_date`, `last_seen_place` and `residence` of sought and
            registered persons; the truth has columns on it.

    Returns:
        The set. Record ids number the rows of a file and say nothing about the pairs.

    Raises:
        ValueError: A number is less than 1, or the seed is negative.
    """
    if requests < 1 or register < 1 or reciprocal < 0:
        raise ValueError("requests and register must each be at least 1, reciprocal at least 0.")
    dice, lexicon = Dice(seed), load()
    people = families.found(dice, lexicon, requests)
    strangers_from = len(people)
    asked = cases.requests(dice, people)
    sought = cases.found(dice, asked, register)
    kin = cases.relatives(dice, people, asked, register - len(sought))
    chosen = np.concatenate([sought, kin])
    number = -(-(register - len(chosen)) // _STRANGERS_PER_FAMILY)
    people = People.joined(people, families.found(dice, lexicon, number))
    met = cases.registered(dice, people, chosen, strangers_from, register)

    request_people, register_people = people.take(asked.person), people.take(met.person)
    request_file, request_happened = write_records(
        dice, lexicon, request_people, asked, "request", ids="T"
    )
    register_file, register_happened = write_records(
        dice, lexicon, register_people, met, "register", ids="G"
    )
    back = cases.reciprocal(dice, people, asked, met.person, reciprocal)
    back_file, back_happened = write_records(
        dice, lexicon, people.take(back.person), back, "register", ids="H"
    )
    left, right = _pairs(asked, met)
    truth = {
        "request_id": request_file["record_id"].to_numpy()[left],
        "register_id": register_file["record_id"].to_numpy()[right],
        **_about(request_people.take(left), asked, left),
        "scripts": request_happened["script"][left] + ">" + register_happened["script"][right],
        **{f"request_{name}": column[left] for name, column in request_happened.items()},
        **{f"register_{name}": column[right] for name, column in register_happened.items()},
    }
    made = TracingSet(
        request_file,
        register_file,
        pd.DataFrame(truth),
        back_file,
        _both_ways(asked, back, request_file, back_file),
    )
    if not detailed:
        return made
    streets = addresses.streets(dice, lexicon, people)
    events = separations.happened(dice, lexicon, people)

    def told(
        frame: pd.DataFrame, happened: dict[str, Texts], rows: Rows, side: Side
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        return _in_detail(dice, lexicon, people, events, streets, frame, happened, rows, side)

    told_here, request_detail = told(request_file, request_happened, asked, "request")
    told_there, register_detail = told(register_file, register_happened, met, "register")
    told_back, _ = told(back_file, back_happened, back, "request")
    happened = {
        "parted_on": iso(events.day[asked.person[left]]),
        **{f"request_{name}": column for name, column in request_detail.iloc[left].items()},
        **{f"register_{name}": column for name, column in register_detail.iloc[right].items()},
    }
    columns = {name: np.asarray(column) for name, column in happened.items()}
    return replace(
        made,
        requests=told_here,
        register=told_there,
        reciprocal=told_back,
        truth=made.truth.assign(**columns),
    )


def _in_detail(
    dice: Dice,
    lexicon: Lexicon,
    people: People,
    events: Separations,
    streets: Streets,
    frame: pd.DataFrame,
    happened: dict[str, Texts],
    rows: Rows,
    side: Side,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell more of sought and registered persons; and give what happened, row by row."""
    scripts = np.array([script_of(name) for name in frame["given_name"]], np.int64)
    of_rows = people.take(rows.person)
    columns, parted = separations.told(
        dice, lexicon, of_rows, events.take(rows.person), side=side, scripts=scripts
    )
    residence, written = addresses.written(
        dice,
        lexicon,
        streets.take(rows.person),
        frame["residence"].to_numpy(),
        happened["residence_written"] == "home",
        scripts,
        side=side,
    )
    of_interest = (rows.role == SOUGHT) | (rows.role == REGISTERED)
    told = {name: np.where(of_interest, column, "") for name, column in columns.items()}
    told["residence"] = np.where(of_interest, residence, frame["residence"])
    return frame.assign(**told), pd.DataFrame(parted | written)


def with_reciprocal(
    requests: int, register: int, seed: int, reciprocal: int, *, detailed: bool = False
) -> TracingSet:
    """Generate a tracing set whose second file is all that the register's society holds.

    Its requests stand behind the registered persons, and the truth has the pairs of sought persons
    here with enquirers and sought persons there too, without what happened to them.
    """
    made = generate(requests, register, seed, reciprocal=reciprocal, detailed=detailed)
    sought = made.both_ways["request_role"] == "sought"
    compared = sought & made.both_ways["register_role"].isin(["enquirer", "sought"])
    pairs = made.both_ways.loc[compared, ["request_id", "register_id", "person"]]
    return replace(
        made,
        register=pd.concat([made.register, made.reciprocal], ignore_index=True),
        truth=pd.concat([made.truth, pairs], ignore_index=True).fillna(""),
    )


def _both_ways(
    asked: Rows, back: Rows, request_file: pd.DataFrame, back_file: pd.DataFrame
) -> pd.DataFrame:
    _, left, right = np.intersect1d(
        asked.person, back.person, assume_unique=True, return_indices=True
    )
    order = np.argsort(left, kind="stable")
    left, right = left[order], right[order]
    return pd.DataFrame(
        {
            "request_id": request_file["record_id"].to_numpy()[left],
            "register_id": back_file["record_id"].to_numpy()[right],
            "request_role": request_file["role"].to_numpy()[left],
            "register_role": back_file["role"].to_numpy()[right],
            "person": asked.person[left],
        }
    )


def _pairs(asked: Rows, met: Rows) -> tuple[Ints, Ints]:
    """Rows of the requests and of the register about one person, in the requests' order."""
    sought = np.flatnonzero(asked.role == SOUGHT)
    _, in_sought, in_met = np.intersect1d(
        asked.person[sought], met.person, assume_unique=True, return_indices=True
    )
    order = np.argsort(in_sought, kind="stable")
    return sought[in_sought[order]], in_met[order]


def _about(people: People, asked: Rows, rows: Ints) -> dict[str, Ints | Texts]:
    years = (LAST_BIRTH - people.born) / 365.25
    groups = np.array(["child", "adult", "elderly"], dtype=object)
    return {
        "person": asked.person[rows],
        "family": people.family_no,
        "culture": np.array([c.name for c in CULTURES], dtype=object)[people.culture],
        "relation": np.array(RELATIONS, dtype=object)[asked.relation[rows]],
        "born": iso(people.born),
        "age_group": groups[np.searchsorted([_ADULT, _ELDERLY], years, side="right")],
    }
