"""Notices to the linkage unit: what changed, once, in order, and never why."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pytest

from encoders.marks import record_keys
from encoders.protection.events import Standing
from encoders.protection.notifying import wanted, write_notices
from encoders.references import References, ReferencesHeader
from matcher.formats.agreement import Agreement
from matcher.formats.cells import fixed_size
from matcher.formats.errors import MismatchError
from matcher.formats.identity import Identity
from matcher.formats.notices import Kind, Notice

DrawUp = Callable[..., Agreement]
TODAY = date(2026, 3, 1)
PEOPLE = ["1", "2", "3", "4"]
DUE = date(2026, 4, 1)
LATER = date(2026, 5, 1)


@pytest.fixture(scope="module")
def own() -> Identity:
    return Identity.generate("red-one")


@pytest.fixture(scope="module")
def agreement(own: Identity, draw_up: DrawUp) -> Agreement:
    others = (Identity.generate(name).public for name in ("red-two", "crescent-3", "hub"))
    return draw_up(identities=[own.public, *others])


@pytest.fixture(scope="module")
def references(agreement: Agreement) -> References:
    return sent(agreement)


def sent(agreement: Agreement, number: int = 1, review_on: date = DUE) -> References:
    """The reference file of a batch with all people, due for review on a day."""
    digest = f"sha256:{0:064x}"
    header = ReferencesHeader(
        format="kinmatch-references/1", society="red-one", agreement_id=agreement.agreement_id,
        key_epoch=1, batch_seal=digest, number=number, seal=digest,
    )  # fmt: skip
    drawn = np.arange(16 * len(PEOPLE), dtype=np.uint8).reshape(-1, 16)
    days = pa.array([review_on] * len(PEOPLE), pa.date32())
    return References(header, fixed_size(drawn), pa.array(PEOPLE), days)


def write(
    folder: Path,
    kinds: dict[str, Kind],
    own: Identity,
    agreement: Agreement,
    *known: References,
    reviews: Mapping[str, date] = MappingProxyType({}),
    number: int = 7,
) -> dict[Kind, list[str]]:
    """Write notices, and give the records that each kind names."""
    keys = record_keys(own, agreement.agreement_id, [*PEOPLE, "5"])
    names = {key.hex(): name for key, name in zip(keys, [*PEOPLE, "5"], strict=True)}
    written = write_notices(
        folder, kinds, known, reviews=reviews, identity=own, agreement=agreement, number=number,
        on=TODAY,
    )  # fmt: skip
    for path, notice in written:
        assert Notice.read(path, agreement) == notice
        assert notice.references == ()
    numbers = [notice.number for _, notice in written]
    assert numbers == sorted(set(numbers))
    return {notice.kind: sorted(names[key] for key in notice.keys) for _, notice in written}


def test_what_changed_is_told_once(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    kinds: dict[str, Kind] = {"1": "suspend", "2": "withdraw", "3": "resume", "4": "delete"}
    told = write(tmp_path, kinds, own, agreement, references)
    assert told == {"suspend": ["1"], "withdraw": ["2"], "delete": ["4"]}
    assert write(tmp_path, kinds, own, agreement, references) == {}
    kinds = {"1": "resume", "2": "suspend", "3": "resume", "4": "resume"}
    assert write(tmp_path, kinds, own, agreement, references) == {"resume": ["1"]}
    kinds = {"1": "resume", "2": "resume", "3": "delete", "4": "suspend"}
    told = write(tmp_path, kinds, own, agreement, references)
    assert told == {"resume": ["2"], "delete": ["3"]}


def test_the_unit_hears_of_nobody_whom_it_was_never_sent(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    assert write(tmp_path, {"5": "suspend", "1": "suspend"}, own, agreement, references) == {
        "suspend": ["1"]
    }
    assert write(tmp_path, {"5": "delete"}, own, agreement) == {"delete": ["5"]}
    # Once told of, a record is known without its reference file.
    assert write(tmp_path, {"1": "resume"}, own, agreement) == {"resume": ["1"]}


def test_a_record_is_known_however_its_id_is_composed(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    """It may have left the file, and then only the events spell its id."""
    header = references.header
    drawn = np.arange(16, dtype=np.uint8).reshape(1, 16)
    known = References(header, fixed_size(drawn), pa.array(["E\u0301 1 "]), pa.array([DUE]))
    kinds: dict[str, Kind] = {"\u00c9 1": "withdraw"}
    ((_, notice),) = write_notices(
        tmp_path, kinds, [known], reviews={}, identity=own, agreement=agreement, number=1, on=TODAY
    )
    assert (notice.kind, len(notice.keys)) == ("withdraw", 1)


def test_numbers_go_on_from_the_highest(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    for number, kind in ((1_000, "suspend"), (5, "resume")):
        ((_, notice),) = write_notices(
            tmp_path, {"1": kind}, [references],  # type: ignore[dict-item]  # a kind each
            reviews={}, identity=own, agreement=agreement, number=number, on=TODAY,
        )  # fmt: skip
    assert notice.number == 1_001


def test_a_review_is_told_once_and_only_of_records_that_may_be_compared(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    kinds: dict[str, Kind] = {"1": "resume", "2": "resume", "3": "suspend", "5": "resume"}
    as_sent = dict.fromkeys("1235", DUE)
    assert write(tmp_path, kinds, own, agreement, references, reviews=as_sent) == {"suspend": ["3"]}
    later = {"1": LATER, "2": DUE, "3": LATER, "5": LATER}
    told = write(tmp_path, kinds, own, agreement, references, reviews=later)
    assert told == {"renew": ["1"]}
    assert write(tmp_path, kinds, own, agreement, references, reviews=later) == {}
    (path,) = tmp_path.glob("*-renew.notice.json")
    assert Notice.read(path, agreement).review_on == LATER
    # Who may be compared again is compared until the new day.
    kinds["3"] = "resume"
    told = write(tmp_path, kinds, own, agreement, references, reviews=later)
    assert told == {"renew": ["3"], "resume": ["3"]}
    # And back: what the unit was told last counts.
    told = write(tmp_path, kinds, own, agreement, references, reviews=as_sent)
    assert told == {"renew": ["1", "3"]}


def test_a_later_batch_says_its_own_review_dates(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    kinds: dict[str, Kind] = {"1": "resume"}
    later = {"1": LATER}
    told = write(tmp_path, kinds, own, agreement, references, reviews=later, number=100)
    assert told == {"renew": ["1"]}
    anew = sent(agreement, number=200, review_on=LATER)
    assert write(tmp_path, kinds, own, agreement, references, anew, reviews=later) == {}
    other = sent(agreement, number=300, review_on=DUE)
    told = write(
        tmp_path, kinds, own, agreement, references, anew, other, reviews=later, number=400
    )
    assert told == {"renew": ["1"]}


def test_what_was_withdrawn_is_not_renewed(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    write(tmp_path, {"1": "withdraw"}, own, agreement, references)
    told = write(tmp_path, {"1": "resume"}, own, agreement, references, reviews={"1": LATER})
    assert told == {"resume": ["1"]}


def test_each_review_date_has_a_notice(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    kinds: dict[str, Kind] = {"1": "resume", "2": "resume"}
    reviews = {"1": LATER, "2": date(2026, 6, 1)}
    written = write_notices(
        tmp_path, kinds, [references], reviews=reviews, identity=own, agreement=agreement,
        number=1, on=TODAY,
    )  # fmt: skip
    assert [notice.review_on for _, notice in written] == [LATER, date(2026, 6, 1)]


def test_many_records_take_several_notices(
    tmp_path: Path, own: Identity, agreement: Agreement
) -> None:
    kinds: dict[str, Kind] = {str(number): "delete" for number in range(20_001)}
    written = write_notices(
        tmp_path, kinds, [], reviews={}, identity=own, agreement=agreement, number=1, on=TODAY
    )
    assert [len(notice.keys) for _, notice in written] == [10_000, 10_000, 1]


def test_no_notice_says_why(
    tmp_path: Path, own: Identity, agreement: Agreement, references: References
) -> None:
    """A wish to stay unfound, a consent withdrawn and an objection upheld look alike."""
    standings = {
        "1": Standing(hides=True),
        "2": Standing(consent="withdrawn"),
        "3": Standing(objection="upheld"),
    }
    kinds = wanted(standings, refused=["1", "2", "3"], admitted=["4"])
    write_notices(
        tmp_path,
        kinds,
        [references],
        reviews={},
        identity=own,
        agreement=agreement,
        number=1,
        on=TODAY,
    )
    (path,) = tmp_path.iterdir()
    fields = json.loads(path.read_text())["document"]
    assert fields["kind"] == "withdraw"
    assert len(fields["keys"]) == 3


def test_notices_of_another_society_are_not_taken_for_own(
    tmp_path: Path, own: Identity, draw_up: DrawUp, references: References
) -> None:
    two = Identity.generate("red-two")
    others = (Identity.generate(name).public for name in ("crescent-3", "hub"))
    both = draw_up(identities=[own.public, two.public, *others])
    for identity in (own, two):
        kinds: dict[str, Kind] = {"1": "delete"}
        if identity is own:
            write_notices(
                tmp_path,
                kinds,
                [references],
                reviews={},
                identity=own,
                agreement=both,
                number=1,
                on=TODAY,
            )
            continue
        with pytest.raises(MismatchError, match="folder of their own"):
            write_notices(
                tmp_path,
                kinds,
                [references],
                reviews={},
                identity=two,
                agreement=both,
                number=1,
                on=TODAY,
            )
