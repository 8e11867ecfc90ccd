"""Each data-protection rule of a society, as a caseworker meets it: what passes, what is not."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import PASSPHRASE, Here, encode_words
from intake_drafts import DAY, GRANT, TODAY, TOMORROW, Draft
from society_office import Spoil, check, child_enquirer, consenting, rules_of, with_child

from encoders.protection import admission


@pytest.mark.rule("intake.readable", "passes")
@pytest.mark.rule("wish.not-to-be-found", "passes")
@pytest.mark.rule("objection.settled", "passes")
@pytest.mark.rule("deletion.honoured", "passes")
@pytest.mark.rule("consent.not-before-contact", "passes")
@pytest.mark.rule("consent.not-withdrawn", "passes")
@pytest.mark.rule("basis.present", "passes")
@pytest.mark.rule("basis.current", "passes")
@pytest.mark.rule("basis.in-law", "passes")
@pytest.mark.rule("basis.in-agreement", "passes")
@pytest.mark.rule("basis.individual", "passes")
@pytest.mark.rule("basis.justified", "passes")
@pytest.mark.rule("child.age-known", "passes")
@pytest.mark.rule("child.spoken-for", "passes")
@pytest.mark.rule("child.wishes-recorded", "passes")
@pytest.mark.rule("enquirer.assessed", "passes")
@pytest.mark.rule("enquirer.no-concern", "passes")
@pytest.mark.rule("enquirer.request-stands", "passes")
@pytest.mark.rule("notice.given-or-due", "passes")
@pytest.mark.rule("contact.safe", "passes")
@pytest.mark.rule("purpose.specific", "passes")
@pytest.mark.rule("purpose.worded", "passes")
@pytest.mark.rule("purpose.direct", "passes")
@pytest.mark.rule("purpose.agreed", "passes")
@pytest.mark.rule("data.needed-only", "passes")
@pytest.mark.rule("data.no-category", "passes")
@pytest.mark.rule("data.neutral-labels", "passes")
def test_a_sound_intake_passes_every_gate(office: Path, run_here: Here) -> None:
    said = check(run_here, office, Draft())
    assert rules_of(said) == set()
    assert said["left_out"] == 0


def passing(rule: str, spoil: Spoil) -> Any:
    return pytest.param(spoil, id=rule)


def hides(draft: Draft) -> None:
    draft.happened("r1", "not-to-be-found", on=(TODAY - timedelta(days=1)).isoformat())
    draft.happened("r1", "may-be-found")


def weighed(draft: Draft) -> None:
    for event, days in (("objected", 2), ("objection-dismissed", 1)):
        draft.happened("r1", event, on=(TODAY - timedelta(days=days)).isoformat())
    for event, days in (("deletion-asked", 2), ("deletion-refused", 1)):
        draft.happened("s1", event, on=(TODAY - timedelta(days=days)).isoformat())


def asked_and_reached(draft: Draft) -> None:
    draft.say("s1", basis="consent", notice="given", notice_on=DAY)
    draft.happened("s1", "contacted")
    draft.happened("s1", "given", **GRANT)


def justified(draft: Draft) -> None:
    draft.say("r1", basis="legal-obligation", basis_justification="article 12 of the tracing law")
    draft.law["bases"]["vital-interest"]["justified"] = False
    draft.law["bases"]["legal-obligation"]["justified"] = True


def child_by_best_interests(draft: Draft) -> None:
    with_child(draft, "r1")
    draft.say("r1", best_interests_by="child protection officer", best_interests_on=DAY)


def childs_request(draft: Draft) -> None:
    child_enquirer(draft)
    draft.say("e1", origin_risks_on=DAY, child_wishes_on=DAY)
    draft.say("s1", origin_risks_on=DAY, child_wishes_on=DAY)


def verified(draft: Draft) -> None:
    draft.say("r1", basis="consent")
    draft.happened("r1", "given", on=(TODAY - timedelta(days=900)).isoformat(), **GRANT)
    draft.happened("r1", "verified", **GRANT)


@pytest.mark.rule("consent.given", "passes")
@pytest.mark.rule("consent.verified", "passes")
@pytest.mark.parametrize(
    "spoil",
    [
        passing("consent", consenting),
        passing("a wish taken back", hides),
        passing("objection and deletion weighed", weighed),
        passing("a sought person who was reached and asked", asked_and_reached),
        passing("justified", lambda d: d.say("r1", basis="legitimate-interest",
                                             basis_justification="weighed against hers")),
        passing("a child by best interests", child_by_best_interests),
        passing("a child's request", childs_request),
        passing("consent verified again", verified),
        passing("notice due", lambda d: d.say("r1", notice="due", notice_on=TOMORROW)),
    ],
)  # fmt: skip
def test_other_ways_to_pass(office: Path, run_here: Here, spoil: Spoil) -> None:
    draft = Draft()
    draft.law["bases"]["legitimate-interest"] = {"ordinary": True}
    spoil(draft)
    said = check(run_here, office, draft)
    assert rules_of(said) == set()


def purpose(**changes: object) -> Spoil:
    return lambda draft: draft.head["purpose"].update(changes)


REFUSING = [
    pytest.param("intake.readable", lambda d: d.happened("r1", "withdrwan"),
                 marks=pytest.mark.rule("intake.readable", "refuses")),
    pytest.param("wish.not-to-be-found", lambda d: d.happened("r1", "not-to-be-found"),
                 marks=pytest.mark.rule("wish.not-to-be-found", "refuses")),
    pytest.param("objection.settled", lambda d: d.happened("r1", "objected"),
                 marks=pytest.mark.rule("objection.settled", "refuses")),
    pytest.param("deletion.honoured", lambda d: d.happened("r1", "deletion-asked"),
                 marks=pytest.mark.rule("deletion.honoured", "refuses")),
    pytest.param("consent.not-before-contact",
                 lambda d: (d.say("s1", basis="consent"), d.happened("s1", "given", **GRANT)),
                 marks=pytest.mark.rule("consent.not-before-contact", "refuses")),
    pytest.param("consent.given",
                 lambda d: (d.say("r1", basis="consent"),
                            d.happened("r1", "given", **GRANT | {"stage": "refinement"})),
                 marks=pytest.mark.rule("consent.given", "refuses")),
    pytest.param("consent.not-withdrawn", lambda d: d.happened("r1", "withdrawn"),
                 marks=pytest.mark.rule("consent.not-withdrawn", "refuses")),
    pytest.param("consent.verified",
                 lambda d: (d.say("r1", basis="consent"),
                            d.happened("r1", "given", on="2020-01-01", **GRANT)),
                 marks=pytest.mark.rule("consent.verified", "refuses")),
    pytest.param("basis.present",
                 lambda d: d.head["defaults"]["registered"].pop("basis_decided_by"),
                 marks=pytest.mark.rule("basis.present", "refuses")),
    pytest.param("basis.current", lambda d: d.say("r1", basis_until="2020-01-01"),
                 marks=pytest.mark.rule("basis.current", "refuses")),
    pytest.param("basis.in-law",
                 lambda d: d.law["bases"]["vital-interest"].update(sensitive=False)
                 or d.say("r1", data_kind="sensitive"),
                 marks=pytest.mark.rule("basis.in-law", "refuses")),
    pytest.param("basis.in-agreement", lambda d: d.say("r1", basis="mandate"),
                 marks=pytest.mark.rule("basis.in-agreement", "refuses")),
    pytest.param("basis.individual",
                 lambda d: (d.head["defaults"]["registered"].update(basis="consent"),
                            d.happened("r1", "given", **GRANT)),
                 marks=pytest.mark.rule("basis.individual", "refuses")),
    pytest.param("basis.justified",
                 lambda d: d.law["bases"]["consent"].update(justified=True) or consenting(d),
                 marks=pytest.mark.rule("basis.justified", "refuses")),
    pytest.param("child.age-known",
                 lambda d: setattr(d, "people", d.people.replace("1988-06-09", "")),
                 marks=pytest.mark.rule("child.age-known", "refuses")),
    pytest.param("child.spoken-for", lambda d: with_child(d, "r1"),
                 marks=pytest.mark.rule("child.spoken-for", "refuses")),
    pytest.param("child.wishes-recorded",
                 lambda d: (child_enquirer(d), d.say("e1", origin_risks_on=DAY,
                                                     child_wishes_on=DAY)),
                 marks=pytest.mark.rule("child.wishes-recorded", "refuses")),
    pytest.param("enquirer.assessed", lambda d: d.entries["s1"].pop("relationship_by"),
                 marks=pytest.mark.rule("enquirer.assessed", "refuses")),
    pytest.param("enquirer.no-concern", lambda d: d.say("s1", concern="yes"),
                 marks=pytest.mark.rule("enquirer.no-concern", "refuses")),
    pytest.param("notice.given-or-due", lambda d: d.say("r1", notice="at-first-contact"),
                 marks=pytest.mark.rule("notice.given-or-due", "refuses")),
    pytest.param("contact.safe", lambda d: d.say("r1", contact="visit"),
                 marks=pytest.mark.rule("contact.safe", "refuses")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "spoil"), REFUSING)
def test_a_record_is_refused_by_its_rule_alone(
    office: Path, run_here: Here, monkeypatch: pytest.MonkeyPatch, rule: str, spoil: Spoil
) -> None:
    draft = Draft()
    spoil(draft)
    said = check(run_here, office, draft)
    assert rules_of(said) == {rule}
    assert said["left_out"] == 1
    # Without its gate in the code the record would pass: it is the gate that refuses.
    monkeypatch.delitem(admission.GATES, rule)
    assert check(run_here, office, draft)["left_out"] == 0


@pytest.mark.rule("enquirer.request-stands", "refuses")
def test_a_request_ends_with_its_enquirer(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.happened("e1", "withdrawn")
    said = check(run_here, office, draft)
    assert rules_of(said) == {"consent.not-withdrawn", "enquirer.request-stands"}
    assert said["left_out"] == 3  # the enquirer, the sought person and kin


@pytest.mark.rule("purpose.specific", "refuses")
@pytest.mark.rule("purpose.worded", "refuses")
@pytest.mark.rule("purpose.direct", "refuses")
@pytest.mark.rule("purpose.agreed", "refuses")
@pytest.mark.rule("data.neutral-labels", "refuses")
@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        ("purpose.specific", purpose(benefit="")),
        ("purpose.specific", purpose(elements=["shoe_size"])),
        ("purpose.specific", purpose(recipients=[])),
        ("purpose.specific", purpose(last_day=TODAY - timedelta(days=1))),
        ("purpose.worded", purpose(benefit="She may learn where her son is.")),
        ("purpose.worded", purpose(service="International  Protection")),
        ("purpose.direct", purpose(benefits="others")),
        ("purpose.agreed", purpose(name="statistics")),
        ("data.neutral-labels", purpose(service="Tracing of trafficked persons")),
    ],
)
def test_a_file_is_refused_as_a_whole(
    office: Path, run_here: Here, rule: str, spoil: Spoil
) -> None:
    draft = Draft()
    spoil(draft)
    said = check(run_here, office, draft)
    assert [one["rule"] for one in said["refused_as_a_whole"]] == [rule]
    words = encode_words(office / "case" / "people.csv", office, intake=office / "case/intake.toml")
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 2
    assert f"[{rule}]" in ran.said
    assert not (office / "seeking.batch").exists()


@pytest.mark.rule("data.neutral-labels", "refuses")
@pytest.mark.parametrize("name", ["hiv-2026.csv", "Minors_May.csv", "prison Aleppo.csv"])
def test_a_file_name_that_tells_of_a_category(office: Path, run_here: Here, name: str) -> None:
    source, *intake = Draft().write(office / "case")
    shutil.move(source, office / "case" / name)
    ran = run_here("check", office / "case" / name, *intake)
    assert ran.status == 2
    assert "[data.neutral-labels]" in ran.said


@pytest.mark.rule("data.needed-only", "refuses")
@pytest.mark.rule("data.no-category", "refuses")
def test_values_beyond_the_minimum_are_not_used(office: Path, run_here: Here) -> None:
    draft = Draft()
    draft.people = draft.people.replace("Beirut,", "Beirut,Homs").replace("Tripoli", "HIV clinic")
    draft.head["purpose"]["elements"].remove("birth_date")
    said = check(run_here, office, draft)
    found = {(one["rule"], one["field"]): one["rows"] for one in said["findings"]}
    assert found["data.needed-only", "birth_date"] == [2, 3, 4, 5]
    assert found["data.needed-only", "last_seen_place"] == [2]  # an enquirer is not missing
    assert found["data.no-category", "residence"] == [5]
    assert said["left_out"] == 0
    assert said["completeness"]["birth_date"] == 0
    assert said["completeness"]["residence"] == 1
