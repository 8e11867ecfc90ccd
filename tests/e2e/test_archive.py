"""The archive: what a review takes out of use stays as it was, outside of all that is encoded."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import PASSPHRASE, Here, Ran, encode_words
from intake_drafts import TODAY, Draft
from society_office import check, rules_of

from encoders.rights.archive import FORMAT, Archive, By
from encoders.rights.box import Box
from matcher.formats.errors import KeyFileError
from matcher.formats.identity import Identity

YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
WHO = ("--name", "A. Person", "--by", "focal-point")
WHY = ("--reason", "retention schedule, class 3")
BY = By("A. Person", "staff", "retention schedule, class 3", TODAY)

Review = Callable[..., Ran]


@pytest.fixture
def review(office: Path, run_here: Here) -> Review:
    """Runs `kinmatch review …` at the society."""

    def run(*words: str | Path) -> Ran:
        own = ("--archive", office / "archive", "--identity", office / "seeking.identity")
        return run_here("review", *words, *own, passphrase=PASSPHRASE)

    return run


@pytest.fixture
def archived(office: Path, review: Review) -> Draft:
    """Registered r1 was archived."""
    draft = Draft()
    draft.happened("r1", "archived", on=YESTERDAY)
    ran = review("archive", *draft.write(office / "case"), *WHO, *WHY, "--json")
    assert (ran.status, json.loads(ran.out)) == (0, {"archived": 1, "missing": 0}), ran.said
    return draft


def opened(office: Path) -> Archive:
    return Archive(office / "archive", Identity.open(office / "seeking.identity", PASSPHRASE))


@pytest.mark.rule("retention.archived-stays-out", "refuses")
def test_what_is_archived_is_not_encoded(office: Path, run_here: Here, archived: Draft) -> None:
    said = check(run_here, office, archived)
    assert rules_of(said) == {"retention.archived-stays-out"}
    assert said["left_out"] == 1
    case = {"intake": office / "case" / "intake.toml"}
    words = encode_words(office / "case" / "people.csv", office, **case)
    ran = run_here(*words, "--json", passphrase=PASSPHRASE)
    assert json.loads(ran.out)["refused"] == {"retention.archived-stays-out": 1}


@pytest.mark.rule("retention.archived-stays-out", "passes")
def test_what_a_later_review_renews_is_encoded_again(
    office: Path, run_here: Here, archived: Draft
) -> None:
    archived.happened("r1", "renewed")
    assert check(run_here, office, archived)["left_out"] == 0
    archived.happened("r1", "archived")  # of one day the stop counts
    assert check(run_here, office, archived)["left_out"] == 1


def test_the_linkage_unit_destroys_what_is_archived(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.write(office / "case")
    case = {"intake": office / "case" / "intake.toml"}
    words = encode_words(office / "case" / "people.csv", office, **case)
    assert run_here(*words, passphrase=PASSPHRASE).status == 0
    draft.happened("r1", "archived")
    draft.write(office / "case")
    ran = run_here(
        *("notify", office / "case" / "people.csv", "--intake", office / "case" / "intake.toml"),
        *("--agreement", office / "agreement.toml", "--identity", office / "seeking.identity"),
        *("--references", office / "seeking.references", "--out", office / "notices", "--json"),
        passphrase=PASSPHRASE,
    )
    assert [(one["kind"], one["records"]) for one in json.loads(ran.out)] == [("withdraw", 1)]


@pytest.mark.rule("retention.archive-stated-reason", "passes")
@pytest.mark.usefixtures("archived")
def test_it_is_read_again_with_a_reason_that_stays(office: Path, review: Review) -> None:
    ran = review("read", "--record", " r1", *WHO, *WHY, "--out", office / "read.json")
    assert ran.status == 0, ran.said
    (found,) = json.loads((office / "read.json").read_text())
    assert (found["record_id"], found["family_name"]) == ("r1", "Haddad")
    assert (office / "read.json").stat().st_mode & 0o077 == 0
    said = json.loads(review("list", "--json").out)
    assert said["held"] == ["r1"]
    assert [(one["what"], one["role"], one["reason"]) for one in said["entries"]] == [
        ("archive", "focal-point", WHY[1]), ("read", "focal-point", WHY[1]),
    ]  # fmt: skip
    assert "Haddad" not in review("list").said


@pytest.mark.rule("retention.archive-stated-reason", "refuses")
@pytest.mark.usefixtures("archived")
@pytest.mark.parametrize(
    "words",
    [
        (*WHO, "--reason", "because"),
        ("--name", " ", "--by", "staff", *WHY),
        ("--name", "A. Person", "--by", "boss", *WHY),
    ],
)
def test_nobody_reads_or_changes_it_without_a_reason(
    office: Path, review: Review, words: tuple[str, ...]
) -> None:
    before = (office / "archive").read_bytes()
    case = (office / "case" / "people.csv", "--intake", office / "case" / "intake.toml")
    for command in (
        ("read", "--record", "r1", "--out", office / "read.json"), ("erase", "--record", "r1"),
        ("archive", *case),
    ):  # fmt: skip
        ran = review(*command, *words)
        assert ran.status == 2
        assert "[retention.archive-stated-reason]" in ran.said
    assert not (office / "read.json").exists()
    assert (office / "archive").read_bytes() == before


@pytest.mark.usefixtures("archived")
def test_what_is_not_there_is_not_read(office: Path, review: Review) -> None:
    ran = review("read", "--record", "e1", *WHO, *WHY, "--out", office / "read.json")
    assert (ran.status, (office / "read.json").exists()) == (2, False)
    assert [one.what for one in opened(office).entries()] == ["archive"]


@pytest.mark.usefixtures("archived")
def test_what_is_erased_is_gone_and_that_it_was_there_stays(office: Path, review: Review) -> None:
    assert review("erase", "--record", "r1", *WHO, *WHY).status == 0
    assert opened(office).held() == frozenset()
    assert [one.what for one in opened(office).entries()] == ["archive", "erase"]
    assert review("read", "--record", "r1", *WHO, *WHY, "--out", office / "read.json").status == 2
    own = Identity.open(office / "seeking.identity", PASSPHRASE)
    content = Box(office / "archive", own, use="archive of records", form=FORMAT).read()
    assert content is not None
    assert b"Haddad" not in content


def test_a_record_is_put_in_once_and_as_it_is_then(office: Path) -> None:
    archive = opened(office)
    first = {"record_id": "r1", "family_name": "Haddad", "age": None}
    assert (archive.put([first], BY), archive.put([first], BY)) == (1, 0)
    assert archive.put([{**first, "family_name": "Hadad"}], BY) == 1
    assert archive.read(["r1"], BY) == [{"record_id": "r1", "family_name": "Hadad"}]
    assert [entry.what for entry in archive.entries()] == ["archive", "archive", "read"]


def test_nothing_of_it_can_be_read_or_altered(office: Path, review: Review) -> None:
    archive, path = opened(office), office / "archive"
    archive.put([{"record_id": "r1", "family_name": "Haddad"}], BY)
    content = path.read_bytes()
    assert b"Haddad" not in content
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert review("list").status == 2
    path.write_bytes(content)
    with pytest.raises(KeyFileError):
        Archive(path, Identity.generate("seeking")).entries()
    # Who has the key can't alter what lies below the last entry, whose digest people keep.
    archive.read(["r1"], BY)
    own = Identity.open(office / "seeking.identity", PASSPHRASE)
    box = Box(path, own, use="archive of records", form=FORMAT)
    whole = box.read()
    assert whole is not None
    for old, new in (
        (b"Haddad", b"Hadded"), (b"class 3", b"class 4"), (b'"number":1', b'"number":2'),
    ):  # fmt: skip
        assert old in whole
        box.write(whole.replace(old, new, 1))
        with pytest.raises(KeyFileError, match="altered"):
            archive.read(["r1"], BY)
        box.write(whole)


def test_what_is_due_for_review_is_told(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.say("r1", basis_until=(TODAY + timedelta(days=5)).isoformat())
    draft.say("k1", basis_until=YESTERDAY)
    words = ("review", "due", *draft.write(office / "case"))
    agreement = ("--agreement", office / "agreement.toml")
    ran = run_here(*words, *agreement, "--json")
    assert ran.status == 1
    assert [one["record_id"] for one in json.loads(ran.out)] == ["k1", "r1"]
    assert json.loads(ran.out)[1]["review_on"] == (TODAY + timedelta(days=6)).isoformat()
    ran = run_here(*words, *agreement, "--within", "3")
    assert ran.status == 1
    assert "left matching" in ran.said
    assert "k1" not in ran.said
    draft.say("k1", basis_until=(TODAY + timedelta(days=50)).isoformat())
    draft.write(office / "case")
    assert run_here(*words, *agreement, "--within", "3").status == 0
