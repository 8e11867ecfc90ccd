"""The agreement: what it must be, what it refuses, and that its digest stands for all of it."""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, OutputError
from matcher.formats.identity import Identity
from matcher.formats.scheme import Scheme

DrawUp = Callable[..., Agreement]


def test_what_is_written_is_read(draw_up: DrawUp, tmp_path: Path) -> None:
    written = draw_up(corridors=(("red-one", "red-two"),), key_epoch=3)
    written.write(tmp_path / "a.toml")
    read = Agreement.read(tmp_path / "a.toml")
    assert read == written
    assert read.digest == written.digest
    assert read.scheme.digest == written.scheme.digest
    assert [p.name for p in tmp_path.iterdir()] == ["a.toml"]


def test_same_agreement_same_bytes(draw_up: DrawUp, tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        draw_up().write(tmp_path / name)
    assert (tmp_path / "a.toml").read_bytes() == (tmp_path / "b.toml").read_bytes()


def test_the_id_is_drawn_anew(draw_up: DrawUp) -> None:
    assert draw_up(agreement_id=None).agreement_id != draw_up(agreement_id=None).agreement_id


def test_layout_and_comments_do_not_count_for_the_digest(draw_up: DrawUp, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    first = draw_up()
    first.write(path)
    path.write_text("# signed in Geneva\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert Agreement.read(path).digest == first.digest


@pytest.mark.parametrize(
    "change",
    [
        {"parties": ("red-one", "red-two")},
        {"linkage_unit": "other"},
        {"purposes": ("other",)},
        {"legal_bases": ("consent",)},
        {"valid_from": date(2026, 1, 2)},
        {"valid_until": date(2026, 12, 30)},
        {"retention_days": 364},
        {"key_epoch": 2},
        {"corridors": (("red-one", "red-two"),)},
        {"agreement_id": "1" * 32},
    ],
)
def test_any_term_changes_the_digest(draw_up: DrawUp, change: dict[str, object]) -> None:
    assert draw_up(**change).digest != draw_up().digest


def test_the_scheme_changes_the_digest(draw_up: DrawUp, tiny_scheme: Scheme) -> None:
    newer = tiny_scheme.model_copy(update={"version": 2})
    assert draw_up(scheme=newer).digest != draw_up().digest


def test_the_digest_is_of_sorted_ascii_json_without_spaces(draw_up: DrawUp) -> None:
    made = draw_up(corridors=(("red-one", "red-two"),))
    scheme = json.dumps(made.scheme.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    canonical = (
        '{"agreement_id":"abababababababababababababababab","amends":[],'
        '"corridors":[["red-one","red-two"]],'
        '"epochs":[{"number":1,"valid_from":"2026-01-01","valid_until":"2026-12-31"}],'
        '"format":"kinmatch-agreement/1","identities":[],"legal_bases":["consent","vital-interest"],'
        '"linkage_unit":"hub","parties":["red-one","red-two","crescent-3"],'
        '"purposes":["family-tracing"],"retention_days":365,"scheme":' + scheme + ","
        '"valid_from":"2026-01-01","valid_until":"2026-12-31"}'
    )
    assert made.digest == "sha256:" + hashlib.sha256(canonical.encode("ascii")).hexdigest()


def test_corridors_default_to_every_ordered_pair(draw_up: DrawUp) -> None:
    every = draw_up()
    assert len(every.corridors) == 6
    assert every.allows("red-one", "red-two")
    assert not every.allows("red-one", "red-one")
    assert not every.allows("red-one", "stranger")


def test_a_corridor_has_a_direction(draw_up: DrawUp) -> None:
    one_way = draw_up(corridors=(("red-one", "red-two"),))
    assert one_way.allows("red-one", "red-two")
    assert not one_way.allows("red-two", "red-one")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parties": ("red-one",)}, "parties"),
        ({"parties": ("red-one", "red-one")}, "parties"),
        ({"parties": ("red-one", "Red Two")}, "parties"),
        ({"parties": ("red-one", "red-two\n")}, "parties"),
        ({"parties": ("red-one", "r" * 65)}, "parties"),
        ({"linkage_unit": ""}, "linkage_unit"),
        ({"linkage_unit": "red-one"}, "linkage_unit"),
        ({"purposes": ()}, "purposes"),
        ({"legal_bases": ("consent", "consent")}, "legal_bases"),
        ({"valid_from": "someday"}, "valid_from"),
        ({"valid_until": date(2025, 1, 1)}, "valid_until"),
        ({"retention_days": 0}, "retention_days"),
        ({"retention_days": True}, "retention_days"),
        ({"key_epoch": 0}, "epochs"),
        ({"key_epoch": 1.0}, "epochs"),
        ({"corridors": ()}, "corridors"),
        ({"corridors": (("red-one", "stranger"),)}, "corridors"),
        ({"corridors": (("red-one", "red-one"),)}, "corridors"),
        ({"corridors": (("red-one", "red-two"), ("red-one", "red-two"))}, "corridors"),
        ({"agreement_id": "xyz"}, "agreement_id"),
        ({"scheme": {"name": "tiny", "version": 0, "passes": ()}}, "scheme.version"),
    ],
)
def test_a_broken_rule_is_named_with_its_field(
    draw_up: DrawUp, change: dict[str, object], field: str
) -> None:
    with pytest.raises(AgreementError, match=f"'{field}'") as caught:
        draw_up(**change)
    assert "pydantic" not in str(caught.value)
    assert "Input" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_all_problems_are_named_at_once(draw_up: DrawUp) -> None:
    with pytest.raises(AgreementError) as caught:
        draw_up(retention_days=0, key_epoch=0, purposes=())
    for field in ("retention_days", "epochs", "purposes"):
        assert f"'{field}'" in str(caught.value)


def _edited(draw_up: DrawUp, path: Path, old: str, new: str) -> Path:
    draw_up().write(path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("retention_days = 365\n", "", "'retention_days' is missing"),
        ("retention_days = 365", "retention_days = 365\ncolour = 2", "'colour' is not a field"),
        ("kinmatch-agreement/1", "kinmatch-agreement/2", "is 'kinmatch-agreement/2'"),
        ("kinmatch-agreement/1", "grocery list", "is no kinmatch agreement"),
        ("valid_from = 2026-01-01", "valid_from = 2026-02-31", "not valid TOML near line"),
        ("bits = 128", "bits = 3", r"'scheme\.passes\.0\.bits' should be"),
    ],
)
def test_a_file_that_was_edited_wrongly(
    draw_up: DrawUp, tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(AgreementError, match=message):
        Agreement.read(_edited(draw_up, tmp_path / "a.toml", old, new))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"record_id,name\n1,Canary\n",
        b"[Canary]\n[Canary]\n",
        b"x" * (1 << 21),
    ],
)
def test_a_wrong_file_is_refused_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.toml"
    path.write_bytes(content)
    with pytest.raises(AgreementError) as caught:
        Agreement.read(path)
    assert "Canary" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match="can't be read"):
        Agreement.read(tmp_path / "none.toml")


def test_no_room(draw_up: DrawUp, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        draw_up().write(tmp_path / "no-such-folder" / "a.toml")


def test_only_a_party_is_let_through(draw_up: DrawUp) -> None:
    draw_up().require_party("red-two")
    with pytest.raises(AgreementError, match="'stranger' is not a party"):
        draw_up().require_party("stranger")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text())
def test_any_society_name_is_a_slug_or_refused(draw_up: DrawUp, name: str) -> None:
    try:
        made = draw_up(parties=("red-one", name))
    except AgreementError:
        return
    assert made.parties[1].replace("-", "").isalnum()
    assert made.parties[1].isascii()


FIRST = date(2026, 1, 1)


def epochs(*numbers_and_days: tuple[int, tuple[int, int], tuple[int, int]]) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "valid_from": date(2026, *begins).isoformat(),
            "valid_until": date(2026, *ends).isoformat(),
        }
        for number, begins, ends in numbers_and_days
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        epochs((1, (1, 1), (12, 31)), (3, (6, 1), (12, 31))),
        epochs((2, (1, 1), (12, 31)), (1, (6, 1), (12, 31))),
        epochs((1, (1, 1), (5, 30)), (2, (6, 1), (12, 31))),
        epochs((1, (6, 1), (12, 31)), (2, (6, 1), (12, 31))),
        epochs((1, (6, 1), (5, 1))),
        epochs((0, (1, 1), (12, 31))),
    ],
    ids=["none", "a number left out", "backwards", "a gap", "at once", "ends first", "number 0"],
)
def test_epochs_that_make_no_sense(
    draw_up: DrawUp, tmp_path: Path, wrong: list[dict[str, Any]]
) -> None:
    fields = {**draw_up().model_dump(mode="json"), "epochs": wrong}
    (tmp_path / "a.toml").write_text(tomli_w.dumps(fields))
    with pytest.raises(AgreementError, match="'epochs' must be one or more key epochs"):
        Agreement.read(tmp_path / "a.toml")


def test_a_new_epoch_amends(draw_up: DrawUp, tmp_path: Path) -> None:
    first = draw_up()
    second = first.with_next_epoch(date(2026, 6, 1), overlap_days=30)
    third = second.with_next_epoch(date(2026, 9, 1), overlap_days=0)
    assert [one.key_epoch for one in (first, second, third)] == [1, 2, 3]
    assert [str(one.valid_until) for one in third.epochs] == [
        "2026-06-30",
        "2026-08-31",
        "2026-12-31",
    ]
    assert third.amends == (first.digest, second.digest)
    assert len({first.digest, second.digest, third.digest}) == 3
    assert third.version_like(first.digest) == first.digest
    assert first.version_like(third.digest) == first.digest
    third.write(tmp_path / "a.toml")
    assert Agreement.read(tmp_path / "a.toml") == third


@pytest.mark.parametrize(
    ("number", "day", "valid"),
    [
        (1, "2026-05-31", True),
        (1, "2026-06-30", True),
        (1, "2026-07-01", False),
        (2, "2026-05-31", False),
        (2, "2026-06-01", True),
        (2, "2026-12-31", True),
        (2, "2027-01-01", False),
        (3, "2026-06-01", False),
    ],
)
def test_the_days_of_an_epoch(draw_up: DrawUp, number: int, day: str, valid: bool) -> None:
    agreement = draw_up().with_next_epoch(date(2026, 6, 1), overlap_days=30)
    if valid:
        agreement.require_epoch(number, date.fromisoformat(day))
    else:
        with pytest.raises(AgreementError):
            agreement.require_epoch(number, date.fromisoformat(day))


@pytest.mark.parametrize(
    ("begins", "overlap"), [(FIRST, 0), (date(2027, 1, 1), 0), (date(2026, 6, 1), -1)]
)
def test_an_epoch_that_can_not_begin(draw_up: DrawUp, begins: date, overlap: int) -> None:
    with pytest.raises(AgreementError, match="A new key epoch"):
        draw_up().with_next_epoch(begins, overlap)


def test_an_epoch_never_lasts_longer_for_an_overlap(draw_up: DrawUp) -> None:
    twice = (
        draw_up()
        .with_next_epoch(date(2026, 6, 1), overlap_days=3)
        .with_next_epoch(date(2026, 6, 2), overlap_days=9_999)
    )
    assert [str(one.valid_until) for one in twice.epochs] == [
        "2026-06-03",
        "2026-12-31",
        "2026-12-31",
    ]


def test_identities_are_everybodys_or_nobodys(draw_up: DrawUp) -> None:
    made = [Identity.generate(name).public for name in ("red-one", "red-two", "crescent-3", "hub")]
    agreement = draw_up(identities=made)
    assert agreement.identity_of("hub") == made[3]
    assert agreement.digest != draw_up().digest
    stranger = Identity.generate("stranger").public
    for wrong in (made[:3], made[1:], [*made, stranger], [*made[:3], stranger], [*made, made[0]]):
        with pytest.raises(AgreementError, match="'identities' must be none, or"):
            draw_up(identities=wrong)
    with pytest.raises(AgreementError, match="no public keys of 'stranger'"):
        agreement.identity_of("stranger")
