"""Key epochs in a run: never two of them compared, none that is not valid on the day."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, read_batch, write_batch
from matcher.formats.errors import AgreementError
from matcher.formats.scheme import Scheme
from matcher.matching import match

DrawUp = Callable[..., Agreement]


@pytest.fixture
def first(draw_up: DrawUp) -> Agreement:
    return draw_up(scheme=Scheme.published("standard/1"))


@pytest.fixture
def amended(first: Agreement) -> Agreement:
    return first.with_next_epoch(date(2026, 6, 1), overlap_days=30)


@pytest.fixture
def batches(first: Agreement, amended: Agreement, tmp_path: Path) -> dict[tuple[str, int], Batch]:
    """Batches of nobody, of three societies and two epochs, read under the amended agreement."""
    found = {}
    for society in first.parties:
        for agreement in (first, amended):
            path = tmp_path / f"{society}-{agreement.key_epoch}"
            write_batch(path, society=society, agreement=agreement, groups=[])
            found[society, agreement.key_epoch] = read_batch(path, amended)
    return found


def compared(
    batches: dict[tuple[str, int], Batch], agreement: Agreement, *which: tuple[str, int], on: date
) -> set[tuple[int, int]]:
    run = match([batches[name] for name in which], agreement, on=on)
    return {(one.left.header.key_epoch, one.right.header.key_epoch) for one in run.compared}


def test_only_batches_of_one_epoch_are_compared(
    batches: dict[tuple[str, int], Batch], amended: Agreement
) -> None:
    every = tuple(batches)
    assert compared(batches, amended, *every, on=date(2026, 6, 15)) == {(1, 1), (2, 2)}
    with pytest.raises(AgreementError, match="different key epochs"):
        compared(batches, amended, ("red-one", 1), ("red-two", 2), on=date(2026, 6, 15))


def test_an_epoch_that_is_not_valid_stops_the_run(
    batches: dict[tuple[str, int], Batch], amended: Agreement
) -> None:
    old = (("red-one", 1), ("red-two", 1))
    new = (("red-one", 2), ("red-two", 2))
    assert compared(batches, amended, *old, on=date(2026, 6, 30)) == {(1, 1)}
    with pytest.raises(AgreementError, match=r"Key epoch 1 .* not on 2026-07-01"):
        compared(batches, amended, *old, on=date(2026, 7, 1))
    with pytest.raises(AgreementError, match=r"Key epoch 2 .* not on 2026-05-31"):
        compared(batches, amended, *new, on=date(2026, 5, 31))


def test_what_was_amended_is_still_read_and_the_amending_is_not_yet(
    batches: dict[tuple[str, int], Batch], first: Agreement, tmp_path: Path
) -> None:
    read_batch(tmp_path / "red-one-1", first)
    with pytest.raises(Exception, match="key epoch 2, the agreement given has 1"):
        read_batch(tmp_path / "red-one-2", first)
