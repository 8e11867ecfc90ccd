"""Protection notices: signed by the society, of one agreement, and saying no more than needed."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, InputError, IntegrityError, MismatchError
from matcher.formats.identity import Identity
from matcher.formats.notices import KINDS, Notice, write_notice
from matcher.formats.signed import MAX_BYTES

DrawUp = Callable[..., Agreement]
NAMES = ("red-one", "red-two", "crescent-3", "hub")
ONE, TWO = "0" * 31 + "1", "0" * 31 + "2"


@pytest.fixture(scope="module")
def identities() -> dict[str, Identity]:
    return {name: Identity.generate(name) for name in NAMES}


@pytest.fixture
def agreement(draw_up: DrawUp, identities: dict[str, Identity]) -> Agreement:
    return draw_up(identities=[one.public for one in identities.values()])


def notice(agreement: Agreement, **changes: object) -> Notice:
    usual: dict[str, object] = {
        "agreement_id": agreement.agreement_id,
        "society": "red-one",
        "number": 5,
        "kind": "suspend",
        "on": date(2026, 2, 1),
        "references": (ONE, TWO),
    }
    return Notice(**{**usual, **changes})  # type: ignore[arg-type]  # wrong ones too


@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_is_read_as_it_was_written(
    tmp_path: Path, agreement: Agreement, identities: dict[str, Identity], kind: str
) -> None:
    review_on = date(2026, 9, 1) if kind == "renew" else None
    written = notice(agreement, kind=kind, keys=(TWO,), review_on=review_on)
    path = tmp_path / "notice"
    write_notice(path, written, identity=identities["red-one"])
    assert Notice.read(path, agreement) == written
    assert Notice.check(path.read_bytes(), agreement) == written
    fields = json.loads(path.read_text())["document"]
    assert set(fields) == {
        "format",
        "agreement_id",
        "society",
        "number",
        "kind",
        "on",
        "references",
        "keys",
        "review_on",
    }  # fmt: skip - and no reason


def test_nobody_writes_a_notice_for_another(
    tmp_path: Path, agreement: Agreement, identities: dict[str, Identity]
) -> None:
    path = tmp_path / "notice"
    with pytest.raises(MismatchError, match="red-two"):
        write_notice(path, notice(agreement), identity=identities["red-two"])
    assert not path.exists()
    write_notice(path, notice(agreement), identity=identities["red-one"])
    fields = json.loads(path.read_text())
    for name, value in (("society", "red-two"), ("kind", "resume"), ("number", 6)):
        altered = {**fields, "document": {**fields["document"], name: value}}
        with pytest.raises(IntegrityError, match="not signed by"):
            Notice.check(json.dumps(altered).encode(), agreement)


def test_a_notice_of_another_agreement_or_of_no_party(
    tmp_path: Path, agreement: Agreement, identities: dict[str, Identity]
) -> None:
    path = tmp_path / "notice"
    other = notice(agreement, agreement_id="cd" * 16)
    write_notice(path, other, identity=identities["red-one"])
    with pytest.raises(MismatchError, match="cdcd"):
        Notice.read(path, agreement)
    write_notice(path, notice(agreement, society="hub"), identity=identities["hub"])
    with pytest.raises(AgreementError, match="not a party"):
        Notice.read(path, agreement)


@pytest.mark.parametrize(
    "changes",
    [
        {"references": ()},
        {"references": (TWO, ONE)},
        {"references": (ONE, ONE)},
        {"references": ("A" * 32,)},
        {"references": tuple(f"{number:032x}" for number in range(10_001))},
        {"kind": "erase"},
        {"number": 0},
    ],
)
def test_a_notice_that_is_none(agreement: Agreement, changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        notice(agreement, **changes)


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 5_000, b"\xff", b" " * (MAX_BYTES + 1)])
def test_what_is_no_notice_is_refused_without_its_content(
    agreement: Agreement, content: bytes
) -> None:
    with pytest.raises(InputError, match="not a 'kinmatch-notice/1'"):
        Notice.check(content, agreement)


def test_the_largest_notice_can_be_read(
    tmp_path: Path, agreement: Agreement, identities: dict[str, Identity]
) -> None:
    largest = notice(agreement, references=tuple(f"{number:032x}" for number in range(10_000)))
    write_notice(tmp_path / "notice", largest, identity=identities["red-one"])
    assert Notice.read(tmp_path / "notice", agreement) == largest


@pytest.mark.parametrize(
    "wrong",
    [
        {"references": ()},
        {"keys": (TWO, ONE)},
        {"kind": "renew"},
        {"review_on": date(2026, 9, 1)},
    ],
)
def test_what_names_nobody_or_no_day_is_no_notice(
    agreement: Agreement, wrong: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        notice(agreement, **wrong)
