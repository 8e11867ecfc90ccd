"""The information floor, from plaintext to candidates: two who say little are no match."""

from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from encoders.batching import write_batch_of
from encoders.encoding import encode
from encoders.keys import Keys
from encoders.knowledge import knowledge_of, told_by
from encoders.records import Records
from matcher.decisions.candidates import Side, likely_pairs
from matcher.decisions.evidence import EvidenceModel
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, read_batch
from matcher.formats.scheme import Scheme, published
from matcher.formats.vocabulary import BANDS
from matcher.matching import Run, match

DrawUp = Callable[..., Agreement]
TODAY = date(2026, 6, 1)
SOMEBODY = {
    "given_name": "Yasmin",
    "father_name": "Ibrahim",
    "family_name": "Haddad",
    "mother_name": "Rana Khoury",
    "sex": "f",
    "birth_date": "1991-03-14",
    "birth_place": "Homs",
    "nationality": "SYR",
}


@pytest.fixture
def run(tmp_path: Path, draw_up: DrawUp) -> Callable[..., Run]:
    """Match one sought person with one registered."""

    def matched(
        *, sought: dict[str, str], registered: dict[str, str], scheme: str = "standard/1"
    ) -> Run:
        agreement = draw_up(scheme=Scheme.published(scheme))
        keys = Keys.throwaway(agreement, seed=1)
        batches: list[Batch] = []
        for society, role, row in (
            ("red-one", "sought", sought),
            ("red-two", "registered", registered),
        ):
            records = Records.from_rows([{"record_id": "1", **row}], role=role)
            path = tmp_path / society
            path.unlink(missing_ok=True)
            (tmp_path / f"{society}-refs").unlink(missing_ok=True)
            write_batch_of(
                encode(records, agreement, keys),
                records,
                society=society,
                agreement=agreement,
                path=path,
                references_path=tmp_path / f"{society}-refs",
            )
            batches.append(read_batch(path, agreement))
        return match(batches, agreement, on=TODAY)

    return matched


def band(run: Run) -> str | None:
    found = [BANDS[code] for one in run.compared for code in one.candidates.bands]
    return found[0] if found else None


@pytest.mark.parametrize("scheme", published())
@pytest.mark.parametrize("year", ["1991", "1991-01-01", "1991-03"])
@pytest.mark.parametrize(
    "more", [{}, {"sex": "f"}, {"other_names": "Yasmin Yasmina Yasmine"}, {"nationality": "SYR"}]
)
def test_a_given_name_and_a_year_are_weak_at_most(
    run: Callable[..., Run], scheme: str, year: str, more: dict[str, str]
) -> None:
    both = {"given_name": "Yasmin", "birth_date": year, **more}
    assert band(run(sought=both, registered=both, scheme=scheme)) in (None, "weak")


@pytest.mark.parametrize(
    ("columns", "bands"),
    [
        ((), {None}),
        (("sex",), {None}),
        (("sex", "nationality"), {None}),
        (("birth_date",), {None}),
        (("given_name",), {None, "weak"}),
        (("family_name", "sex"), {None, "weak"}),
        (("given_name", "mother_name"), {"weak"}),
        (("given_name", "birth_date"), {"possible"}),
        (("given_name", "father_name", "family_name", "birth_date", "sex"), {"strong"}),
        (tuple(SOMEBODY), {"strong"}),
    ],
)
def test_a_band_asks_for_what_was_compared(
    run: Callable[..., Run], columns: tuple[str, ...], bands: set[str | None]
) -> None:
    both = {name: SOMEBODY[name] for name in columns}
    assert band(run(sought=both, registered=both)) in bands


def test_what_one_side_knows_more_is_neither_for_nor_against(run: Callable[..., Run]) -> None:
    little = {"given_name": SOMEBODY["given_name"], "birth_date": "1991"}
    assert band(run(sought=SOMEBODY, registered=little)) in (None, "weak")
    without_mother = {k: v for k, v in SOMEBODY.items() if k != "mother_name"}
    assert band(run(sought=SOMEBODY, registered=without_mother)) == "strong"


@pytest.mark.parametrize("scheme", published())
def test_who_share_little_are_not_strong_whatever_each_holds_alone(
    draw_up: DrawUp, scheme: str
) -> None:
    """The level doesn't say what two records share: all that one person's records can hold."""
    dates: list[dict[str, str]] = [{}, {"birth_date": "1991"}, {"birth_date": "1991-03-14"}]
    columns = [name for name in SOMEBODY if name not in ("birth_date", "nationality")]
    rows = [
        {name: SOMEBODY[name] for name, there in zip(columns, given, strict=True) if there} | born
        for given in product((True, False), repeat=len(columns))
        for born in dates
    ]
    agreement = draw_up(scheme=Scheme.published(scheme))
    records = Records.from_rows(rows, role="sought")
    passes = encode(records, agreement, Keys.throwaway(agreement, seed=1)).passes
    side = Side(
        {name: (one.bits, one.present) for name, one in passes.items()},
        knowledge_of(records, agreement.scheme),
    )
    model = EvidenceModel.of(agreement.scheme)
    found = likely_pairs(side, side, model)
    shared = [_in_both(rows[i], rows[j]) for i, j in zip(found.left, found.right, strict=True)]
    told = told_by(Records.from_rows(shared, role="sought"), agreement.scheme)
    bands = model.bands_of(found.scores)
    assert not np.any(told[bands == BANDS.index("strong")] < 20)
    least = np.minimum(side.known[found.left], side.known[found.right])
    assert (bands[least == 0] >= BANDS.index("weak")).all()
    assert (bands[least == 1] >= BANDS.index("possible")).all()
    assert np.count_nonzero(told < 20) > 400  # there are such pairs: the higher a floor, the fewer


def _in_both(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """What two records of one person both hold; of two dates the one that says less."""
    return {name: min(one[name], other[name]) for name in one.keys() & other.keys()}
