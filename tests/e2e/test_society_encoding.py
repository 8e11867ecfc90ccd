"""What a society's gates let into a batch, and what an intake without a basis comes to."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import PASSPHRASE, Here, encode_words
from intake_drafts import TODAY, Draft
from society_office import check, override, rules_of

from encoders.keys import Keys
from matcher.formats.agreement import Agreement
from matcher.formats.rulebook import RULES


def test_no_basis_no_fingerprint(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.say("s1", basis_until="2020-01-01")
    draft.happened("r1", "not-to-be-found")
    draft.write(office / "case")
    words = encode_words(
        office / "case" / "people.csv", office, intake=office / "case" / "intake.toml"
    )
    ran = run_here(*words, "--json", passphrase=PASSPHRASE)
    assert ran.status == 1, ran.said
    said = json.loads(ran.out)
    assert said["counts"]["rows"] == 2
    assert said["refused"] == {"wish.not-to-be-found": 1, "basis.current": 1}
    for rule in said["refused"]:
        assert rule in ran.err
        assert RULES[rule].mends.split(";")[0] in " ".join(ran.err.split())
    references = (office / "seeking.references").read_bytes()
    assert b"e1" in references
    assert b"s1" not in references
    assert b"r1" not in references


def test_a_new_key_epoch_passes_the_gates_too(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.write(office / "case")
    intake = office / "case" / "intake.toml"
    words = encode_words(office / "case" / "people.csv", office, intake=intake)
    assert run_here(*words, passphrase=PASSPHRASE).status == 0
    amended = Agreement.read(office / "agreement.toml").with_next_epoch(TODAY, overlap_days=0)
    amended.write(office / "new.toml")
    Keys.generate(amended).seal(office / "new.keys", PASSPHRASE)
    draft.happened("r1", "objected")
    draft.write(office / "case")
    ran = run_here(
        *("keys", "rotate", office / "case" / "people.csv", "--agreement", office / "new.toml"),
        *("--keys", office / "new.keys", "--identity", office / "seeking.identity"),
        *("--intake", intake, "--keep", office / "seeking.references"),
        *("--out", office / "new.batch", "--references", office / "new.references"),
        *("--notice", office / "retirement"),
        passphrase=PASSPHRASE,
    )
    assert ran.status == 1, ran.said
    assert "objection.settled" in ran.said
    assert b"r1" in (office / "seeking.references").read_bytes()
    assert b"r1" not in (office / "new.references").read_bytes()


def test_where_every_record_is_refused_nothing_is_written(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.head["defaults"] = {}
    draft.write(office / "case")
    words = encode_words(office / "case" / "people.csv", office, intake=office / "case/intake.toml")
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "basis.present in 4 rows" in ran.said
    assert not (office / "seeking.batch").exists()


def test_an_override_lets_pass_and_stands_in_the_protocol(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.say("s1", concern="yes")
    override(draft)
    said = check(run_here, office, draft)
    assert said["overridden"] == [{"rule": "enquirer.no-concern", "records": 1}]
    words = encode_words(office / "case" / "people.csv", office, intake=office / "case/intake.toml")
    ran = run_here(*words, "--json", passphrase=PASSPHRASE)
    assert ran.status == 0, ran.said
    protocol = json.loads((office / "seeking.references.protocol.json").read_text("utf-8"))
    (entry,) = protocol["document"]["overrides"]
    assert entry["records"] == ["s1"]
    assert entry["override"]["name"] == "N. N."
    assert "N. N." not in ran.said
    assert (office / "seeking.references.protocol.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"role": "staff-in-charge"}, "may be overridden by commission"),
        ({"rule": "basis.present"}, "may be overridden by nobody"),
        ({"rule": "no.such"}, "no data-protection rule"),
        ({"reason": "because"}, "needs a name, and a reason"),
        ({"on": TODAY + timedelta(days=1)}, "is dated after"),
    ],
)
def test_an_override_by_whom_may_not(
    office: Path, run_here: Here, changes: dict[str, object], said: str
) -> None:
    draft = Draft()
    override(draft, **changes)
    ran = run_here("check", *draft.write(office / "case"))
    assert ran.status == 2
    assert said in ran.said


def test_the_law_of_another_society(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.law["society"] = "meeting"
    draft.write(office / "case")
    words = encode_words(office / "case" / "people.csv", office, intake=office / "case/intake.toml")
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "answers by its own law" in ran.said


def test_forms_are_written_and_say_what_is_missing(office: Path, run_here: Here) -> None:
    source = Draft().write(office / "case")[0]
    made = run_here("intake", "new", source, "--society", "seeking", "--out", office / "forms")
    assert made.status == 0, made.said
    ran = run_here("check", source, "--intake", office / "forms" / "intake.toml", "--json")
    assert ran.status == 2
    said = json.loads(ran.out)
    assert {"purpose.specific", "basis.present", "enquirer.assessed", "contact.safe"} <= rules_of(
        said
    )
    assert said["usable"] == 0


def test_no_value_is_shown_when_a_gate_refuses(office: Path, run_here: Here) -> None:
    draft = Draft()
    for one in ("e1", "s1", "r1"):
        draft.say(one, relationship_by="Qzxvwqk", basis_until="Qzxvwqk", dependence="Qzxvwqk")
    draft.happened("s1", "Qzxvwqk", wording="Qzxvwqk")
    draft.people = draft.people.replace("Tripoli", "Qzxvwqk hospital")
    words = draft.write(office / "case")
    for more in ((), ("--json",)):
        ran = run_here("check", *words, "--agreement", office / "agreement.toml", *more)
        assert "Qzxvwqk" not in ran.out + ran.err
        assert "Omar" not in ran.out + ran.err
