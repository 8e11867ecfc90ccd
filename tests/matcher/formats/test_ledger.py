"""The ledger and retirement notices: what was accepted stays known, what was retired stays away."""

import multiprocessing
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from matcher.formats.agreement import Agreement
from matcher.formats.errors import (
    AgreementError,
    EnvelopeError,
    InputError,
    IntegrityError,
    MismatchError,
)
from matcher.formats.identity import Identity
from matcher.formats.ledger import FileLedger, Receipt
from matcher.formats.retirement import Retirement, write_retirement
from matcher.formats.signed import write_signed

DrawUp = Callable[..., Agreement]
AGREEMENT = "ab" * 16


def receipt(number: int, society: str = "red-one", key_epoch: int = 1) -> Receipt:
    digest = f"sha256:{number:064x}"
    return Receipt(
        agreement_id=AGREEMENT, society=society, number=number, key_epoch=key_epoch, digest=digest
    )


def test_a_ledger_outlives_its_process(tmp_path: Path) -> None:
    FileLedger(tmp_path / "ledger").accept(receipt(5), again=False)
    again = FileLedger(tmp_path / "ledger")
    for number in (1, 5):
        with pytest.raises(EnvelopeError, match=r"\[replay\]"):
            again.accept(receipt(number), again=False)
    again.check(receipt(5), again=True)
    again.accept(receipt(6), again=False)
    again.accept(receipt(1, "red-two"), again=False)


def test_checking_keeps_nothing(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger")
    ledger.check(receipt(5), again=False)
    ledger.accept(receipt(1), again=False)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "{}",
        "[" * 5000,
        '{"format": "kinmatch-ledger/2", "accepted": {}}',
        '{"format": "kinmatch-ledger/1", "accepted": []}',
        '{"format": "kinmatch-ledger/1", "accepted": {"' + AGREEMENT + '": []}}',
        '{"format": "kinmatch-ledger/1", "accepted": {"' + AGREEMENT + '": {"red-one": 3}}}',
    ],
)
def test_a_ledger_that_was_altered_accepts_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "ledger").write_text(content)
    ledger = FileLedger(tmp_path / "ledger")
    for act in (ledger.check, ledger.accept):
        with pytest.raises(InputError, match="old envelope could be accepted"):
            act(receipt(1), again=False)
    assert (tmp_path / "ledger").read_text() == content


def _accept(path: Path, number: int) -> bool:
    try:
        FileLedger(path).accept(receipt(number), again=False)
    except EnvelopeError:
        return False
    return True


def test_of_two_that_come_at_once_one_is_accepted(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        accepted = pool.starmap(_accept, [(tmp_path / "ledger", 7)] * 12)
    assert sum(accepted) == 1


@pytest.fixture(scope="module")
def one() -> Identity:
    return Identity.generate("red-one")


@pytest.fixture(scope="module")
def amended(one: Identity, draw_up: DrawUp) -> Agreement:
    public = [
        one.public,
        *(Identity.generate(name).public for name in ("red-two", "crescent-3", "hub")),
    ]
    return draw_up(identities=public).with_next_epoch(date(2026, 6, 1), overlap_days=30)


def test_a_notice_arrives(one: Identity, amended: Agreement, tmp_path: Path) -> None:
    written = write_retirement(tmp_path / "notice", identity=one, agreement=amended)
    assert Retirement.read(tmp_path / "notice", amended) == written
    assert (written.key_epoch, written.last_day) == (1, date(2026, 6, 30))


def test_every_byte_of_a_notice_counts(one: Identity, amended: Agreement, tmp_path: Path) -> None:
    path = tmp_path / "notice"
    write_retirement(path, identity=one, agreement=amended)
    whole = path.read_bytes()
    for at in range(len(whole)):
        if not whole[at : at + 1].isspace():  # the layout is not signed
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises((InputError, IntegrityError, AgreementError, MismatchError)):
                Retirement.read(path, amended)


def test_notices_that_are_none(
    one: Identity, amended: Agreement, draw_up: DrawUp, tmp_path: Path
) -> None:
    path = tmp_path / "notice"
    first = draw_up(identities=amended.identities)
    with pytest.raises(AgreementError, match="one key epoch alone"):
        write_retirement(path, identity=one, agreement=first)
    notice = write_retirement(path, identity=one, agreement=amended)
    write_signed(path, notice.model_copy(update={"society": "red-two"}), one)
    with pytest.raises(IntegrityError, match="not signed by 'red-two'"):
        Retirement.read(path, amended)
    write_signed(path, notice.model_copy(update={"agreement_id": "cd" * 16}), one)
    with pytest.raises(MismatchError, match="of agreement cdcd"):
        Retirement.read(path, amended)
    hub = Identity.generate("hub")
    theirs = [one.public, hub.public, *amended.identities[1:3]]
    mine = Retirement(
        agreement_id=AGREEMENT, society="hub", key_epoch=1, last_day=date(2026, 6, 30)
    )
    write_signed(path, mine, hub)
    with pytest.raises(AgreementError, match="not a party"):
        Retirement.read(path, draw_up(identities=theirs))
