"""The envelope: a batch arrives as it was sent, by whom it was sent, once; all else is refused."""

import hashlib
import json
import logging
import pickle
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from batch_rows import assert_holds, make_rows

from matcher.formats import envelope
from matcher.formats.agreement import Agreement
from matcher.formats.batch import BatchHeader, read_batch, write_batch
from matcher.formats.chunks import CHUNK_BYTES, TAG_BYTES
from matcher.formats.envelope import FORMAT, EnvelopeHeader, read_header, write_envelope
from matcher.formats.errors import AgreementError, EnvelopeError, MismatchError, ParameterError
from matcher.formats.identity import Identity
from matcher.formats.ledger import FileLedger
from matcher.formats.opening import RULES, Opened, opened_envelope
from matcher.formats.scheme import Scheme

DrawUp = Callable[..., Agreement]
DAY = date(2026, 6, 1)
NAMES = ("red-one", "red-two", "crescent-3", "hub")


@pytest.fixture(scope="module")
def keys() -> dict[str, Identity]:
    return {name: Identity.generate(name) for name in NAMES}


@pytest.fixture(scope="module")
def agreed(draw_up: DrawUp, keys: dict[str, Identity]) -> Callable[..., Agreement]:
    def draw(**terms: object) -> Agreement:
        return draw_up(identities=[one.public for one in keys.values()], **terms)

    return draw


@dataclass
class Office:
    """A folder in which batches are sealed and opened."""

    folder: Path
    keys: dict[str, Identity]
    agreement: Agreement

    def __post_init__(self) -> None:
        self.ledger = FileLedger(self.folder / "ledger.json")
        self.made = 0

    def batch(self, rows: int = 5, **terms: object) -> Path:
        """Write a batch of red-one; another society or agreement by name."""
        self.made += 1
        path = self.folder / f"{self.made}.batch"
        usual = {"society": "red-one", "agreement": self.agreement}
        write_batch(path, groups=[make_rows(rows)], **{**usual, **terms})  # type: ignore[arg-type]
        return path

    def seal(self, batch: Path | None = None, number: int = 1, **terms: object) -> Path:
        """Write an envelope of red-one to the hub."""
        path = self.folder / f"{number}.envelope"
        usual = {"identity": self.keys["red-one"], "agreement": self.agreement}
        write_envelope(
            batch or self.batch(),
            path,
            number=number,
            **{**usual, **terms},  # type: ignore[arg-type]  # the terms of a test
        )
        return path

    def open(
        self, path: Path, *, on: date = DAY, again: bool = False, **terms: object
    ) -> EnvelopeHeader:
        """Open an envelope as the hub."""
        usual = {"identity": self.keys["hub"], "agreements": [self.agreement]}
        with opened_envelope(
            path,
            on=on,
            again=again,
            ledger=self.ledger,
            **{**usual, **terms},  # type: ignore[arg-type]  # the terms of a test
        ) as opened:
            assert isinstance(opened, Opened)
            return opened.header

    def refused(self, path: Path, rule: str, **terms: object) -> str:
        """Assert that an envelope is refused by a rule; give what is said."""
        with pytest.raises(EnvelopeError) as caught:
            self.open(path, **terms)  # type: ignore[arg-type]  # the terms of a test
        assert caught.value.rule == rule, caught.value
        assert rule in RULES
        assert f"[{rule}]" in str(caught.value)
        assert caught.value.__cause__ is None
        return str(caught.value)


@pytest.fixture
def office(tmp_path: Path, keys: dict[str, Identity], agreed: Callable[..., Agreement]) -> Office:
    return Office(tmp_path, keys, agreed())


def test_what_is_sent_arrives(office: Office) -> None:
    rows = make_rows(3000)
    batch = office.batch(3000)
    path = office.seal(batch)
    with opened_envelope(
        path,
        identity=office.keys["hub"],
        agreements=[office.agreement],
        on=DAY,
        ledger=office.ledger,
    ) as opened:
        assert_holds(opened.batch, rows)
        opened.content.seek(0)
        assert opened.content.read() == batch.read_bytes()
        assert opened.batch.header == read_batch(batch, office.agreement).header
    assert read_header(path) == opened.header
    assert opened.header.society == "red-one"


def test_nothing_of_the_batch_is_in_the_open(office: Office) -> None:
    batch = office.batch(300)
    sent = office.seal(batch).read_bytes()
    content = batch.read_bytes()
    for reference in make_rows(300).references:
        assert reference.tobytes() in content
        assert reference.tobytes() not in sent
    assert b"PAR1" not in sent
    assert office.seal(batch, 2).read_bytes()[-2000:] != sent[-2000:]


def test_every_byte_counts(office: Office) -> None:
    """Each byte of a small envelope is altered, and each is cut off or added at the end."""
    path = office.seal(office.batch(0))
    whole = path.read_bytes()
    rules = set()

    def refused(content: bytes) -> None:
        path.write_bytes(content)
        with pytest.raises(EnvelopeError) as caught:
            office.open(path)
        rules.add(caught.value.rule)

    for at in range(len(whole)):
        refused(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
    for length in (*range(0, len(whole), 11), *range(len(whole) - 100, len(whole))):
        refused(whole[:length])
    for added in (b"\0", whole):
        refused(whole + added)
    assert rules <= {"format", "agreement", "party", "signature"}
    path.write_bytes(whole)
    office.open(path)


def resigned(office: Office, whole: bytes, signer: str = "red-one") -> bytes:
    """Sign anew what was altered, as its own society could."""
    body = whole[:-64]
    return body + office.keys[signer].sign(FORMAT, hashlib.sha256(body).digest())


def test_chunks_stand_in_their_order(office: Office) -> None:
    """Not even one who has the society's signing key can move a chunk or alter the wrapped key."""
    path = office.seal(office.batch(3000))
    whole = path.read_bytes()
    step = CHUNK_BYTES + TAG_BYTES
    start = whole.index(b"\n") + 1 + 80
    one, two, rest = whole[start:][:step], whole[start + step :][:step], whole[start + 2 * step :]
    head = whole[:start]
    for content in (head + two + one + rest, head + one + one + rest):
        path.write_bytes(content)
        office.refused(path, "signature")
        path.write_bytes(resigned(office, content))
        office.refused(path, "chunk")
    altered = bytearray(whole)
    altered[start - 1] ^= 1  # the wrapped key
    path.write_bytes(resigned(office, bytes(altered)))
    office.refused(path, "chunk")


def with_header(office: Office, whole: bytes, **fields: object) -> bytes:
    line, rest = whole.split(b"\n", 1)
    header = EnvelopeHeader.model_validate({**json.loads(line), **fields})
    return resigned(office, header.line + rest)


def test_a_header_can_not_be_put_on_another_content(office: Office) -> None:
    """Not even by the society itself: the wrapped key opens under its own header alone."""
    path = office.seal()
    whole = path.read_bytes()
    path.write_bytes(with_header(office, whole, number=7))
    office.refused(path, "chunk")


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"agreement_id": "cd" * 16}, "agreement"),
        ({"agreement_digest": "sha256:" + "0" * 64}, "agreement"),
        ({"society": "stranger"}, "party"),
        ({"society": "red-two"}, "signature"),
        ({"linkage_unit": "other"}, "party"),
        ({"scheme": "tiny/2"}, "scheme"),
        ({"scheme_digest": "sha256:" + "0" * 64}, "scheme"),
        ({"key_epoch": 2}, "epoch"),
    ],
)
def test_what_does_not_belong_is_refused_by_name(
    office: Office, fields: dict[str, object], rule: str
) -> None:
    path = office.seal()
    path.write_bytes(with_header(office, path.read_bytes(), **fields))
    office.refused(path, rule)


def test_a_wrong_signer(office: Office, keys: dict[str, Identity]) -> None:
    """Another party, and a stranger who calls himself red-one and got hold of the agreement."""
    path = office.seal()
    path.write_bytes(resigned(office, path.read_bytes(), "red-two"))
    office.refused(path, "signature")
    with pytest.raises(MismatchError, match="sends its own batches alone"):
        office.seal(identity=keys["red-two"])
    stranger = Identity.generate("red-one")
    with pytest.raises(AgreementError, match="not those of this identity"):
        office.seal(identity=stranger)


def test_a_batch_goes_to_the_unit_of_its_own_agreement_alone(
    office: Office, agreed: Callable[..., Agreement]
) -> None:
    for other in (agreed(agreement_id="cd" * 16), agreed(retention_days=9)):
        with pytest.raises(MismatchError, match="Give the agreement of the batch"):
            office.seal(office.batch(agreement=other))
    assert not list(office.folder.glob("*.envelope"))


def test_a_replay(office: Office) -> None:
    first, second, third = (office.seal(number=number) for number in (1, 5, 9))
    office.open(first)
    office.open(second)
    for path in (first, second):
        assert "not newer" in office.refused(path, "replay")
        office.open(path, again=True)
    other = office.seal(number=3)
    office.refused(other, "replay")
    office.refused(other, "replay", again=True)
    office.open(third)


def test_numbers_are_each_societys_own(office: Office, keys: dict[str, Identity]) -> None:
    office.open(office.seal(number=5))
    theirs = office.batch(society="red-two")
    office.open(office.seal(theirs, 3, identity=keys["red-two"]))


def test_two_envelopes_of_one_number(office: Office) -> None:
    path = office.seal(number=5)
    office.open(path)
    office.refused(office.seal(office.batch(7), number=5), "replay", again=True)


def test_a_refused_envelope_is_not_entered(office: Office) -> None:
    path = office.seal()
    whole = path.read_bytes()
    path.write_bytes(with_header(office, whole, number=99))
    office.refused(path, "chunk")
    path.write_bytes(whole)
    office.open(path)


def test_a_downgraded_scheme(
    office: Office, agreed: Callable[..., Agreement], tiny_scheme: Scheme
) -> None:
    """The unit knows the agreement under its newer scheme; what was made under the old is old."""
    path = office.seal()
    newer = agreed(scheme=tiny_scheme.model_copy(update={"version": 2}))
    office.refused(path, "agreement", agreements=[newer])
    amending = newer.model_copy(update={"amends": (office.agreement.digest,)})
    office.refused(path, "scheme", agreements=[amending])


def test_epochs_overlap_and_end(office: Office) -> None:
    old = office.seal(number=1)
    office.agreement = office.agreement.with_next_epoch(date(2026, 6, 1), overlap_days=30)
    new = office.seal(number=2)
    assert read_header(new).key_epoch == 2
    office.refused(new, "epoch", on=date(2026, 5, 31))
    office.open(old, on=date(2026, 6, 30))
    office.open(new, on=date(2026, 6, 30))
    assert "valid from 2026-01-01 to 2026-06-30" in office.refused(
        old, "epoch", on=date(2026, 7, 1), again=True
    )
    office.open(new, on=date(2026, 7, 1), again=True)


def test_after_a_new_epoch_no_older_one(office: Office) -> None:
    first = office.agreement
    office.agreement = first.with_next_epoch(date(2026, 6, 1), overlap_days=30)
    office.open(office.seal(number=1))
    late = office.seal(office.batch(agreement=first), number=2, agreement=first)
    assert "older" in office.refused(late, "epoch")


def test_a_retired_epoch(office: Office) -> None:
    path = office.seal()
    office.open(path)
    office.ledger.retire(office.agreement.agreement_id, "red-one", 1)
    office.refused(path, "retired", again=True)
    office.ledger.retire(office.agreement.agreement_id, "red-one", 0)
    office.refused(path, "retired", again=True)


def test_an_envelope_for_another_unit(office: Office, keys: dict[str, Identity]) -> None:
    path = office.seal()
    office.refused(path, "party", identity=keys["red-two"])
    # The same name, but other keys: they open nothing.
    office.refused(path, "chunk", identity=Identity.generate("hub"))


def test_a_batch_that_is_none(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a faulty society could send, rightly signed and encrypted."""
    batch = office.batch()
    inside = read_batch(batch, office.agreement).header

    def pretended(**fields: object) -> Callable[[Path], BatchHeader]:
        return lambda _: inside.model_copy(update=fields)

    altered = office.folder / "altered.batch"
    content = bytearray(batch.read_bytes())
    content[50] ^= 1
    altered.write_bytes(content)
    none = office.folder / "none.batch"
    none.write_bytes(b"record_id,given_name\n1,Canary\n")
    for path, fields in (
        (altered, {}),
        (none, {}),
        (batch, {"seal": "sha256:" + "0" * 64}),
        (office.batch(society="red-two"), {}),
    ):
        monkeypatch.setattr(envelope, "_header_of", pretended(**fields))
        office.made += 1
        said = office.refused(office.seal(path, number=office.made), "batch")
        assert "Canary" not in said


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}\n", b"null\n", b"Canary,1\n" * 600, b"[" * 5000, b"\xff" * 100]
)
def test_no_envelope(office: Office, content: bytes) -> None:
    path = office.folder / "wrong"
    path.write_bytes(content)
    assert "Canary" not in office.refused(path, "format")


def test_no_file(office: Office) -> None:
    office.refused(office.folder / "none", "format")
    office.refused(office.folder, "format")


def test_refusals_and_receipts_are_logged_without_data(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    path = office.seal(number=4)
    with caplog.at_level(logging.INFO, logger="kinmatch.envelope"):
        office.open(path)
        office.refused(path, "replay")
        office.refused(office.folder / "none", "format")
    accepted, replayed, none = caplog.records
    assert accepted.levelno == logging.INFO
    assert (replayed.levelno, replayed.rule, replayed.number) == (logging.WARNING, "replay", 4)  # type: ignore[attr-defined]
    assert (replayed.society, replayed.key_epoch) == ("red-one", 1)  # type: ignore[attr-defined]
    assert none.rule == "format"  # type: ignore[attr-defined]


def test_memory_is_for_a_chunk(office: Office) -> None:
    batch = office.batch(100_000)
    size = batch.stat().st_size
    tracemalloc.start()
    path = office.seal(batch)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 5_000_000
    assert peak < 3_000_000
    assert np.isclose(path.stat().st_size, size, rtol=0.01)


def test_without_public_keys_nothing_is_sent(office: Office, draw_up: DrawUp) -> None:
    bare = draw_up()
    with pytest.raises(AgreementError, match="no public keys"):
        office.seal(office.batch(agreement=bare), agreement=bare)


def test_an_agreement_of_a_rehearsal_opens_nothing(office: Office) -> None:
    path = office.seal()
    bare = office.agreement.model_copy(update={"identities": ()})
    bare = bare.model_copy(update={"amends": (office.agreement.digest,)})
    office.refused(path, "party", agreements=[bare])


def test_an_identity_gives_nothing_away(keys: dict[str, Identity]) -> None:
    assert repr(keys["hub"]) == "Identity(hub)"
    with pytest.raises(ParameterError):
        pickle.dumps(keys["hub"])
