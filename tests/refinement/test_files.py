"""Request and answer files: what was written is read, and what is not in order is refused."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from refining_cases import cells_of, names

from matcher.decisions.refinement.weights import RefinementModel
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, InputError, IntegrityError, MismatchError
from matcher.formats.refinement import (
    Requests,
    read_answer,
    read_requests,
    write_answer,
    write_requests,
)
from matcher.refining import Refinement, pairs_of_answers, pseudonyms

DrawUp = Callable[..., Agreement]
RUN, SEAL, PARTNER = "sha256:" + "1" * 64, "sha256:" + "2" * 64, "5e" * 8


@pytest.fixture(scope="module")
def agreement(draw_up: DrawUp) -> Agreement:
    return draw_up()


def asked(
    path: Path, agreement: Agreement, society: str = "red-one", count: int = 5, **terms: object
) -> Path:
    usual: dict[str, object] = {
        "society": society,
        "agreement": agreement,
        "key_epoch": 1,
        "run": RUN,
        "part": 1,
        "identifiers": names(count),
        "nonces": names(count, seed=2),
        "references": names(count, seed=3),
        "partner": PARTNER,
    }
    write_requests(path, **{**usual, **terms})  # type: ignore[arg-type]  # wrong terms too
    return path


def answered(path: Path, agreement: Agreement, society: str = "red-one", **terms: object) -> Path:
    requests = read_requests(
        asked(path.with_suffix(".ask"), agreement, society, **terms), agreement
    )
    rows = [{"given_name": "Ana", "family_name": "Kovač"}] * len(requests)
    cells = cells_of(rows, agreement, society=society, identifiers=requests.identifiers)
    write_answer(path, requests=requests, cells=cells)
    return path


def test_requests_are_read_as_written(agreement: Agreement, tmp_path: Path) -> None:
    path = asked(tmp_path / "requests", agreement)
    assert path.stat().st_mode & 0o777 == 0o600
    found = read_requests(path, agreement)
    assert len(found) == 5
    assert (found.header.society, found.header.run, found.header.part) == ("red-one", RUN, 1)
    assert np.array_equal(found.identifiers, names(5))
    assert np.array_equal(found.nonces, names(5, seed=2))
    assert np.array_equal(found.references, names(5, seed=3))
    assert found.header.partner == PARTNER


def test_a_partner_has_one_pseudonym_a_run_and_another_for_each_who_asks() -> None:
    run, next_run = pseudonyms(), pseudonyms()
    assert run["a", "b"] == run["a", "b"]
    assert len({run["a", "b"], run["a", "c"], run["c", "b"], next_run["a", "b"]}) == 4
    assert pseudonyms(7)["a", "b"] == pseudonyms(7)["a", "b"]


def test_answers_are_read_as_written(agreement: Agreement, tmp_path: Path) -> None:
    found = read_answer(answered(tmp_path / "answer", agreement), agreement)
    expected = cells_of(
        [{"given_name": "Ana", "family_name": "Kovač"}] * 5,
        agreement,
        society="red-one",
        identifiers=names(5),
    )
    for name, (content, present) in expected.items():
        assert np.array_equal(found.cells[name][1], present)
        assert np.array_equal(found.cells[name][0][present], content[present])


@pytest.mark.parametrize("read", [read_requests, read_answer])
def test_an_altered_byte_is_noticed(
    read: Callable[..., object], agreement: Agreement, tmp_path: Path
) -> None:
    make = asked if read is read_requests else answered
    path = make(tmp_path / "file", agreement)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises((IntegrityError, InputError)):
        read(path, agreement)


@pytest.mark.parametrize(
    "wrong",
    [
        {"partner": "red-two"},  # nobody is named
        {"identifiers": np.zeros((5, 16), np.uint8)},
        {"part": 0},
        {"run": "no digest"},
    ],
)
def test_requests_out_of_order_are_refused(
    wrong: dict[str, object], agreement: Agreement, tmp_path: Path
) -> None:
    path = asked(tmp_path / "requests", agreement, **wrong)
    with pytest.raises(IntegrityError):
        read_requests(path, agreement)


def test_a_class_that_is_none_is_refused(agreement: Agreement, tmp_path: Path) -> None:
    requests = read_requests(asked(tmp_path / "requests", agreement), agreement)
    rows = [{"given_name": "Ana"}] * 5
    cells = cells_of(rows, agreement, society="red-one", identifiers=requests.identifiers)
    cells["given_1"][0][2, 0] = 200
    write_answer(tmp_path / "answer", requests=requests, cells=cells)
    with pytest.raises(IntegrityError):
        read_answer(tmp_path / "answer", agreement)


def test_another_agreement_is_refused(
    agreement: Agreement, draw_up: DrawUp, tmp_path: Path
) -> None:
    other = draw_up(agreement_id="cd" * 16)
    with pytest.raises(MismatchError):
        read_requests(asked(tmp_path / "requests", agreement), other)
    with pytest.raises(MismatchError):
        read_answer(answered(tmp_path / "answer", agreement), other)
    with pytest.raises(AgreementError):
        asked(tmp_path / "requests", agreement, society="nobody")


def test_no_requests_are_a_file_too(agreement: Agreement, tmp_path: Path) -> None:
    found = read_requests(asked(tmp_path / "requests", agreement, count=0), agreement)
    assert isinstance(found, Requests)
    assert len(found) == 0


def test_answers_find_each_other(agreement: Agreement, tmp_path: Path) -> None:
    one = answered(tmp_path / "one", agreement)
    other = answered(tmp_path / "other", agreement, "red-two")
    read = partial(read_answer, agreement=agreement)
    assert list(pairs_of_answers([other, one], agreement, RUN, read)) == [(one, other)]
    with pytest.raises(MismatchError, match="alone"):
        list(pairs_of_answers([one], agreement, RUN, read))
    with pytest.raises(MismatchError, match="twice"):
        list(pairs_of_answers([one, one], agreement, RUN, read))
    with pytest.raises(MismatchError, match="run"):
        list(pairs_of_answers([one, other], agreement, SEAL, read))


def test_answers_of_two_parts_are_not_compared(agreement: Agreement, tmp_path: Path) -> None:
    one = read_answer(answered(tmp_path / "one", agreement), agreement)
    other = read_answer(answered(tmp_path / "other", agreement, "red-two", part=2), agreement)
    refinement = Refinement(RefinementModel.published())
    with pytest.raises(MismatchError, match="part"):
        refinement.add(one, other)


def test_who_is_not_answered_for_stays_as_before(agreement: Agreement, tmp_path: Path) -> None:
    one = read_answer(answered(tmp_path / "one", agreement), agreement)
    other = read_answer(answered(tmp_path / "other", agreement, "red-two"), agreement)
    for _, present in other.cells.values():
        present[3] = False  # withdrawn, say
    refinement = Refinement(RefinementModel.published())
    refinement.add(one, other)
    unknown = np.full((1, 16), 9, np.uint8)
    refined = refinement.refine(
        np.concatenate([names(5), unknown]),
        np.full(6, 12.5),
        np.full(6, 1, np.int8),
        np.zeros(6),
        register=1000,
    )
    assert refined.answered.tolist() == [True, True, True, False, True, False]
    assert refined.scores[3] == refined.scores[5] == 12.5
    assert refined.bands[3] == refined.bands[5] == 1
    assert refined.scores[0] == refined.scores[4] != 12.5
    assert not refined.weights[[3, 5]].any()
