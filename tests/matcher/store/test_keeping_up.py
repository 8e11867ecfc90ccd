"""What a restored store is told: real archives restored beside the newest journal and keys."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from people import (
    ONE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    receipt_for,
    registered,
    send,
    sought,
)
from sqlalchemy import func, select

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, EnvelopeError, IntegrityError, StateError
from matcher.formats.retirement import Retirement
from matcher.formats.terms import Terms
from matcher.nightly.night import Limits, run_night
from matcher.settings import Settings
from matcher.store import batches, listings, receipts
from matcher.store.backup import restore_archive, write_archive
from matcher.store.database import Store, open_store
from matcher.store.journal import Admission, BatchWithdrawal, Journal, Said
from matcher.store.keeping_up import Applied, catch_up, enter
from matcher.store.models import AgreementRow, BatchRow, NoticeRow, Record, Retired
from matcher.store.withdrawals import withdrawal_of
from matcher.vault import StoreKeys

PASSPHRASE = "archive"  # noqa: S105  # of throwaway archives
TOMORROW = TODAY + timedelta(days=1)
LIMITS = Limits(10**9, 10**6)


class Unit:
    """A linkage unit that can be put back to its last archive."""

    def __init__(self, store: Store, keys: StoreKeys, folder: Path) -> None:
        self.store, self.keys, self.folder = store, keys, folder
        self.settings = Settings.load(data_folder=store.folder)
        self.journal = Journal(folder / "journal.jsonl")
        self.stack = ExitStack()

    def say(self, said: Said, days: int = 0) -> Applied:
        """Enter and apply something."""
        return enter(self.store, self.journal, said, on=TODAY + timedelta(days=days))

    def withdrawal(self, batch: UUID) -> BatchWithdrawal:
        """What takes a batch back."""
        with self.store.as_unit() as session:
            return withdrawal_of(batches.found(session, batch))

    def archived(self) -> Path:
        """Write an archive."""
        path = self.folder / "archive"
        write_archive(self.store, self.settings, path, PASSPHRASE)
        return path

    def restored(self, archive: Path) -> None:
        """Everything is lost but the newest keys and the newest journal."""
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o711)
        settings = Settings.load(data_folder=folder / "data", store_keys_file=self.keys.path)
        if self.journal.path.exists():
            settings.protection_journal.write_bytes(self.journal.path.read_bytes())
        self.stack.callback(settings.protection_journal.unlink, missing_ok=True)
        restore_archive(settings, self.keys, archive, PASSPHRASE)
        self.store = self.stack.enter_context(open_store(settings, self.keys))
        self.settings, self.journal = settings, Journal(settings.protection_journal)

    def night(self, days: int = 0) -> None:
        """Compare everything that may be compared on a day."""
        on = TODAY + timedelta(days=days)
        run_night(self.store, on=on, limits=LIMITS, top=10, threads=1, full=True)

    def shown(self, society: str = ONE, days: int = 0) -> int:
        """How many candidates a society is shown."""
        on = TODAY + timedelta(days=days)
        with self.store.as_society(society) as session:
            return len(listings.page(session, society=society, until=on, on=on, count=100))

    def state(self, batch: UUID) -> str:
        """The state of a batch."""
        with self.store.as_unit() as session:
            return session.get_one(BatchRow, batch).state


@pytest.fixture
def unit(store: Store, store_keys: StoreKeys, tmp_path: Path) -> Iterator[Unit]:
    made = Unit(store, store_keys, tmp_path)
    with made.stack:
        yield made


@pytest.fixture
def agreement(unit: Unit) -> Agreement:
    return add(unit.store, draw_agreement())


Give = Callable[..., UUID]


@pytest.fixture
def give(unit: Unit, agreement: Agreement) -> Give:
    folder = unit.folder / "batches"
    folder.mkdir()

    def given(society: str, people: list[tuple[int, str]], **rest: object) -> UUID:
        return send(unit.store, folder, agreement, society, people, **rest)

    return given


@pytest.fixture
def met(unit: Unit, give: Give) -> dict[str, UUID]:
    """Two people who are sought by one society and registered by another, and found."""
    given = {ONE: give(ONE, sought(1, 2)), TWO: give(TWO, registered(1, 2))}
    unit.night()
    assert unit.shown() == 2
    return given


@pytest.mark.parametrize("cleared", [False, True])
def test_a_batch_that_was_withdrawn_is_not_revived(
    unit: Unit, met: dict[str, UUID], cleared: bool
) -> None:
    archive = unit.archived()
    assert unit.say(unit.withdrawal(met[TWO])).records == 2
    if cleared:
        unit.night()
    unit.restored(archive)
    assert (unit.shown(ONE), unit.shown(TWO)) == (0, 0)
    unit.night()
    assert unit.shown(ONE) == 0
    assert unit.state(met[TWO]) == "destroyed"
    assert met[TWO] not in unit.store.fingerprints.ids()
    assert unit.state(met[ONE]) == "accepted"


def test_a_withdrawn_batch_is_off_every_list_before_the_night(
    unit: Unit, met: dict[str, UUID]
) -> None:
    unit.say(unit.withdrawal(met[TWO]))
    assert (unit.shown(ONE), unit.shown(TWO)) == (0, 0)
    assert unit.say(unit.withdrawal(met[TWO])).again
    unit.night()
    with pytest.raises(StateError, match="destroyed"):
        unit.say(unit.withdrawal(met[TWO]).model_copy(update={"size": 1}))


def test_a_withdrawn_batch_that_the_archive_never_had_is_not_taken_in_again(
    unit: Unit, agreement: Agreement, give: Give
) -> None:
    give(ONE, sought(1, 2))
    archive = unit.archived()
    later = give(TWO, registered(1, 2))
    unit.say(unit.withdrawal(later))
    unit.restored(archive)
    path = next((unit.folder / "batches").glob(f"{TWO}*"))
    assert unit.state(later) == "withdrawn"
    with unit.store.as_society(TWO) as session:
        row = batches.register(
            session, society=TWO, agreement=agreement.agreement_id,
            digest=unit.withdrawal(later).file_digest, size=path.stat().st_size, on=TODAY,
            actor="tester",
        )  # fmt: skip
        assert (row.id, row.state) == (later, "withdrawn")
    unit.night()
    assert unit.state(later) == "destroyed"


def retirement(agreement: Agreement, last_day: int = 0, society: str = TWO) -> Retirement:
    return Retirement(
        agreement_id=agreement.agreement_id, society=society, key_epoch=1,
        last_day=TODAY + timedelta(days=last_day),
    )  # fmt: skip


def test_a_key_epoch_that_was_retired_is_not_revived(
    unit: Unit, agreement: Agreement, met: dict[str, UUID]
) -> None:
    archive = unit.archived()
    assert unit.say(retirement(agreement)).records == 2
    unit.restored(archive)
    unit.night(days=1)
    assert unit.shown(ONE, days=1) == 0
    assert unit.store.fingerprints.ids() == {met[ONE]}
    receipt = receipt_for(unit.store, agreement, TWO, "sha256:" + "cd" * 32)
    with pytest.raises(EnvelopeError, match="retired"):
        receipts.DatabaseLedger(unit.store, TOMORROW).check(receipt, again=False)


def test_what_an_epoch_held_is_off_every_list_once_its_last_day_is_over(
    unit: Unit, agreement: Agreement, met: dict[str, UUID]
) -> None:
    assert met
    unit.say(retirement(agreement, 2))
    assert [unit.shown(ONE, days) for days in (0, 2, 3)] == [2, 2, 0]
    assert unit.shown(TWO, days=3) == 0


def test_of_two_notices_of_an_epoch_the_earlier_day_counts(
    unit: Unit, agreement: Agreement
) -> None:
    for last_day, expected in ((30, 30), (0, 0), (60, 0)):
        unit.say(retirement(agreement, last_day))
        with unit.store.as_unit() as session:
            assert session.scalar(select(Retired.last_day)) == TODAY + timedelta(days=expected)
    assert unit.say(retirement(agreement, 30)).again
    assert len(list(unit.journal.entries())) == 3


def test_an_agreement_that_was_amended_stays_amended(
    unit: Unit, agreement: Agreement, met: dict[str, UUID]
) -> None:
    """A corridor that was closed since the archive stays closed."""
    assert met
    archive = unit.archived()
    ended = agreement.valid_from, TODAY - timedelta(days=1)
    closed = agreement.with_terms(Terms.of_fiction(agreement.corridors, agreement.purposes, *ended))
    unit.say(Admission(agreement=closed.model_dump(mode="json")))
    unit.restored(archive)
    unit.night()
    assert unit.shown(ONE) == 0
    with unit.store.as_unit() as session:
        assert session.get_one(AgreementRow, agreement.agreement_id).digest == closed.digest
    old = Admission(agreement=agreement.model_dump(mode="json"))
    with pytest.raises(AgreementError, match="does not amend"):
        unit.say(old)
    assert unit.say(Admission(agreement=closed.model_dump(mode="json"))).again


def test_what_came_under_an_agreement_that_the_archive_never_had_is_caught_up_with(
    unit: Unit,
) -> None:
    archive = unit.archived()
    agreement = draw_agreement()
    unit.say(Admission(agreement=agreement.model_dump(mode="json")))
    unit.say(retirement(agreement))
    unit.restored(archive)
    with unit.store.as_unit() as session:
        assert session.scalar(select(func.count()).select_from(Retired)) == 1
        assert session.scalars(select(NoticeRow.kind).order_by(NoticeRow.number)).all() == [
            "admit", "retire",
        ]  # fmt: skip


def test_without_the_newest_journal_nothing_is_restored(
    unit: Unit, agreement: Agreement, met: dict[str, UUID]
) -> None:
    unit.say(retirement(agreement))
    archive = unit.archived()
    unit.say(unit.withdrawal(met[ONE]))
    lines = unit.journal.path.read_bytes().splitlines(keepends=True)
    unit.journal.path.write_bytes(b"")
    with pytest.raises(IntegrityError, match="newest copy"):
        unit.restored(archive)
    unit.journal.path.write_bytes(b"".join(lines))
    assert catch_up(unit.store, unit.journal) == 0
    with unit.store.as_unit() as session:
        assert session.scalar(select(func.count()).select_from(Record)) == 4
