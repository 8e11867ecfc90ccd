"""Random histories of what societies ask for, over the real store, real nights and real archives.

Whatever happens in whatever order: no night compares, no list shows and no archive that is restored
revives a record that must not be at that time. The rules are said here once more, in the plainest
way, and never asked of the code. `make histories` runs many more of them.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from people import (
    ONE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    record_key,
    reference,
    submit,
    write,
)
from sqlalchemy import select

from matcher.formats.errors import AgreementError, EnvelopeError, GateError, StateError
from matcher.formats.notices import Notice
from matcher.formats.retirement import Retirement
from matcher.formats.terms import Terms
from matcher.nightly import night as nights
from matcher.nightly.night import Limits, run_night
from matcher.nightly.planning import NightPlan
from matcher.settings import Settings
from matcher.store import keeping_up, listings
from matcher.store.backup import restore_archive, write_archive
from matcher.store.database import Store, open_store
from matcher.store.journal import Admission, Journal, Said
from matcher.store.keeping_up import catch_up, enter
from matcher.store.models import BatchRow, CandidateRow, Record
from matcher.store.withdrawals import withdrawal_of
from matcher.vault import StoreKeys

HISTORIES = int(os.environ.get("KINMATCH_HISTORIES", "2"))
STEPS = 16
CUT_OFF = 0.15
PEOPLE = range(4)
ROLE = {ONE: "sought", TWO: "registered"}
LAST_DAY = TODAY + timedelta(days=60)
BASES = ("consent", "vital-interest")
PASSPHRASE = "archive"  # noqa: S105  # of throwaway archives
KINDS = ("suspend", "resume", "withdraw", "delete", "renew")

Person = tuple[str, int]


class World:
    """A linkage unit, and what must hold of every person there: said simply, asked of nobody."""

    def __init__(self, store: Store, keys: StoreKeys, folder: Path, rng: random.Random) -> None:
        self.store, self.keys, self.folder, self.rng = store, keys, folder, rng
        self.stack = ExitStack()
        self.settings = Settings.load(data_folder=store.folder)
        self.journal = Journal(self.settings.protection_journal)
        self.agreement = add(
            store, draw_agreement(valid_until=LAST_DAY, retention_days=1000, legal_bases=BASES)
        )
        self.today = TODAY
        self.open_until = LAST_DAY
        self.held: dict[Person, str] = {}
        self.review: dict[bytes, tuple[Person, date]] = {}
        self.batch_of = dict[bytes, UUID]()
        self.taken_back = set[UUID]()
        self.retired: dict[str, date] = {}
        self.archives: list[Path] = []
        self.count = 0

    def number(self) -> int:
        """Give a number that was not given before."""
        self.count += 1
        return self.count

    @property
    def closed(self) -> bool:
        """Whether nobody may meet through any corridor today."""
        return self.today > self.open_until

    def forbidden(self, reference_of: bytes) -> bool:
        """Whether a record must neither be compared nor shown today, with whomever."""
        person, review_on = self.review[reference_of]
        return (
            person in self.held
            or review_on <= self.today
            or self.today > LAST_DAY
            or self.batch_of[reference_of] in self.taken_back
            or self.today > self.retired.get(person[0], LAST_DAY)
        )

    def submits(self) -> None:
        """A society sends some of its people, under new references."""
        society = self.rng.choice((ONE, TWO))
        people = self.rng.sample(PEOPLE, self.rng.randint(1, len(PEOPLE)))
        edition = f" {self.number()}"
        review_on = {one: self.today + timedelta(days=self.rng.randint(1, 40)) for one in people}
        path = write(
            self.folder / f"batch{edition}", self.agreement, society,
            [(one, ROLE[society]) for one in people], edition=edition, review_on=review_on,
        )  # fmt: skip
        try:
            batch = submit(self.store, path, self.agreement, society, on=self.today)
        except AgreementError:
            assert self.today > LAST_DAY
            return
        except GateError:
            assert self.closed
            return
        except EnvelopeError:
            assert self.today > self.retired[society]
            return
        for one in people:
            known = reference(society, one, edition)
            self.review[known] = ((society, one), review_on[one])
            self.batch_of[known] = batch

    def amends(self) -> None:
        """Corridors close on a day or open again, and a legal basis goes or comes."""
        self.open_until = self.today + timedelta(days=self.rng.choice((-1, 0, 3, 30)))
        old = self.agreement
        terms = Terms.of_fiction(old.corridors, old.purposes, old.valid_from, self.open_until)
        bases = self.rng.choice((BASES, BASES, BASES[:1]))
        self.agreement = old.with_terms(terms).model_copy(update={"legal_bases": bases})
        self.enter(Admission(agreement=self.agreement.model_dump(mode="json")))
        if len(bases) < len(old.legal_bases):  # and nothing tells which records rest on which
            self.taken_back |= set(self.batch_of.values())

    def takes_back(self) -> None:
        """A society takes a whole batch back, if it is there."""
        batch = self.rng.choice(sorted(set(self.batch_of.values())))
        with self.store.as_unit() as session:
            row = session.get(BatchRow, batch)
            if row is None or row.state != "accepted":
                return  # a restored store never had it, or it is over
            said = withdrawal_of(row)
        self.enter(said)
        self.taken_back.add(batch)

    def retires(self) -> None:
        """A society retires the only key epoch; the earliest last day that it ever named counts."""
        society = self.rng.choice((ONE, TWO))
        last_day = self.today + timedelta(days=self.rng.randint(0, 4))
        said = Retirement(
            agreement_id=self.agreement.agreement_id, society=society, key_epoch=1,
            last_day=last_day,
        )  # fmt: skip
        self.enter(said)
        self.retired[society] = min(last_day, self.retired.get(society, last_day))

    def enter(self, said: Said) -> None:
        """Have something applied; now and then the process is cut off after the journal."""
        if self.rng.random() < CUT_OFF:
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(keeping_up, "_apply", _cut_off)
                with pytest.raises(KeyboardInterrupt):
                    enter(self.store, self.journal, said, on=self.today)
            assert catch_up(self.store, self.journal) == 1  # as every process does when it starts
        else:
            enter(self.store, self.journal, said, on=self.today)

    def tells(self) -> None:
        """A society says something of one of its people."""
        society, one = self.rng.choice((ONE, TWO)), self.rng.choice(PEOPLE)
        kind, person = self.rng.choice(KINDS), (society, one)
        later = self.today + timedelta(days=self.rng.randint(0, 30)) if kind == "renew" else None
        notice = Notice(
            agreement_id=self.agreement.agreement_id, society=society, number=self.number(),
            kind=kind, on=self.today, keys=(record_key(society, one).hex(),), review_on=later,
        )  # fmt: skip
        state = self.held.get(person)
        possible = {
            None: KINDS,
            "suspend": KINDS,
            "withdraw": ("resume", "suspend", "withdraw", "delete"),
            "delete": ("delete",),
        }[state]
        if kind not in possible:
            with pytest.raises(StateError):
                enter(self.store, self.journal, notice, on=self.today)
            return
        self.enter(notice)
        if kind == "resume":
            self.held.pop(person, None)
        elif kind == "renew":
            assert later is not None
            for key, (whose, _) in self.review.items():
                if whose == person:
                    self.review[key] = (whose, later)
        elif not (state == "withdraw" and kind == "suspend"):
            self.held[person] = kind

    def passes(self) -> None:
        """Time passes."""
        self.today += timedelta(days=self.rng.choice((1, 1, 2, 7, 20)))

    def night(self) -> None:
        """A night is done."""
        run_night(self.store, on=self.today, limits=Limits(10**9, 10**6), top=10, threads=1)
        self.look_into_files()

    def backs_up(self) -> None:
        """An archive is written."""
        self.archives.append(self.folder / f"archive {self.number()}")
        write_archive(self.store, self.settings, self.archives[-1], PASSPHRASE)

    def restores(self) -> None:
        """Everything is lost but the newest keys, the newest journal, and archives of any age."""
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o711)
        settings = Settings.load(data_folder=folder / "data", store_keys_file=self.keys.path)
        newest = self.journal.path
        if newest.exists() and newest != settings.protection_journal:
            shutil.copy(newest, settings.protection_journal)
        restore_archive(settings, self.keys, self.rng.choice(self.archives), PASSPHRASE)
        self.store = self.stack.enter_context(open_store(settings, self.keys))
        self.settings, self.journal = settings, Journal(settings.protection_journal)
        self.stack.callback(settings.protection_journal.unlink, missing_ok=True)

    def look(self) -> None:
        """No list shows what it must not, on either side."""
        for society in (ONE, TWO):
            with self.store.as_society(society) as session:
                shown = listings.page(
                    session, society=society, on=self.today, until=self.today, count=100
                )
            with self.store.as_unit() as session:
                assert not (shown and self.closed)
                for one in shown:
                    row = session.get_one(CandidateRow, one.id)
                    for record in (row.left_record, row.right_record):
                        assert not self.forbidden(session.get_one(Record, record).reference)

    def compared(self, plan: NightPlan) -> None:
        """A night compares nobody that it must not."""
        assert not (plan.directions and self.closed)
        for row in plan.records.reference:
            assert not self.forbidden(row.tobytes())

    def look_into_files(self) -> None:
        """After a night no file holds a fingerprint of a person that was taken back."""
        gone = {one for one, kind in self.held.items() if kind in ("withdraw", "delete")}
        with self.store.as_unit() as session:
            accepted = session.scalars(
                select(BatchRow.id).where(BatchRow.state == "accepted")
            ).all()
        for batch in accepted:
            content = self.store.fingerprints.open(batch, self.agreement)
            for part in self.agreement.scheme.passes:
                _, present = content.fingerprints(part.name)
                for row in np.flatnonzero(present).tolist():
                    assert self.review[bytes(content.references[row])][0] not in gone


def _cut_off(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def world(store: Store, store_keys: StoreKeys, tmp_path: Path, seed: int) -> Iterator[World]:
    settings = Settings.load(data_folder=store.folder)
    settings.protection_journal.unlink(missing_ok=True)
    made = World(store, store_keys, tmp_path, random.Random(seed))  # noqa: S311  # a test's
    with made.stack:
        yield made
    settings.protection_journal.unlink(missing_ok=True)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_nothing_that_a_gate_forbids_is_ever_compared_shown_or_revived(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = nights.compare

    def watched(plan: NightPlan, *rest: object, **named: object) -> object:
        world.compared(plan)
        return real(plan, *rest, **named)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(nights, "compare", watched)
    for act in (world.submits, world.submits, world.night, world.backs_up):
        act()
    acts = [
        *(world.submits,) * 4, *(world.tells,) * 8, *(world.night,) * 5, *(world.passes,) * 3,
        *(world.takes_back,) * 2, *(world.retires,) * 2, *(world.amends,) * 2, world.backs_up,
        world.restores,
    ]  # fmt: skip
    for act in [*world.rng.choices(acts, k=STEPS), world.restores, world.night]:
        act()
        world.look()
