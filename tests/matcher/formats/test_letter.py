"""Letters: who signed and who may read, whatever bytes change on the way."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.formats import letter as letters
from matcher.formats.agreement import Agreement
from matcher.formats.chunks import encrypt
from matcher.formats.errors import AgreementError, InputError, IntegrityError, MismatchError
from matcher.formats.identity import Identity
from matcher.formats.letter import Letter, letter, seal_file
from matcher.formats.secret import Secret

NAMES = ("red-one", "red-two", "crescent-3", "hub")
KIND = "kinmatch-requests"
SEAL = "sha256:" + "1" * 64
WHERE = Path("a.letter")


@pytest.fixture(scope="module")
def people() -> dict[str, Identity]:
    return {name: Identity.generate(name) for name in NAMES}


@pytest.fixture(scope="module")
def agreement(draw_up: Callable[..., Agreement], people: dict[str, Identity]) -> Agreement:
    return draw_up(identities=tuple(one.public for one in people.values()))


@pytest.fixture(scope="module")
def sent(agreement: Agreement, people: dict[str, Identity]) -> bytes:
    return letter(
        b"who is asked about", identity=people["hub"], recipient="red-one", agreement=agreement,
        holds=KIND, answers=SEAL,
    )  # fmt: skip


def opened(content: bytes, agreement: Agreement, who: Identity) -> bytes:
    found = Letter.of(content, agreement, WHERE)
    return bytes(found.open(who, sender="hub", holds=KIND).read())


def test_the_recipient_reads_what_was_written(
    sent: bytes, agreement: Agreement, people: dict[str, Identity]
) -> None:
    assert opened(sent, agreement, people["red-one"]) == b"who is asked about"
    header = Letter.of(sent, agreement, WHERE).header
    assert (header.sender, header.recipient, header.answers) == ("hub", "red-one", SEAL)
    assert b"asked about" not in sent


@pytest.mark.parametrize("size", [0, 1, 1 << 16, (1 << 16) + 1])
def test_of_any_size(
    size: int, agreement: Agreement, people: dict[str, Identity], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    seal_file(path, identity=people["hub"], recipient="red-two", agreement=agreement, holds=KIND)
    assert path.stat().st_mode & 0o777 == 0o600
    found = Letter.read(path, agreement)
    assert found.open(people["red-two"], sender="hub", holds=KIND).read() == b"x" * size


def test_the_size_tells_neither_what_is_inside_nor_what_is_left_out(
    agreement: Agreement, people: dict[str, Identity]
) -> None:
    def size(content: int, room: int = 0) -> int:
        made = letter(
            bytes(content), identity=people["hub"], recipient="red-one", agreement=agreement,
            holds=KIND, answers=SEAL, room=room,
        )  # fmt: skip
        return len(made)

    assert len({size(one) for one in (0, 1, 5000, (1 << 16) - 8)}) == 1
    assert len({size(one) for one in ((1 << 16) - 7, 1 << 17, (1 << 18) - 8)}) == 1
    assert size(1) < size(1 << 16) < size(1 << 18)
    assert size(1, room=1 << 17) == size(1 << 17)


def test_a_length_beyond_the_content_is_refused(
    agreement: Agreement, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lying(key: Secret, source: BinaryIO, write: Callable[[bytes], object]) -> int:
        return encrypt(key, io.BytesIO(source.read()[:-8] + b"\xff" * 8), write)

    monkeypatch.setattr(letters, "encrypt", lying)
    long = letter(
        b"1234567", identity=people["hub"], recipient="red-one", agreement=agreement, holds=KIND
    )
    monkeypatch.undo()
    with pytest.raises(IntegrityError):
        opened(long, agreement, people["red-one"])


def test_nobody_else_reads_it(
    sent: bytes, agreement: Agreement, people: dict[str, Identity]
) -> None:
    with pytest.raises(MismatchError, match="recipient"):
        opened(sent, agreement, people["red-two"])


@given(at=st.integers(0, 80_000), flip=st.integers(1, 255))
def test_any_changed_byte_is_noticed(
    sent: bytes, agreement: Agreement, people: dict[str, Identity], at: int, flip: int
) -> None:
    changed = bytearray(sent)
    changed[at % len(sent)] ^= flip
    with pytest.raises((InputError, IntegrityError, MismatchError, AgreementError)):
        opened(bytes(changed), agreement, people["red-one"])


@given(cut=st.integers(0, 80_000))
def test_any_cut_is_noticed(
    sent: bytes, agreement: Agreement, people: dict[str, Identity], cut: int
) -> None:
    for content in (sent[: cut % len(sent)], sent + b"x" * (1 + cut % 9)):
        with pytest.raises((InputError, IntegrityError)):
            opened(content, agreement, people["red-one"])


def test_a_society_cannot_write_as_the_linkage_unit(
    agreement: Agreement, people: dict[str, Identity], sent: bytes
) -> None:
    forged = letter(
        b"mine", identity=people["red-two"], recipient="red-one", agreement=agreement, holds=KIND
    )
    with pytest.raises(MismatchError, match="sender"):
        opened(forged, agreement, people["red-one"])
    renamed = forged.replace(b'"sender":"red-two"', b'"sender":"hub"')
    with pytest.raises(IntegrityError, match="signed"):
        Letter.of(renamed, agreement, WHERE)


def test_an_identity_that_is_not_the_agreements_cannot_write(agreement: Agreement) -> None:
    with pytest.raises(AgreementError):
        letter(
            b"", identity=Identity.generate("hub"), recipient="red-one", agreement=agreement,
            holds=KIND,
        )  # fmt: skip


def test_another_agreement_is_refused(
    sent: bytes, draw_up: Callable[..., Agreement], people: dict[str, Identity]
) -> None:
    other = draw_up(agreement_id="cd" * 16, identities=tuple(one.public for one in people.values()))
    with pytest.raises(MismatchError, match="agreement"):
        Letter.of(sent, other, WHERE)
