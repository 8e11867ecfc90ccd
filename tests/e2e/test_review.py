"""The review of a record: at the society, told in a signed notice, done at the linkage unit."""

import json
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from command_line import PASSPHRASE, Here, encode_words, match_words
from intake_drafts import TODAY, Draft

from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.notices import Notice
from matcher.nightly.night import Limits, run_night
from matcher.settings import Settings
from matcher.store import acceptance, admitting, batches, listings
from matcher.store.database import Store, open_store
from matcher.store.journal import Journal
from matcher.store.keeping_up import enter
from matcher.vault import StoreKeys

MET = """record_id,role,given_name,family_name,birth_date,residence,last_seen_place
m1,registered,Omar,Yusuf,1995-03-07,,Aleppo
"""


class Unit:
    """The linkage unit, and what it is sent from an office."""

    def __init__(self, store: Store, office: Path) -> None:
        self.store, self.office = store, office
        self.agreement = Agreement.read(office / "agreement.toml")
        self.journal = Journal(office / "journal.jsonl")
        with store.as_unit() as session:
            admitting.add_agreement(session, self.agreement, on=self.agreement.valid_from)

    def receives(self, society: str) -> None:
        """Take in the envelope that a society has written."""
        envelope = self.office / f"{society}.batch"
        size, digest = envelope.stat().st_size, "sha256:" + society.encode().hex().zfill(64)
        with self.store.as_society(society) as session:
            row = batches.register(
                session, society=society, agreement=self.agreement.agreement_id, digest=digest,
                size=size, on=TODAY, actor="tester",
            )  # fmt: skip
            batches.note_part(session, row.id, number=0, size=size, digest=digest, actor="tester")
            batches.finish(session, row.id, actor="tester")
            batch = row.id
        own = Identity.open(self.office / "hub.identity", PASSPHRASE)
        assert acceptance.accept(self.store, batch, envelope, identity=own, on=TODAY) == "accepted"

    def is_told(self, notices: list[dict[str, str]], on: date) -> list[str]:
        """Apply what `kinmatch notify` wrote; give the kinds."""
        for one in notices:
            enter(self.store, self.journal, Notice.read(Path(one["file"]), self.agreement), on=on)
        return [one["kind"] for one in notices]

    def shown(self, days: int) -> int:
        """How many candidates the society is shown after the night of that day."""
        on = TODAY + timedelta(days=days)
        run_night(self.store, on=on, limits=Limits(10**6, 10**6), top=10, threads=1)
        with self.store.as_society("seeking") as session:
            return len(listings.page(session, society="seeking", until=on, on=on, count=10))


@pytest.fixture
def unit(office: Path) -> Iterator[Unit]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        keys = StoreKeys.new(folder / "keys.json", "words")
        with open_store(Settings.load(data_folder=folder / "data"), keys) as store:
            yield Unit(store, office)


def notified(run: Here, office: Path, draft: Draft) -> list[dict[str, str]]:
    draft.write(office / "case")
    ran = run(
        *("notify", office / "case" / "people.csv", "--intake", office / "case" / "intake.toml"),
        *("--agreement", office / "agreement.toml", "--identity", office / "seeking.identity"),
        *("--references", office / "seeking.references", "--out", office / "notices", "--json"),
        passphrase=PASSPHRASE,
    )
    assert ran.status == 0, ran.said
    written: list[dict[str, str]] = json.loads(ran.out)
    return written


def test_what_a_review_renews_takes_part_again_the_same_night(
    unit: Unit, office: Path, run_here: Here
) -> None:
    draft, until = Draft(), TODAY + timedelta(days=10)
    draft.say("s1", basis_until=until.isoformat())
    draft.write(office / "case")
    case = {"intake": office / "case" / "intake.toml"}
    words = encode_words(office / "case" / "people.csv", office, **case)
    assert run_here(*words, passphrase=PASSPHRASE).status == 0
    (office / "met.csv").write_text(MET, encoding="utf-8")
    words = encode_words(office / "met.csv", office, "meeting")
    assert run_here(*words, passphrase=PASSPHRASE).status == 0
    for society in ("seeking", "meeting"):
        unit.receives(society)

    assert unit.shown(0) == 1
    assert notified(run_here, office, draft) == []
    assert unit.shown(10) == 1
    assert unit.shown(11) == 0

    draft.say("s1", basis_until=(TODAY + timedelta(days=60)).isoformat())
    (renewal,) = notices = notified(run_here, office, draft)
    assert (renewal["kind"], renewal["records"]) == ("renew", 1)
    assert renewal["review_on"] == (TODAY + timedelta(days=61)).isoformat()
    assert unit.is_told(notices, on=TODAY + timedelta(days=11)) == ["renew"]
    assert unit.shown(11) == 1
    assert notified(run_here, office, draft) == []
    # But no longer than the agreement lets a batch be kept: thirty days.
    assert unit.shown(29) == 1
    assert unit.shown(30) == 0
    assert unit.store.fingerprints.ids() == set()


def test_where_batches_are_compared_as_files_notices_count_too(
    office: Path, run_here: Here
) -> None:
    draft = Draft()
    draft.write(office / "case")
    case = {"intake": office / "case" / "intake.toml"}
    words = encode_words(office / "case" / "people.csv", office, **case)
    assert run_here(*words, passphrase=PASSPHRASE).status == 0
    (office / "met.csv").write_text(MET, encoding="utf-8")
    words = encode_words(office / "met.csv", office, "meeting")
    assert run_here(*words, passphrase=PASSPHRASE).status == 0
    matching = match_words(office, office / "seeking.batch", office / "meeting.batch")

    def strong(*more: str | Path) -> int:
        ran = run_here(*matching, *more, "--json", passphrase=PASSPHRASE)
        assert ran.status == 0, ran.said
        return int(json.loads(ran.out)["candidates"]["strong"])

    assert strong() == 1
    draft.happened("s1", "not-to-be-found")
    (notice,) = notified(run_here, office, draft)
    assert strong("--notice", notice["file"]) == 0
    (office / "forged").write_text(
        Path(notice["file"]).read_text().replace('"withdraw"', '"resume"'), encoding="utf-8"
    )
    ran = run_here(*matching, "--notice", office / "forged", passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "not signed by" in ran.said
