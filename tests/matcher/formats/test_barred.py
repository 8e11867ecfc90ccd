"""Who of a batch may be compared as a file: by review dates and by what societies say."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from people import (
    ONE,
    TODAY,
    TWO,
    draw_agreement,
    notice_of,
    reference,
    registered,
    sought,
    write,
)

from matcher.formats.agreement import Agreement
from matcher.formats.barred import kept_rows
from matcher.formats.batch import Batch, read_batch
from matcher.formats.notices import Notice
from matcher.matching import match

DUE = TODAY + timedelta(days=5)


@pytest.fixture
def agreement() -> Agreement:
    return draw_agreement()


@pytest.fixture
def batch(agreement: Agreement, tmp_path: Path) -> Batch:
    path = write(tmp_path / "one", agreement, ONE, sought(1, 2, 3), review_on={2: DUE})
    return read_batch(path, agreement)


def kept(batch: Batch, *notices: Notice, on: date = TODAY) -> set[int]:
    """The people who may be compared."""
    rows = kept_rows(batch, notices, on)
    left = {bytes(one) for one in batch.references[rows]}
    return {person for person in (1, 2, 3) if reference(ONE, person) in left}


def test_who_is_due_for_review_is_not_compared(agreement: Agreement, batch: Batch) -> None:
    assert kept(batch) == {1, 2, 3}
    assert kept(batch, on=DUE) == {1, 3}
    renewal = notice_of(agreement, ONE, 2, kind="renew", review_on=DUE + timedelta(days=1))
    assert kept(batch, renewal, on=DUE) == {1, 2, 3}
    assert kept(batch, renewal, on=DUE + timedelta(days=1)) == {1, 3}


@pytest.mark.parametrize("kind", ["suspend", "withdraw", "delete"])
def test_who_is_taken_back_is_not_compared(agreement: Agreement, batch: Batch, kind: str) -> None:
    back = notice_of(agreement, ONE, 1, 2, kind=kind, number=1)
    assert kept(batch, back) == {3}
    resumed = notice_of(agreement, ONE, 1, kind="resume", number=2)
    assert kept(batch, resumed, back) == ({3} if kind == "delete" else {1, 3})


def test_a_notice_names_records_by_reference_too(agreement: Agreement, batch: Batch) -> None:
    named = notice_of(
        agreement, ONE, kind="suspend", references=(reference(ONE, 3).hex(),), keys=()
    )
    assert kept(batch, named) == {1, 2}


def test_another_society_s_notice_does_nothing(agreement: Agreement, batch: Batch) -> None:
    theirs = notice_of(agreement, ONE, 1, kind="delete").model_copy(update={"society": TWO})
    assert kept(batch, theirs) == {1, 2, 3}


def test_a_run_compares_and_supports_nobody_who_is_barred(
    agreement: Agreement, tmp_path: Path
) -> None:
    family = {1: "son", 2: "father"}
    one = [(1, "sought"), (2, "kin"), (3, "sought")]
    two = [(1, "registered"), (2, "kin"), *registered(3)]
    both = [
        read_batch(write(tmp_path / name, agreement, name, people, family=family), agreement)
        for name, people in ((ONE, one), (TWO, two))
    ]

    def found(*notices: Notice) -> tuple[int, set[bool]]:
        run = match(both, agreement, on=TODAY, notices=notices)
        done = [one for one in run.compared if len(one.candidates)]
        return run.pairs, {bool(kin) for one in done for kin in one.candidates.has_kin.tolist()}

    assert found() == (4, {True, False})
    assert found(notice_of(agreement, TWO, 2, kind="suspend")) == (4, {False})
    assert found(notice_of(agreement, ONE, 3, kind="withdraw")) == (2, {True})
