"""A run over batches: who is compared with whom, what each society is told, and in what order."""

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from matcher.decisions.evidence import EvidenceModel
from matcher.decisions.kin import KinModel
from matcher.decisions.roles import COMPARED
from matcher.decisions.selection import Select
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, Rows, read_batch, write_batch
from matcher.formats.candidates import CandidateList, read_candidates
from matcher.formats.errors import AgreementError, GateError, OutputError, ParameterError
from matcher.formats.knowledge import HIGHEST
from matcher.formats.scheme import Scheme
from matcher.formats.vocabulary import BANDS, NO_RELATION, ROLES
from matcher.matching import Run, candidates_of, match, write_run

DrawUp = Callable[..., Agreement]
SCHEME = Scheme.published("standard/1")
TODAY = date(2026, 6, 1)
ONE, TWO, THREE = "red-one", "red-two", "crescent-3"


def a_batch(
    path: Path,
    agreement: Agreement,
    society: str,
    people: Iterable[tuple[int, str]],
    noise: float = 0.1,
    known_share: float = 1.0,
    case: bool = False,
) -> Batch:
    """A batch of people known by number, in their roles; one number is nearly the same bits."""
    known = list(people)
    rng = np.random.default_rng(len(known) + sum(society.encode()))
    fingerprints = {}
    for place, part in enumerate(SCHEME.passes):
        bits = np.zeros((len(known), part.output_bits // 64), np.uint64)
        for row, (person, _) in enumerate(known):
            own = np.random.default_rng((person, place)).random(part.output_bits) < 0.5
            flipped = own ^ (rng.random(part.output_bits) < noise)
            bits[row] = np.packbits(flipped, bitorder="little").view("<u8")
        present = rng.random(len(known)) < known_share
        bits[~present] = 0
        fingerprints[part.name] = (bits, present)
    references = rng.integers(0, 256, (len(known), 16), dtype=np.uint8)
    references = references[np.lexsort(references.T[::-1])]
    rows = Rows(
        references=references,
        roles=np.array([ROLES.index(role) for _, role in known], np.int8),
        relations=np.full(len(known), NO_RELATION, np.int8),
        known=np.full(len(known), HIGHEST, np.uint8),
        cases=np.full((len(known), 16), 7 * case, np.uint8),
        has_case=np.full(len(known), case),
        fingerprints=fingerprints,
    )
    write_batch(path, society=society, agreement=agreement, groups=[rows])
    return read_batch(path, agreement)


def sought(*people: int) -> list[tuple[int, str]]:
    return [(person, "sought") for person in people]


def registered(*people: int) -> list[tuple[int, str]]:
    return [(person, "registered") for person in people]


@pytest.fixture
def agreement(draw_up: DrawUp) -> Agreement:
    return draw_up(scheme=SCHEME)


Batches = Callable[..., list[Batch]]


@pytest.fixture
def batches(tmp_path: Path, agreement: Agreement) -> Batches:
    """One seeks 1 to 6 and registers 7 to 9; two registers 4 to 8 and seeks 9; three is beside."""
    people = {
        ONE: sought(1, 2, 3, 4, 5, 6) + registered(7, 8, 9),
        TWO: registered(4, 5, 6, 7, 8) + sought(9),
        THREE: registered(1, 9) + sought(8),
    }

    def made(*societies: str, under: Agreement = agreement) -> list[Batch]:
        return [
            a_batch(tmp_path / f"{society}.batch", under, society, people[society])
            for society in societies
        ]

    return made


def found(run: Run, given: dict[str, list[int]]) -> set[tuple[str, int, str, int]]:
    """The candidates of a run as society and person of both sides."""
    return {
        (
            one.left.header.society,
            given[one.left.header.society][left],
            one.right.header.society,
            given[one.right.header.society][right],
        )
        for one in run.compared
        for left, right in zip(
            one.left_rows[one.candidates.left], one.right_rows[one.candidates.right], strict=True
        )
    }


PEOPLE = {ONE: [1, 2, 3, 4, 5, 6, 7, 8, 9], TWO: [4, 5, 6, 7, 8, 9], THREE: [1, 9, 8]}


def test_sought_meet_registered_of_the_other_society(
    batches: Batches, agreement: Agreement
) -> None:
    run = match(batches(ONE, TWO), agreement, on=TODAY)
    assert found(run, PEOPLE) == {
        (ONE, 4, TWO, 4), (ONE, 5, TWO, 5), (ONE, 6, TWO, 6), (TWO, 9, ONE, 9)
    }  # fmt: skip
    assert run.pairs == 6 * 5 + 1 * 3 + 6 * 1  # and those that both seek, once
    assert run.bands == {"strong": 4, "possible": 0, "weak": 0}


def test_every_pair_of_societies_is_compared_and_none_with_itself(
    batches: Batches, agreement: Agreement
) -> None:
    run = match(batches(ONE, TWO, THREE), agreement, on=TODAY)
    assert {(one.left.header.society, one.right.header.society) for one in run.compared} == {
        (ONE, TWO), (TWO, ONE), (ONE, THREE), (THREE, ONE), (TWO, THREE), (THREE, TWO)
    }  # fmt: skip
    assert found(run, PEOPLE) == {
        (ONE, 4, TWO, 4), (ONE, 5, TWO, 5), (ONE, 6, TWO, 6), (TWO, 9, ONE, 9),
        (ONE, 1, THREE, 1), (TWO, 9, THREE, 9), (THREE, 8, ONE, 8), (THREE, 8, TWO, 8),
    }  # fmt: skip


def test_two_batches_of_one_society_are_not_compared_with_each_other(
    tmp_path: Path, agreement: Agreement
) -> None:
    own = [
        a_batch(tmp_path / "a", agreement, ONE, sought(1, 2)),
        a_batch(tmp_path / "b", agreement, ONE, registered(1, 2, 3)),
    ]
    with pytest.raises(ParameterError, match="at least two societies"):
        match(own, agreement, on=TODAY)
    other = a_batch(tmp_path / "c", agreement, TWO, registered(2))
    run = match([*own, other], agreement, on=TODAY)
    assert all(one.left.header.society != one.right.header.society for one in run.compared)
    assert run.bands == {"strong": 1, "possible": 0, "weak": 0}
    assert len(candidates_of(run, ONE)) == 1


def test_only_where_a_corridor_allows(draw_up: DrawUp, batches: Batches) -> None:
    under = draw_up(scheme=SCHEME, corridors=[(ONE, TWO), (THREE, ONE)])
    run = match(batches(ONE, TWO, THREE, under=under), under, on=TODAY)
    ways = {(one.left.header.society, one.right.header.society) for one in run.compared}
    assert ways == {(ONE, TWO), (THREE, ONE)}
    assert len(run.compared) == 2 * len(COMPARED)


def test_no_corridor_at_all_is_refused(draw_up: DrawUp, batches: Batches) -> None:
    under = draw_up(scheme=SCHEME, corridors=[(ONE, TWO)])
    with pytest.raises(GateError, match="no corridor"):
        match(batches(ONE, THREE, under=under), under, on=TODAY)


@pytest.mark.parametrize("on", [date(2025, 12, 31), date(2027, 1, 1)])
def test_an_agreement_that_is_not_valid_on_the_day(
    batches: Batches, agreement: Agreement, on: date
) -> None:
    with pytest.raises(AgreementError, match=f"valid from 2026-01-01 to 2026-12-31, not on {on}"):
        match(batches(ONE, TWO), agreement, on=on)


@pytest.mark.parametrize("on", [date(2026, 1, 1), date(2026, 12, 31)])
def test_its_first_and_last_day_are_in(batches: Batches, agreement: Agreement, on: date) -> None:
    assert match(batches(ONE, TWO), agreement, on=on).pairs == 39


def test_a_batch_given_twice_is_refused(batches: Batches, agreement: Agreement) -> None:
    one, two = batches(ONE, TWO)
    with pytest.raises(ParameterError, match="twice"):
        match([one, two, one], agreement, on=TODAY)


def test_no_batches_or_no_candidates_wanted(batches: Batches, agreement: Agreement) -> None:
    with pytest.raises(ParameterError, match="two societies"):
        match([], agreement, on=TODAY)
    with pytest.raises(ParameterError, match="'top' must be at least 1"):
        match(batches(ONE, TWO), agreement, on=TODAY, top=0)


def test_a_society_without_the_roles_that_are_compared(
    tmp_path: Path, agreement: Agreement
) -> None:
    kin = a_batch(tmp_path / "a", agreement, ONE, [(1, "kin"), (2, "enquirer")])
    run = match(
        [kin, a_batch(tmp_path / "b", agreement, TWO, registered(1, 2))], agreement, on=TODAY
    )
    assert run.pairs == 0
    assert len(candidates_of(run, ONE)) == len(candidates_of(run, TWO)) == 0


@pytest.fixture
def many(tmp_path: Path, agreement: Agreement) -> list[Batch]:
    """One seeks 60 people, each of whom two registers up to four times; some bands differ."""
    rng = np.random.default_rng(11)
    return [
        a_batch(tmp_path / "one", agreement, ONE, sought(*range(60)), noise=0.12, known_share=0.9),
        a_batch(
            tmp_path / "two",
            agreement,
            TWO,
            registered(*rng.integers(0, 80, 240).tolist()),
            noise=0.28,
            known_share=0.9,
        ),
    ]


def test_best_first_and_no_more_than_wanted(many: list[Batch], agreement: Agreement) -> None:
    whole = match(many, agreement, on=TODAY, top=100).compared[0].candidates
    assert len(whole) > 100
    order = list(
        zip((-whole.scores).tolist(), whole.left.tolist(), whole.right.tolist(), strict=True)
    )
    assert order == sorted(order)
    assert np.isfinite(whole.scores).all()
    cut = match(many, agreement, on=TODAY, top=2).compared[0].candidates
    expected, kept = [], dict.fromkeys(range(60), 0)
    for _, left, right in order:
        if kept[left] < 2:
            kept[left] += 1
            expected.append((left, right))
    assert list(zip(cut.left.tolist(), cut.right.tolist(), strict=True)) == expected
    assert max(kept.values()) == 2


def read_both(run: Run, folder: Path) -> dict[str, CandidateList]:
    folder.mkdir()
    write_run(run, folder)
    return {
        society: read_candidates(folder / f"candidates-{society}.parquet", agreement=run.agreement)
        for society in (ONE, TWO)
    }


def test_each_society_is_told_of_its_own_records_alone(
    tmp_path: Path, many: list[Batch], agreement: Agreement
) -> None:
    run = match(many, agreement, on=TODAY, top=3)
    told = read_both(run, tmp_path / "out")
    for batch, other in (many, many[::-1]):
        society = batch.header.society
        own = {row.tobytes() for row in batch.references}
        assert {row.tobytes() for row in told[society].references} <= own
        for suffix in ("parquet", "csv"):
            content = (tmp_path / "out" / f"candidates-{society}.{suffix}").read_bytes()
            for reference in other.references:
                assert reference.tobytes() not in content
                assert reference.tobytes().hex().encode() not in content
            assert other.header.society.encode() not in content


def test_both_sides_of_a_candidate_have_one_identifier(
    tmp_path: Path, many: list[Batch], agreement: Agreement
) -> None:
    run = match(many, agreement, on=TODAY, top=3)
    told = read_both(run, tmp_path / "out")
    one, two = told[ONE], told[TWO]
    np.testing.assert_array_equal(one.identifiers, two.identifiers)
    np.testing.assert_array_equal(one.scores, two.scores)
    assert len({row.tobytes() for row in one.identifiers}) == len(one)
    (compared,) = (
        done
        for done in run.compared
        if done.left is many[0] and done.roles == ("sought", "registered")
    )
    expected = many[0].references[compared.left_rows[compared.candidates.left]]
    np.testing.assert_array_equal(one.references, expected)
    assert {ROLES[role] for role in one.roles} == {"sought"}
    assert {ROLES[role] for role in two.roles} == {"registered"}


def test_the_evidence_adds_up_to_the_score(many: list[Batch], agreement: Agreement) -> None:
    run = match(many, agreement, on=TODAY)
    told = candidates_of(run, ONE)
    assert list(told.levels) == [part.name for part in SCHEME.passes]
    model = EvidenceModel.of(SCHEME)
    total = model.intercept + sum(told.weights.values())  # type: ignore[operator]  # arrays
    np.testing.assert_allclose(told.scores, total, atol=0.0006)
    for name in told.levels:
        absent = told.levels[name] == 3
        assert absent.any()
        assert not told.weights[name][absent].any()
    least = {0: model.bands.strong, 1: model.bands.possible, 2: model.bands.weak}
    for band, score in zip(told.bands.tolist(), told.scores.tolist(), strict=True):
        assert score >= least[band]
        assert band == 0 or score < least[band - 1]
    assert run.bands == {name: int((told.bands == code).sum()) for code, name in enumerate(BANDS)}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_thread_or_two_the_same_bytes(
    tmp_path: Path, many: list[Batch], agreement: Agreement
) -> None:
    for threads in (1, 2, None):
        folder = tmp_path / f"threads {threads}"
        folder.mkdir()
        write_run(match(many, agreement, on=TODAY, threads=threads), folder)
    one, two, all_of_them = (content(tmp_path / f"threads {n}") for n in (1, 2, None))
    assert set(one) == {
        f"candidates-{society}.{suffix}" for society in (ONE, TWO) for suffix in ("csv", "parquet")
    } | {"run.json"}
    assert one == two == all_of_them


def test_the_manifest_says_what_the_run_was_made_of(
    many: list[Batch], agreement: Agreement
) -> None:
    manifest = match(many, agreement, on=TODAY).manifest()
    assert manifest["agreement_digest"] == agreement.digest
    assert manifest["model_digest"] == EvidenceModel.of(SCHEME).digest
    assert manifest["kin_model_digest"] == KinModel.published().digest
    assert [batch["seal"] for batch in manifest["batches"]] == [b.header.seal for b in many]
    assert manifest["pairs"] == 60 * 240


def test_progress_names_societies_and_roles(batches: Batches, agreement: Agreement) -> None:
    said: list[str] = []
    match(batches(ONE, TWO), agreement, on=TODAY, progress=said.append)
    assert said == [
        "red-one sought with red-two registered",
        "red-one sought with red-two enquirer",
        "red-one sought with red-two sought",
        "red-two sought with red-one registered",
        "red-two sought with red-one enquirer",
    ]


def test_a_folder_that_is_not_there(tmp_path: Path, batches: Batches, agreement: Agreement) -> None:
    run = match(batches(ONE, TWO), agreement, on=TODAY)
    with pytest.raises(OutputError):
        write_run(run, tmp_path / "none")


def test_a_run_shows_no_reference(batches: Batches, agreement: Agreement) -> None:
    run = match(batches(ONE, TWO), agreement, on=TODAY)
    for part in (run, run.compared[0], run.compared[0].candidates, candidates_of(run, ONE)):
        assert len(repr(part)) < 120


@pytest.mark.parametrize("how", list(Select))
def test_selection_over_all_directions(batches: Batches, agreement: Agreement, how: Select) -> None:
    """Who is registered twice is found twice; as one person only where all were compared."""
    run = match(batches(ONE, TWO, THREE), agreement, on=TODAY, select=how)
    whole = found(match(batches(ONE, TWO, THREE), agreement, on=TODAY), PEOPLE)
    kept = found(run, PEOPLE)
    assert kept <= whole
    assert run.manifest()["select"] == how
    if how in (Select.BEST, Select.GROUPS):
        # Nine is registered by one and by three, who are not compared: both can't be in a group.
        assert len(kept & {(TWO, 9, ONE, 9), (TWO, 9, THREE, 9)}) == 1
        assert len(kept) == len(whole) - 2  # eight likewise
    else:
        assert kept == whole


def test_one_to_one_over_a_run(many: list[Batch], agreement: Agreement) -> None:
    run = match(many, agreement, on=TODAY, select=Select.ONE_TO_ONE)
    (done,) = (one for one in run.compared if len(one.candidates))
    for rows in (done.candidates.left, done.candidates.right):
        assert len(np.unique(rows)) == len(rows) > 20
    best = match(many, agreement, on=TODAY, select=Select.BEST)
    assert run.bands["strong"] <= best.bands["strong"] <= 60


def test_who_seeks_each_other_is_found_by_either_side(tmp_path: Path, agreement: Agreement) -> None:
    """Two requests, one in each society: a mother's for her son, and the son's for his mother."""
    mother_seeks = a_batch(
        tmp_path / "a", agreement, ONE, [(1, "enquirer"), (2, "sought")], case=True
    )
    son_seeks = a_batch(tmp_path / "b", agreement, TWO, [(2, "enquirer"), (1, "sought")], case=True)
    run = match([mother_seeks, son_seeks], agreement, on=TODAY)
    mine = candidates_of(run, ONE)
    assert sorted(ROLES[role] for role in mine.roles) == ["enquirer", "sought"]
    assert sorted(ROLES[role] for role in mine.other_roles) == ["enquirer", "sought"]
    assert (mine.kin_weights > 0).all()
    alone = [
        a_batch(tmp_path / "c", agreement, ONE, [(1, "enquirer"), (2, "sought")]),
        a_batch(tmp_path / "d", agreement, TWO, [(2, "enquirer"), (1, "sought")]),
    ]
    without = candidates_of(match(alone, agreement, on=TODAY), ONE)
    assert not without.kin_weights.any()
    assert mine.scores.min() > without.scores.max()
