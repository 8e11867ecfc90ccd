"""What persons say of their records, as it reaches a society's file and the linkage unit."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from command_line import PASSPHRASE, Here, encode_words
from intake_drafts import TODAY, TOMORROW, Draft
from society_office import check, consenting, rules_of

from encoders import checking
from encoders.protection import admission
from encoders.protection.intake import read_intake
from encoders.readers import read_records
from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.ledger import FileLedger
from matcher.formats.marks import marks_of
from matcher.formats.notices import Notice
from matcher.formats.opening import opened_envelope


def notices(run: Here, office: Path, draft: Draft) -> list[dict[str, Any]]:
    """What `kinmatch notify` writes after a change."""
    draft.write(office / "case")
    ran = run(
        *("notify", office / "case" / "people.csv", "--intake", office / "case" / "intake.toml"),
        *("--agreement", office / "agreement.toml", "--identity", office / "seeking.identity"),
        *("--references", office / "seeking.references", "--out", office / "notices", "--json"),
        passphrase=PASSPHRASE,
    )
    assert ran.status == 0, ran.said
    written: list[dict[str, Any]] = json.loads(ran.out)
    return written


def rows_known(office: Path, under: Agreement, keys: list[str]) -> int:
    """How many rows of the batch the linkage unit knows by some record keys."""
    hub = Identity.open(office / "hub.identity", PASSPHRASE)
    ledger = FileLedger(office / "ledger")
    with opened_envelope(
        office / "seeking.batch", identity=hub, agreements=[under], on=TODAY, ledger=ledger
    ) as opened:
        nonce = bytes.fromhex(opened.batch.header.mark_nonce)
        known = set(marks_of(map(bytes.fromhex, keys), nonce))
        return sum(bytes(mark) in known for mark in opened.batch.marks)


def test_what_persons_say_reaches_the_linkage_unit(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.write(office / "case")
    words = encode_words(office / "case" / "people.csv", office, intake=office / "case/intake.toml")
    assert run_here(*words, passphrase=PASSPHRASE).status == 0
    assert notices(run_here, office, draft) == []
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    draft.happened("r1", "not-to-be-found", on=yesterday)
    draft.say("k1", basis_until=yesterday)
    said = notices(run_here, office, draft)
    assert [(one["kind"], one["records"]) for one in said] == [("suspend", 1), ("withdraw", 1)]
    under = Agreement.read(office / "agreement.toml")
    named = [Notice.read(Path(one["file"]), under) for one in said]
    assert rows_known(office, under, [key for one in named for key in one.keys]) == 2
    assert notices(run_here, office, draft) == []
    draft.happened("r1", "may-be-found")
    draft.say("k1", basis_until=TOMORROW)
    said = notices(run_here, office, draft)
    assert [(one["kind"], one["records"]) for one in said] == [("renew", 1), ("resume", 2)]
    draft.happened("e1", "deleted")
    said = notices(run_here, office, draft)
    # With the enquirer gone, nobody of the request is sought any more.
    assert [(one["kind"], one["records"]) for one in said] == [("suspend", 2), ("delete", 1)]


def test_a_withdrawal_finds_its_record_in_spite_of_a_blank(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.happened(" r1\u2002", "withdrawn")
    assert rules_of(check(run_here, office, draft)) == {"consent.not-withdrawn"}


def test_an_event_of_nobody_in_the_file_is_told(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.happened("r-1", "withdrawn")
    said = check(run_here, office, draft)
    assert said["events_of_no_record"] == 1
    assert said["left_out"] == 0
    ran = run_here("check", *draft.write(office / "case"))
    assert "see that none of them is misspelt" in ran.said
    assert "r-1" not in ran.said


def test_a_record_leaves_matching_when_nothing_holds_it_any_longer(tmp_path: Path) -> None:
    draft = Draft()
    consenting(draft)
    draft.say("e1", basis_until=TOMORROW)
    draft.say("k1", notice="due", notice_on=TODAY + timedelta(days=5))
    draft.head["purpose"]["last_day"] = TODAY + timedelta(days=60)
    draft.law["verify_consent_days"] = 10
    source, _, path = draft.write(tmp_path)
    report = checking.check(read_records(Path(source), role="sought"), today=TODAY)
    intake = read_intake(Path(path), today=TODAY)
    left = admission.admit(report, intake, agreement=None, today=TODAY)
    # e1 by its basis, s1 by the purpose, k1 by the notice that is due, r1 by its consent
    days = [2, 61, 6, 11]
    expected = [np.datetime64(TODAY) + day for day in days]
    assert list(left.review_on(TODAY + timedelta(days=365))) == expected
    assert set(left.review_on(TODAY)) == {np.datetime64(TODAY) + 1}
