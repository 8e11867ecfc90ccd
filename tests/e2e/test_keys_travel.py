"""Keys on their way, by the commands that societies use: handed over, rotated, retired."""

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from command_line import (
    PASSPHRASE,
    Here,
    Ran,
    encode_words,
    match_words,
    sound_intake,
    write_terms,
)

OTHERS = "another passphrase"  # of another society


@pytest.fixture
def offices(job: Path, tmp_path: Path, run_here: Here) -> Path:
    """The folder of the job once more, with an agreement that begins a new epoch today."""
    shutil.copytree(job, tmp_path / "job")
    return tmp_path / "job"


def done(ran: Ran) -> Ran:
    assert ran.status == 0, ran.said
    return ran


def begin_epoch(run: Here, folder: Path, overlap_days: int) -> None:
    done(
        run(
            *("agreement", "rotate", folder / "agreement.toml", "--out", folder / "new.toml"),
            *("--begins", str(date.today()), "--overlap-days", str(overlap_days)),
        )
    )


def hand_over(run: Here, folder: Path) -> tuple[str, str]:
    """Draw the keys of the new epoch as seeking, and hand them to meeting; give both's digits."""
    agreement = folder / "new.toml"
    done(run("keys", "new", agreement, "--out", folder / "seeking.keys", passphrase=PASSPHRASE))
    meeting = ("--identity", folder / "meeting.identity", "--pending", folder / "pending")
    ask = folder / "ask"
    done(run("keys", "ask", agreement, *meeting, "--out", ask, passphrase=PASSPHRASE))
    seeking = ("--agreement", agreement, "--keys", folder / "seeking.keys")
    done(
        run(
            *("keys", "offer", ask, *seeking, "--identity", folder / "seeking.identity"),
            *("--out", folder / "offer"),
            passphrase=PASSPHRASE,
        )
    )
    done(
        run(
            *("keys", "accept", folder / "offer", "--agreement", agreement, *meeting),
            *("--keys", folder / "meeting.keys", "--out", folder / "confirmation"),
            passphrase=PASSPHRASE,
        )
    )
    confirmed = run(
        *("keys", "confirm", folder / "confirmation", *seeking, "--offer", folder / "offer"),
        passphrase=PASSPHRASE,
    )
    assert "Everybody has the keys" in done(confirmed).said
    shown = [
        done(
            run(
                *("keys", "show", folder / f"{who}.keys", "--agreement", agreement),
                passphrase=PASSPHRASE,
            )
        ).out.strip()
        for who in ("seeking", "meeting")
    ]
    return shown[0], shown[1]


def rotate(run: Here, folder: Path, who: str) -> None:
    file, role = {"seeking": ("requests", "sought"), "meeting": ("register", "registered")}[who]
    done(
        run(
            *("keys", "rotate", folder / "data" / f"{file}.csv", "--role", role),
            *("--agreement", folder / "new.toml", "--keys", folder / f"{who}.keys"),
            *("--identity", folder / f"{who}.identity", "--keep", folder / f"{who}.references"),
            *("--intake", sound_intake(folder / "data" / f"{file}.csv", who)),
            *("--out", folder / f"{who}.new", "--references", folder / f"{who}.new-references"),
            *("--notice", folder / f"{who}.notice"),
            passphrase=PASSPHRASE,
        )
    )


def match_again(run: Here, folder: Path, *envelopes: str) -> Ran:
    words = match_words(folder, *(folder / name for name in envelopes), out=folder / "again")
    words[words.index(folder / "agreement.toml")] = folder / "new.toml"
    return run(*words, passphrase=PASSPHRASE)


def candidates(folder: Path, found: str) -> pd.DataFrame:
    return pd.read_csv(folder / found / "candidates-seeking.csv")


def test_a_new_epoch_from_beginning_to_end(offices: Path, run_here: Here) -> None:
    begin_epoch(run_here, offices, overlap_days=0)
    one, two = hand_over(run_here, offices)
    assert one == two
    assert len(one.split()) == 6
    for who in ("seeking", "meeting"):
        rotate(run_here, offices, who)
    done(match_again(run_here, offices, "seeking.new", "meeting.new"))
    # The same people are found, under the identifiers that they had: references stay.
    before, after = (candidates(offices, name) for name in ("found", "again"))
    best = before["candidate_id"].head(20)
    assert len(best) == 20
    assert best.isin(after["candidate_id"]).mean() > 0.8
    # But no fingerprint is what it was, and the old ones are refused everywhere.
    ran = match_again(run_here, offices, "seeking.batch", "meeting.batch")
    assert ran.status == 2
    assert "[epoch]" in ran.said
    for who in ("seeking", "meeting"):
        notice = offices / f"{who}.notice"
        ledger = ("--ledger", offices / "ledger")
        done(run_here("retire", notice, "--agreement", offices / "new.toml", *ledger))
    ran = run_here(
        *match_words(offices, offices / "seeking.batch", offices / "meeting.batch"),
        passphrase=PASSPHRASE,
    )
    assert ran.status == 2
    assert "[retired]" in ran.said
    done(match_again(run_here, offices, "seeking.new", "meeting.new"))


def test_while_the_epochs_overlap(offices: Path, run_here: Here) -> None:
    """Old with old and new with new, but never old with new; and nothing is retired too early."""
    begin_epoch(run_here, offices, overlap_days=30)
    hand_over(run_here, offices)
    rotate(run_here, offices, "seeking")
    ran = match_again(run_here, offices, "seeking.new", "meeting.batch")
    assert ran.status == 2
    assert "different key epochs" in ran.said
    done(match_again(run_here, offices, "seeking.batch", "meeting.batch"))
    ran = run_here(
        *("retire", offices / "seeking.notice", "--agreement", offices / "new.toml"),
        *("--ledger", offices / "ledger"),
    )
    assert ran.status == 2
    assert f"valid until {date.today() + timedelta(days=29)}" in ran.said
    # Keys of the old epoch are of no use under the new agreement.
    words = encode_words(
        offices / "data" / "requests.csv",
        offices,
        agreement=offices / "new.toml",
        out=offices / "x",
        references=offices / "y",
    )
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "epoch 1" in ran.said


def test_what_was_rotated_is_not_rotated_again(offices: Path, run_here: Here) -> None:
    begin_epoch(run_here, offices, overlap_days=0)
    hand_over(run_here, offices)
    rotate(run_here, offices, "seeking")
    shutil.move(offices / "seeking.new-references", offices / "seeking.references")
    with pytest.raises(AssertionError, match="nothing to rotate"):
        rotate(run_here, offices, "seeking")


def test_a_forged_notice(offices: Path, run_here: Here) -> None:
    begin_epoch(run_here, offices, overlap_days=0)
    hand_over(run_here, offices)
    rotate(run_here, offices, "seeking")
    notice = offices / "seeking.notice"
    notice.write_text(notice.read_text().replace('"seeking"', '"meeting"'))
    ran = run_here(
        *("retire", notice, "--agreement", offices / "new.toml", "--ledger", offices / "ledger")
    )
    assert ran.status == 2
    assert "not signed by 'meeting'" in ran.said


def test_a_replayed_envelope(offices: Path, run_here: Here) -> None:
    """What was held back and comes after a newer one is refused, though nobody has seen it yet."""
    source = offices / "data" / "requests.csv"
    for name in ("held-back", "newer"):
        words = encode_words(source, offices, out=offices / name, references=offices / f"{name}.r")
        done(run_here(*words, passphrase=PASSPHRASE))
    meeting = offices / "meeting.batch"
    done(run_here(*match_words(offices, offices / "newer", meeting), passphrase=PASSPHRASE))
    ran = run_here(*match_words(offices, offices / "held-back", meeting), passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "[replay]" in ran.said


def test_files_under_two_passphrases(offices: Path, run_here: Here) -> None:
    """One line for each, in the order in which they are needed; one line alone is too few."""
    identity = offices / "other.identity"
    done(
        run_here(
            *("identity", "new", "meeting", "--out", identity),
            *("--public", offices / "other.public"),
            passphrase=OTHERS,
        )
    )
    public = {"hub": offices / "hub.public", "seeking": offices / "seeking.public"}
    write_terms(offices / "two.terms", ("seeking", "meeting"))
    done(
        run_here(
            *("agreement", "new", "--out", offices / "two.toml", "--party", public["seeking"]),
            *("--party", offices / "other.public", "--linkage-unit", public["hub"]),
            *("--purpose", "family-tracing", "--legal-basis", "vital-interest"),
            *("--valid-from", "2020-01-01", "--valid-until", "2999-12-31"),
            *("--retention-days", "30", "--scheme", "standard/1"),
            *("--terms", offices / "two.terms"),
        )
    )
    done(
        run_here(
            *("keys", "new", offices / "two.toml", "--out", offices / "two.keys"),
            passphrase=PASSPHRASE,
        )
    )
    words = encode_words(
        offices / "data" / "register.csv",
        offices,
        "meeting",
        agreement=offices / "two.toml",
        keys=offices / "two.keys",
        identity=identity,
        out=offices / "x",
        references=offices / "y",
    )
    ran = run_here(*words, passphrase=OTHERS)
    assert ran.status == 2
    assert "passphrase is wrong" in ran.said
    assert not (offices / "y").exists()
    done(run_here(*words, passphrase=f"{OTHERS}\n{PASSPHRASE}"))


def test_identities_and_agreements_are_shown_for_comparing(offices: Path, run_here: Here) -> None:
    sealed, public = (
        done(run_here("identity", "show", offices / name)).out
        for name in ("hub.identity", "hub.public")
    )
    assert sealed == public
    fingerprint = sealed.split(":")[1].strip()
    shown = done(run_here("agreement", "show", offices / "agreement.toml")).said
    told = json.loads(done(run_here("agreement", "show", offices / "agreement.toml", "--json")).out)
    assert told["digits"] in shown
    assert set(told["fingerprints"]) == {"seeking", "meeting", "hub"}
    assert {(one["from"], one["to"], one["open"]) for one in told["corridors"]} == {
        ("seeking", "meeting", True),
        ("meeting", "seeking", True),
    }
    assert fingerprint in shown
    assert re.search(r"its digits: (\d{5} ?){6}", shown)
    as_json = done(run_here("identity", "show", offices / "hub.public", "--json")).out
    assert fingerprint in as_json
    ran = run_here("identity", "show", offices / "agreement.toml")
    assert ran.status == 2


def test_an_identity_is_never_overwritten(offices: Path, run_here: Here) -> None:
    before = (offices / "hub.identity").read_bytes()
    ran = run_here(
        *("identity", "new", "hub", "--out", offices / "hub.identity", "--public", offices / "p"),
        passphrase=PASSPHRASE,
    )
    assert ran.status == 2
    assert "lost for good" in ran.said
    assert (offices / "hub.identity").read_bytes() == before
