"""What a society releases, and what it takes for probing."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refining_cases import names

from encoders.records import Records
from encoders.refining.admission import REASONS, Admission, Limits, admit
from encoders.refining.answering import NOT_RELEASED
from encoders.refining.ledger import Ledger
from matcher.formats.errors import InputError, MismatchError, ParameterError
from matcher.formats.refinement import Requests, RequestsHeader

DAY, KEY, PARTNER = date(2026, 5, 1), bytes(32), "5e" * 8


@pytest.fixture(scope="module")
def records() -> Records:
    """Twenty persons; the first three are one household, the last two one case."""
    rows = [{"record_id": f"R{number}", "given_name": f"N{number}"} for number in range(20)]
    for row in rows[:3]:
        row |= {"father_name": "Ali", "family_name": "Haddad", "residence": "Homs"}
    for row in rows[18:]:
        row |= {"case_id": "C1"}
    return Records.from_rows(rows, role="sought")


def requests(count: int, *, partner: str = PARTNER, seed: int = 1) -> Requests:
    header = RequestsHeader(
        format="kinmatch-requests/1",
        society="red-one",
        agreement_id="ab" * 16,
        key_epoch=1,
        run="sha256:" + "1" * 64,
        part=1,
        partner=partner,
        seal="sha256:" + "3" * 64,
    )
    return Requests(header, names(count, seed), names(count), names(count))


def decide(
    rows: list[int],
    records: Records,
    ledger: Ledger,
    limits: Limits | None = None,
    **about: Any,
) -> Admission:
    return admit(
        requests(len(rows), **about),
        np.array(rows, np.int64),
        records,
        ledger,
        limits or Limits(),
        key=KEY,
        on=DAY,
    )


def reasons(admission: Admission) -> list[str]:
    return [REASONS[code] for code in admission.reasons]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger("ab" * 16)


def test_usual_requests_are_released(records: Records, ledger: Ledger) -> None:
    found = decide([3, 4, 4, NOT_RELEASED], records, ledger)
    assert reasons(found) == ["released"] * 3 + ["absent"]
    assert found.rows.tolist() == [3, 4, 4, NOT_RELEASED]
    assert found.counts() == {"released": 3, "absent": 1}
    assert ledger.released_on(DAY) == ledger.released_on(DAY, PARTNER) == 3


def test_many_requests_around_one_record_are_probing(records: Records, ledger: Ledger) -> None:
    limits = Limits(per_record=10)
    found = decide([5] * 11 + [6], records, ledger, limits)
    assert reasons(found) == ["probed_record"] * 11 + ["released"]
    assert (found.rows[:11] == NOT_RELEASED).all()


def test_what_was_released_before_counts(records: Records, ledger: Ledger) -> None:
    limits = Limits(per_record=10)
    decide([5] * 6, records, ledger, limits)
    again = decide([5] * 6, records, ledger, limits, seed=2)
    assert set(reasons(again)) == {"probed_record"}


@pytest.mark.parametrize("household", [[0, 1, 2], [18, 19]])
def test_many_requests_around_one_household_are_probing(
    household: list[int], records: Records, ledger: Ledger
) -> None:
    limits = Limits(per_record=10, per_household=12)
    rows = (household * 10)[:13]
    found = decide([*rows, 7, 8, 9], records, ledger, limits)
    assert reasons(found) == ["probed_household"] * 13 + ["released"] * 3


def test_one_candidate_again_and_again_is_probing(records: Records, ledger: Ledger) -> None:
    for _ in range(3):
        assert reasons(decide([3], records, ledger)) == ["released"]
    assert reasons(decide([3], records, ledger)) == ["asked_again"]


def test_a_candidate_is_about_one_record_for_ever(records: Records, ledger: Ledger) -> None:
    """Or a linkage unit could have two records under the keys of one candidate."""
    assert reasons(decide([3], records, ledger)) == ["released"]
    assert reasons(decide([4], records, ledger)) == ["other_record"]
    assert reasons(decide([3], records, ledger)) == ["released"]


def test_limits_of_the_day_and_the_partner(records: Records, ledger: Ledger) -> None:
    limits = Limits(per_partner=3, per_day=100)
    found = decide([3, 4, 5, 6, 7], records, ledger, limits)
    assert reasons(found) == ["released"] * 3 + ["partner_limit"] * 2
    limits = Limits(per_day=4)
    found = decide([3, 4, 5], records, ledger, limits, seed=2)
    assert reasons(found) == ["released", "day_limit", "day_limit"]
    tomorrow = admit(
        requests(1, seed=3),
        np.array([3]),
        records,
        ledger,
        limits,
        key=KEY,
        on=date(2026, 5, 2),
    )
    assert reasons(tomorrow) == ["released"]


def test_another_partner_has_a_limit_of_its_own(records: Records, ledger: Ledger) -> None:
    limits = Limits(per_partner=1)
    assert reasons(decide([3, 4], records, ledger, limits)) == ["released", "partner_limit"]
    other = decide([5], records, ledger, limits, seed=2, partner="0" * 16)
    assert reasons(other) == ["released"]


def test_limits_are_at_least_one() -> None:
    with pytest.raises(ParameterError):
        Limits(per_record=0)


def test_the_ledger_keeps_counts_and_no_names(
    records: Records, ledger: Ledger, tmp_path: Path
) -> None:
    decide([3, 4, 4], records, ledger)
    path = tmp_path / "ledger.json"
    ledger.write(path)
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text(encoding="utf-8")
    assert "R3" not in text
    assert names(3).tobytes().hex()[:16] not in text
    again = Ledger.read(path, "ab" * 16)
    assert vars(again) == vars(ledger)
    again.write(path)
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(MismatchError):
        Ledger.read(path, "cd" * 16)


@pytest.mark.parametrize("content", ["", "{}", '{"format": "kinmatch-refinement-ledger/2"}', "\0"])
def test_what_is_no_ledger_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    path.write_text(content)
    with pytest.raises(InputError):
        Ledger.read(path, "ab" * 16)


def test_no_ledger_yet_is_an_empty_one(tmp_path: Path) -> None:
    assert Ledger.read(tmp_path / "none", "ab" * 16).released_on(DAY) == 0
