"""The information floor, from plaintext to candidates: two who say little are no match."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from encoders.batching import write_batch_of
from encoders.encoding import encode
from encoders.keys import Keys
from encoders.records import Records
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
