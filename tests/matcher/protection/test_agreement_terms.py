"""The terms of an agreement: all there, or no agreement; as the command line meets them."""

import tomllib
from collections.abc import Callable
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, GateError
from matcher.formats.identity import Identity
from matcher.formats.terms import CONDITIONS, Terms, require_terms

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
PARTIES = ("red-one", "red-two")


def sound(**changes: Any) -> dict[str, Any]:
    made = Terms.of_fiction(permutations(PARTIES, 2), ["family-tracing"], FIRST, LAST)
    return made.model_dump() | changes


def changed_corridor(**changes: Any) -> dict[str, Any]:
    fields = sound()
    first, *rest = fields["corridors"]
    return fields | {"corridors": [first | changes, *rest]}


@pytest.fixture
def office(tmp_path: Path) -> Path:
    for name in (*PARTIES, "hub"):
        Identity.generate(name).public.write(tmp_path / f"{name}.json")
    return tmp_path


def new(run: Any, office: Path, terms: dict[str, Any], **other: str) -> Any:
    (office / "terms.toml").write_text(tomli_w.dumps(terms), encoding="utf-8")
    given = {"--purpose": "family-tracing", "--legal-basis": "vital-interest"} | other
    return run(
        *("agreement", "new", "--out", office / "a.toml", "--linkage-unit", office / "hub.json"),
        *("--party", office / "red-one.json", "--party", office / "red-two.json"),
        *("--valid-from", FIRST, "--valid-until", LAST, "--retention-days", "90"),
        *("--terms", office / "terms.toml", *(word for pair in given.items() for word in pair)),
    )


@pytest.mark.rule("agreement.terms-complete", "passes")
@pytest.mark.rule("agreement.purpose-specific", "passes")
@pytest.mark.rule("agreement.basis-known", "passes")
def test_an_agreement_with_all_its_terms_is_drawn_up_and_shown(run: Any, office: Path) -> None:
    ended = new(run, office, sound())
    assert ended.status == 0, ended.said
    made = Agreement.read(office / "a.toml")
    assert require_terms(made).no_onward_transfer
    assert len(made.open_corridors(FIRST)) == 2
    shown = run("agreement", "show", office / "a.toml").said
    for part in ("family-tracing: none", "passed on to nobody", "72 hours", str(LAST)):
        assert part in shown


def test_who_agrees_on_a_scheme_that_can_be_read_is_told(run: Any, office: Path) -> None:
    told = "does not keep the attack lab's limits"
    said = " ".join(new(run, office, sound()).said.split())
    assert told in said
    assert "agree on high/4 " in said
    (office / "a.toml").unlink()
    before = " ".join(new(run, office, sound(), **{"--scheme": "high/3"}).said.split())
    assert told in before
    (office / "a.toml").unlink()
    safest = new(run, office, sound(), **{"--scheme": "high/4"})
    assert safest.status == 0
    assert told not in " ".join(safest.said.split())


def test_who_agrees_on_no_ceiling_is_told_whom_no_scheme_hides(run: Any, office: Path) -> None:
    told = "with --evidence-ceiling 0.5 such a batch is refused"
    safest = {"--scheme": "high/4"}
    assert told in " ".join(new(run, office, sound(), **safest).said.split())
    (office / "a.toml").unlink()
    ceiling = new(run, office, sound(), **safest, **{"--evidence-ceiling": "0.5"})
    assert ceiling.status == 0
    assert told not in " ".join(ceiling.said.split())
    (office / "a.toml").unlink()
    assert told not in " ".join(new(run, office, sound()).said.split())


@pytest.mark.rule("agreement.terms-complete", "refuses")
def test_a_form_that_is_not_filled_in_is_refused_with_every_gap(run: Any, office: Path) -> None:
    parties = ("--party", office / "red-one.json", "--party", office / "red-two.json")
    form = office / "form.toml"
    assert run("agreement", "terms", "--out", form, *parties, "--purpose", "x").status == 0
    fields = tomllib.loads(form.read_text(encoding="utf-8"))
    ended = new(run, office, fields, **{"--purpose": "x"})
    assert ended.status == 2
    assert not (office / "a.toml").exists()
    for gap in (
        "'no_onward_transfer'", "'ownership'", "'security.encrypted'", "'purposes.0.benefit'",
        "'corridors.1.conditions.g'", "'corridors.0.destination.review_by'",
        "'corridors.0.authorisation_not_needed'", "[agreement.terms-complete]",
    ):  # fmt: skip
        assert gap in ended.said
    assert run("agreement", "terms", "--out", form, *parties, "--purpose", "x").status == 2


LEAVE = {"authority": "office", "reference": "7/1", "valid_from": FIRST, "valid_until": LAST}


@pytest.mark.parametrize(
    "fields",
    [
        sound(no_onward_transfer=False),
        sound(ownership=" "),
        sound(security={"encrypted": True, "access_logged": True, "trained_staff": True}),
        sound(security=sound()["security"] | {"breach_notice_hours": 73}),
        {name: value for name, value in sound().items() if name != "ownership"},
        changed_corridor(conditions=dict.fromkeys(CONDITIONS[:6], "met")),
        changed_corridor(conditions=dict.fromkeys((*CONDITIONS, "h"), "met")),
        changed_corridor(authorisation=LEAVE),
        sound(purposes=[]),
    ],
)
def test_a_single_gap_is_one_too_many(run: Any, office: Path, fields: dict[str, Any]) -> None:
    ended = new(run, office, fields)
    assert ended.status == 2
    assert "[agreement.terms-complete]" in ended.said


@pytest.mark.rule("agreement.purpose-specific", "refuses")
@pytest.mark.parametrize(
    ("name", "benefit"),
    [
        ("international-protection", "people find each other"),
        ("other", "people find each other"),
        ("family-tracing", "may help persons"),
        ("family-tracing", "Some benefit"),
        ("family-tracing", "fulfilment of the mandate"),
    ],
)
def test_a_purpose_that_says_nothing_is_refused(
    run: Any, office: Path, name: str, benefit: str
) -> None:
    purpose = {"name": name, "benefit": benefit, "recipients": ["caseworkers"]}
    ended = new(run, office, sound(purposes=[purpose]), **{"--purpose": name})
    assert ended.status == 2
    assert "[agreement.purpose-specific]" in ended.said


@pytest.mark.rule("agreement.basis-known", "refuses")
def test_a_basis_that_no_rule_knows_is_refused(run: Any, office: Path) -> None:
    ended = new(run, office, sound(), **{"--legal-basis": "because"})
    assert ended.status == 2
    assert "[agreement.basis-known]" in ended.said


def test_terms_are_of_the_agreements_purposes_and_corridors(draw_up: Callable[..., Any]) -> None:
    every = tuple(permutations(("red-one", "red-two", "crescent-3"), 2))
    fitting = Terms.of_fiction(every, ["family-tracing"], FIRST, LAST)
    assert draw_up(terms=fitting).digest != draw_up().digest
    for wrong in (
        Terms.of_fiction(every[1:], ["family-tracing"], FIRST, LAST),
        Terms.of_fiction((*every, every[0]), ["family-tracing"], FIRST, LAST),
        Terms.of_fiction(every, ["other"], FIRST, LAST),
    ):
        with pytest.raises(AgreementError, match="'terms' must be complete"):
            draw_up(terms=wrong)
        with pytest.raises(AgreementError, match="'terms' must be complete"):
            draw_up(terms=fitting).with_terms(wrong)
    with pytest.raises(GateError):
        require_terms(draw_up())


@pytest.mark.parametrize(
    ("day", "is_open"),
    [("2026-02-28", False), ("2026-03-01", True), ("2026-06-30", True), ("2026-07-01", False)],
)
def test_a_corridor_is_open_while_it_is_assessed_and_authorised(
    draw_up: Callable[..., Any], day: str, is_open: bool
) -> None:
    leave = LEAVE | {"valid_from": date(2026, 3, 1), "valid_until": date(2026, 6, 30)}
    fields = sound()
    first = fields["corridors"][0]
    del first["authorisation_not_needed"]
    terms = Terms.model_validate(fields | {"corridors": [first | {"authorisation": leave}]})
    agreement = draw_up(parties=PARTIES, corridors=[PARTIES], terms=terms)
    assert agreement.open_corridors(date.fromisoformat(day)) == ((PARTIES,) if is_open else ())


def test_renewed_terms_amend_the_agreement(run: Any, office: Path) -> None:
    assert new(run, office, sound()).status == 0
    before = Agreement.read(office / "a.toml")
    later = sound(ownership="each society its own side")
    (office / "later.toml").write_text(tomli_w.dumps(later), encoding="utf-8")
    ended = run(
        *("agreement", "renew", office / "a.toml", "--out", office / "b.toml"),
        *("--terms", office / "later.toml"),
    )
    assert ended.status == 0, ended.said
    after = Agreement.read(office / "b.toml")
    assert after.amends == (before.digest,)
    assert after.agreement_id == before.agreement_id
