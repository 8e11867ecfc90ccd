"""The second stage between two societies over HTTP: asked after a night, answered, weighed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from calling import NOW, bearing, serve, token_for
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, reference, registered, sought
from people import submit as submit_batch
from people import write as write_people
from sqlalchemy import delete, func, select, update
from starlette.testclient import TestClient

from encoders.client.uploading import content_digest
from encoders.keys import Keys
from encoders.records import Records
from encoders.refining.answering import attribute_cells
from matcher.formats.errors import StateError
from matcher.formats.identity import Identity
from matcher.formats.letter import Letter, letter, padded_size
from matcher.formats.refinement import (
    ANSWER_KIND,
    Requests,
    answer_room,
    open_requests,
    write_answer,
)
from matcher.nightly.asking import PART_ROWS, Asking, ask_all
from matcher.nightly.night import Limits, run_night
from matcher.nightly.weighing import Weighed, weigh_answers
from matcher.settings import Settings
from matcher.store import Store, refinements
from matcher.store.models import (
    CandidateRow,
    CandidateSide,
    Record,
    RefinementFile,
    RefinementRow,
    RunRow,
    Unanswered,
)

ASKING = Asking(0.0, 14)
ALIKE = {"given_name": "Karim", "family_name": "Haddad", "father_name": "Yusuf",
         "birth_date": "1988-03-04", "residence": "Homs"}  # fmt: skip
UNLIKE = {"given_name": "Oksana", "family_name": "Pylypenko", "birth_date": "1951-11-30"}
PEOPLE = {ONE: {1: ALIKE, 2: ALIKE}, TWO: {1: ALIKE, 2: UNLIKE}}
NAMES = (ONE, TWO, THREE, "hub")


class Unit:
    """The linkage unit, and the societies that it asks."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.identities = {name: Identity.generate(name) for name in NAMES}
        public = tuple(one.public for one in self.identities.values())
        self.agreement = add(store, draw_agreement(identities=public))
        self.now = NOW
        app = serve(store, clock=lambda: self.now).app
        self.clients = {
            society: TestClient(app, headers=bearing(token_for(store, society)))
            for society in (ONE, TWO, THREE)
        }

    def batch(self, society: str, *people: int, name: str = "batch", noise: float = 0.05) -> None:
        """Take a batch of some people in."""
        role = sought if society == ONE else registered
        path = self.folder / f"{name}-{society}"
        write_people(
            path, self.agreement, society, role(*people), noise=dict.fromkeys(people, noise)
        )
        submit_batch(self.store, path, self.agreement, society)

    def night(self, on: date = TODAY) -> int:
        """Do a night, and ask; give how many candidates were asked about. It is then noon."""
        self.now = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        run_night(self.store, on=on, limits=Limits(10**6, 10**6), top=10, threads=1)
        return ask_all(self.store, self.identities["hub"], on=on, asking=ASKING)

    def weigh(self, on: date = TODAY) -> Weighed:
        """Weigh what was answered."""
        return weigh_answers(self.store, self.identities["hub"], on=on)

    def asked(self, society: str) -> list[str]:
        """The refinements that a society is asked."""
        found = self.clients[society].get("/v1/refinements").json()["items"]
        return [one["id"] for one in found]

    def fetched(self, society: str, refinement: str) -> Requests:
        """Fetch and open what a society is asked."""
        answer = self.clients[society].get(f"/v1/refinements/{refinement}/request")
        assert answer.status_code == 200
        sent = Letter.of(answer.content, self.agreement, Path("letter"))
        return open_requests(sent, self.agreement, self.identities[society])

    def answer(self, society: str, requests: Requests, *, answers: str | None = None) -> bytes:
        """The letter by which a society answers."""
        records = Records.from_rows(
            [{"record_id": str(one), **row} for one, row in PEOPLE[society].items()], role="sought"
        )
        places = {reference(society, person): row for row, person in enumerate(PEOPLE[society])}
        rows = np.array([places[one.tobytes()] for one in requests.references], np.int64)
        keys = Keys.throwaway(self.agreement, seed=1)
        cells = attribute_cells(records, rows, requests.identifiers, requests.nonces, keys, society)
        path = self.folder / "answer"
        write_answer(path, requests=requests, cells=cells)
        return letter(
            path.read_bytes(), identity=self.identities[society], recipient="hub",
            agreement=self.agreement, holds=ANSWER_KIND, answers=answers or requests.header.seal,
        )  # fmt: skip

    def put(self, society: str, refinement: str, content: bytes, digest: str | None = None) -> int:
        """Send an answer; give the status."""
        answer = self.clients[society].put(
            f"/v1/refinements/{refinement}/answer",
            content=content,
            headers={
                "Content-Digest": digest or content_digest(content),
                "Content-Type": "application/octet-stream",
            },
        )
        return answer.status_code

    def answered(self, society: str, refinement: str) -> int:
        """Answer as one should."""
        return self.put(
            society, refinement, self.answer(society, self.fetched(society, refinement))
        )

    def sides(self, society: str) -> dict[int, CandidateSide]:
        """A society's sides of candidates, by person."""
        people = {reference(society, person): person for person in PEOPLE[society]}
        with self.store.as_unit() as session:
            found = session.scalars(
                select(CandidateSide).where(CandidateSide.society == society)
            ).all()
            session.expunge_all()
        return {people[one.reference]: one for one in found}


@pytest.fixture
def unit(store: Store, tmp_path: Path) -> Unit:
    made = Unit(store, tmp_path)
    made.batch(ONE, 1, 2)
    made.batch(TWO, 1, 2)
    return made


def test_asked_answered_and_weighed(unit: Unit) -> None:
    assert unit.night() == 2
    assert ask_all(unit.store, unit.identities["hub"], on=TODAY, asking=ASKING) == 0
    ((mine,), (theirs,)) = unit.asked(ONE), unit.asked(TWO)
    assert mine == theirs
    assert unit.asked(THREE) == []
    assert {side.refinement for side in unit.sides(ONE).values()} == {"requested"}

    assert unit.answered(ONE, mine) == 204
    assert unit.asked(ONE) == []
    assert unit.weigh() == Weighed(0, 0, 0)
    assert unit.answered(TWO, mine) == 204
    assert unit.weigh() == Weighed(1, 2, 0)
    assert unit.weigh() == Weighed(0, 0, 0)

    for society in (ONE, TWO):
        sides = unit.sides(society)
        assert {side.refinement for side in sides.values()} == {"scored"}
        assert sides[1].listed
        assert sides[1].band == 0
        assert sides[1].attributes is not None
        assert sides[1].attributes[0] == 0  # the given name agrees
        assert not sides[2].listed  # nothing agrees but the fingerprints: no candidate any more
    with unit.store.as_unit() as session:
        files = session.scalars(select(RefinementFile)).all()
        assert [(one.requests, one.answer) for one in files] == [(None, None)] * 2
        assert session.scalars(select(RefinementRow.state)).all() == ["scored"]
    assert unit.clients[ONE].get(f"/v1/refinements/{mine}/request").status_code == 404


@pytest.mark.parametrize("society", [ONE, TWO])
def test_what_is_asked_shows_when_the_nights_results_do(unit: Unit, society: str) -> None:
    unit.night()
    (refinement,) = unit.asked(society)
    requests = unit.fetched(society, refinement)
    content = unit.answer(society, requests)
    unit.now = NOW.replace(hour=5, minute=59)
    client = unit.clients[society]
    assert client.get("/v1/candidates").json()["items"] == []
    assert unit.asked(society) == []
    assert client.get("/v1/refinements?state=answered").json()["items"] == []
    for name in (refinement, str(uuid4())):  # as if there were none
        assert client.get(f"/v1/refinements/{name}/request").status_code == 404
        assert unit.put(society, name, content) == 404
    officer = bearing(token_for(unit.store, society, "data-protection-officer"))
    log = TestClient(client.app, headers=officer).get("/v1/audit?limit=1000").json()["items"]
    assert not [one for one in log if one["action"].startswith("refinement")]
    unit.now = NOW.replace(hour=6, minute=0)
    assert len(client.get("/v1/candidates").json()["items"]) == 2
    assert unit.asked(society) == [refinement]
    assert unit.put(society, refinement, content) == 204


def test_letters_do_not_tell_how_many_candidates_there_are(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    two = unit.clients[ONE].get(f"/v1/refinements/{refinement}/request").content
    listed = unit.clients[ONE].get("/v1/refinements")
    unit.batch(ONE, 1, 2, name="changed", noise=0.02)
    unit.batch(TWO, 2, name="less")
    assert unit.night(TODAY + timedelta(days=1)) == 2
    requests = unit.fetched(ONE, refinement)
    for society in (ONE, TWO):
        assert unit.answered(society, refinement) == 204
    with unit.store.as_unit() as session:
        sizes = session.scalars(select(RefinementFile.size)).all()
        answers = [one.answer for one in session.scalars(select(RefinementFile))]
    assert {size - len(two) for size in sizes} <= {0, len(TWO) - len(ONE)}
    assert len(requests) == 2
    assert len({len(one) for one in answers if one is not None}) == 1
    # What is listed has one size too, be it something or nothing.
    nothing = unit.clients[THREE].get("/v1/refinements")
    assert nothing.json() == {"items": []}
    assert len(nothing.content) == len(listed.content)


def test_the_largest_answer_fits_into_one_part() -> None:
    most = padded_size(answer_room(PART_ROWS)) + 4096  # header, wrapped key, tags, signature
    assert most <= Settings.model_fields["most_part_bytes"].default


def test_later_nights_keep_what_was_said(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    for society in (ONE, TWO):
        unit.answered(society, refinement)
    unit.weigh()
    before = unit.sides(ONE)
    unit.batch(THREE, 3)
    assert unit.night(TODAY + timedelta(days=1)) == 0
    run_night(
        unit.store, on=TODAY + timedelta(days=1), limits=Limits(10**6, 10**6), top=10,
        full=True, threads=1,
    )  # fmt: skip
    after = unit.sides(ONE)
    for person in (1, 2):
        assert after[person].score == before[person].score
        assert after[person].band == before[person].band
        assert after[person].listed == before[person].listed
        assert after[person].attributes == before[person].attributes


def test_a_record_that_changed_is_asked_about_anew(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    for society in (ONE, TWO):
        unit.answered(society, refinement)
    unit.weigh()
    unit.batch(ONE, 1, name="changed", noise=0.02)
    assert unit.night(TODAY + timedelta(days=1)) == 1
    assert unit.sides(ONE)[1].refinement == "requested"
    assert unit.sides(ONE)[1].attributes is None
    with unit.store.as_unit() as session:
        found = select(CandidateRow.version, CandidateRow.refined_score)
        refined = dict(session.execute(found).all())
        assert refined[2] is None
        assert refined[1] is not None


def test_what_changes_while_societies_answer_is_not_weighed(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    for society in (ONE, TWO):
        unit.answered(society, refinement)
    unit.batch(ONE, 1, name="changed", noise=0.02)
    unit.night(TODAY + timedelta(days=1))
    assert unit.weigh() == Weighed(1, 1, 0)
    assert unit.sides(ONE)[1].attributes is None


def test_what_scores_too_little_is_not_asked_about(unit: Unit) -> None:
    with unit.store.as_unit() as session:
        run_night(unit.store, on=TODAY, limits=Limits(10**6, 10**6), top=10, threads=1)
        least = float(session.scalars(select(func.min(CandidateRow.score))).one())
    for bound, count in ((least + 1000, 0), (least, 2)):
        with unit.store.as_unit() as session:
            held = unit.agreement.agreement_id
            assert refinements.awaited(session, held, bound) == count
            session.execute(update(RunRow).values(outcome={}))
        asking = Asking(bound, 14)
        assert ask_all(unit.store, unit.identities["hub"], on=TODAY, asking=asking) == count


def test_what_is_not_answered_in_time_is_asked_again(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    content = unit.answer(ONE, unit.fetched(ONE, refinement))
    late = TODAY + timedelta(days=ASKING.days)
    assert unit.night(late) == 2
    assert unit.put(ONE, refinement, content) == 404
    with unit.store.as_unit() as session, pytest.raises(StateError, match="over"):
        refinements.release(
            session, UUID(refinement), society=ONE, answer=content, actor="x", on=TODAY
        )  # what was on its way when it expired
    (again,) = unit.asked(ONE)
    assert again != refinement


def test_what_nobody_answers_is_asked_ever_later_and_in_the_end_no_more(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(refinements.WAITS) == sorted(refinements.WAITS)
    waits = (0, 5, 9)  # shorter, so that the agreement lasts
    monkeypatch.setattr(refinements, "WAITS", waits)
    unit.night()
    day, asked = TODAY, 0
    for wait in waits:
        day += timedelta(days=ASKING.days)  # unanswered
        if wait:
            assert unit.night(day) == 0
            assert unit.night(day + timedelta(days=wait - 1)) == 0
        day += timedelta(days=wait)
        asked += unit.night(day)
    assert asked == 2 * len(waits)
    for later in (ASKING.days, 40):
        assert unit.night(day + timedelta(days=later)) == 0
    with unit.store.as_unit() as session:
        assert refinements.awaited(session, unit.agreement.agreement_id, ASKING.least) == 0


def test_a_record_that_changed_is_asked_about_though_it_went_unanswered(unit: Unit) -> None:
    unit.night()
    with unit.store.as_unit() as session:
        session.execute(update(Unanswered).values(times=9, ask_on=None))
    day = TODAY + timedelta(days=ASKING.days)
    assert unit.night(day) == 2
    with unit.store.as_unit() as session:
        session.execute(update(Unanswered).values(times=9, ask_on=None))
    unit.batch(ONE, 1, name="changed", noise=0.02)
    assert unit.night(day + timedelta(days=ASKING.days)) == 1


def test_nothing_is_weighed_of_a_record_that_takes_no_part_any_more(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    for society in (ONE, TWO):
        unit.answered(society, refinement)
    with unit.store.as_unit() as session:
        session.execute(update(Record).values(barred="suspended"))
    assert unit.weigh() == Weighed(1, 0, 0)
    for side in unit.sides(ONE).values():
        assert (side.attributes, side.refinement) == (None, None)
    with unit.store.as_unit() as session:
        assert set(session.scalars(select(CandidateRow.refined_outcomes))) == {None}


def test_a_restored_store_without_answers_weighs_none(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    for society in (ONE, TWO):
        unit.answered(society, refinement)
    with unit.store.as_unit() as session:
        session.execute(delete(RefinementFile))  # as a backup leaves it out
    assert unit.weigh() == Weighed(0, 0, 0)
    assert unit.night(TODAY + timedelta(days=ASKING.days)) == 2


@pytest.mark.parametrize("which", ["request", "answer"])
def test_another_societys_refinement_is_none(unit: Unit, which: str) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    client = unit.clients[THREE]

    def ask(key: str) -> tuple[int, bytes]:
        path = f"/v1/refinements/{key}/{which}"
        headers = {"Content-Digest": content_digest(b"x")}
        sent = client.get(path) if which == "request" else client.put(
            path, content=b"x", headers=headers
        )  # fmt: skip
        return sent.status_code, sent.content

    assert ask(refinement) == ask("5c1b8a5e-2f57-4f0f-8b1e-0a4a44f2b7d3")
    assert ask(refinement)[0] == 404


def wrong_answer(unit: Unit, how: str, refinement: str) -> tuple[bytes, str | None]:
    """Something that society ONE may not send as its answer, and the digest it claims for it."""
    requests = unit.fetched(ONE, refinement)
    right = unit.answer(ONE, requests)
    wrong = {
        "another digest": lambda: (right, content_digest(b"x")),
        "cut short": lambda: (right[:-1], None),
        "nothing": lambda: (b"", None),
        "to other requests": lambda: (
            unit.answer(ONE, requests, answers="sha256:" + "0" * 64),
            None,
        ),
        "the other's": lambda: (unit.answer(TWO, unit.fetched(TWO, refinement)), None),
        "too large": lambda: (right + b"x" * 9_000_000, None),
    }
    return wrong[how]()


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("another digest", 422),
        ("cut short", 422),
        ("nothing", 422),
        ("to other requests", 422),
        ("the other's", 422),
        ("too large", 413),
    ],
)
def test_an_answer_that_is_none_is_refused(unit: Unit, how: str, status: int) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    assert unit.put(ONE, refinement, *wrong_answer(unit, how, refinement)) == status
    assert unit.asked(ONE) == [refinement]


def test_the_same_answer_twice_is_one_and_another_is_refused(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    requests = unit.fetched(ONE, refinement)
    right = unit.answer(ONE, requests)
    assert [unit.put(ONE, refinement, right) for _ in range(2)] == [204, 204]
    assert unit.put(ONE, refinement, unit.answer(ONE, requests)) == 409  # in another letter


def test_an_answer_that_holds_no_answer_ends_it(unit: Unit) -> None:
    unit.night()
    (refinement,) = unit.asked(ONE)
    unit.answered(ONE, refinement)
    hollow = letter(
        b"nothing", identity=unit.identities[TWO], recipient="hub", agreement=unit.agreement,
        holds=ANSWER_KIND, answers=unit.fetched(TWO, refinement).header.seal,
    )  # fmt: skip
    assert unit.put(TWO, refinement, hollow) == 204
    assert unit.weigh() == Weighed(1, 0, 1)
    assert unit.night() == 0  # on the same day
    assert unit.night(TODAY + timedelta(days=1)) == 2
