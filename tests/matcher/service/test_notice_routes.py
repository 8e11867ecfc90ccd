"""Notices over HTTP: what a society says of its own records and keys is done, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from calling import bearing, serve, token_for
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, record_key, sought, submit, write
from sqlalchemy import select
from starlette.testclient import TestClient

from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.notices import Notice, write_notice
from matcher.formats.retirement import Retirement
from matcher.formats.signed import write_signed
from matcher.store import Store
from matcher.store.models import Record, Retired

IDENTITIES = {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}


@pytest.fixture
def agreement(store: Store) -> Agreement:
    return add(store, draw_agreement(identities=[one.public for one in IDENTITIES.values()]))


@pytest.fixture
def call(store: Store, agreement: Agreement, tmp_path: Path) -> Callable[[str], TestClient]:
    service = serve(store, store_keys_file=tmp_path / "keys" / "store-keys.json")
    (tmp_path / "keys").mkdir()

    def client(society: str) -> TestClient:
        return TestClient(
            service.app, headers=bearing(token_for(store, society)), raise_server_exceptions=False
        )

    return client


def suspending(agreement: Agreement, path: Path, society: str, *people: int) -> bytes:
    notice = Notice(
        agreement_id=agreement.agreement_id, society=society, number=1, kind="suspend", on=TODAY,
        keys=tuple(sorted(record_key(society, person).hex() for person in people)),
    )  # fmt: skip
    write_notice(path, notice, identity=IDENTITIES[society])
    return path.read_bytes()


def retiring(agreement: Agreement, path: Path, society: str) -> bytes:
    notice = Retirement(
        agreement_id=agreement.agreement_id, society=society, key_epoch=1, last_day=TODAY
    )
    write_signed(path, notice, IDENTITIES[society])
    return path.read_bytes()


def test_a_record_is_suspended_and_the_same_notice_changes_nothing_more(
    store: Store, agreement: Agreement, call: Callable[[str], TestClient], tmp_path: Path
) -> None:
    submit(store, write(tmp_path / "one", agreement, ONE, sought(1, 2)), agreement, ONE)
    content, client = suspending(agreement, tmp_path / "notice", ONE, 2), call(ONE)
    for _ in range(2):
        answer = client.post("/v1/notices", content=content)
        assert answer.status_code == 201, answer.text
        assert answer.json() == {
            "kind": "suspend", "agreement": agreement.agreement_id, "records": 1,
        }  # fmt: skip
    with store.as_unit() as session:
        barred = session.scalars(select(Record.barred).order_by(Record.barred)).all()
    assert barred == ["suspended", None]
    (told,) = client.get("/v1/notices").json()["items"]
    assert (told["kind"], told["number"], told["key_epoch"]) == ("suspend", 1, None)
    assert call(TWO).get("/v1/notices").json() == {"items": []}


def test_an_epoch_is_retired(
    store: Store, agreement: Agreement, call: Callable[[str], TestClient], tmp_path: Path
) -> None:
    answer = call(ONE).post("/v1/notices", content=retiring(agreement, tmp_path / "notice", ONE))
    assert (answer.status_code, answer.json()["kind"]) == (201, "retire")
    with store.as_unit() as session:
        (one,) = session.scalars(select(Retired)).all()
        assert (one.society, one.key_epoch, one.last_day) == (ONE, 1, TODAY)
    (told,) = call(ONE).get("/v1/notices").json()["items"]
    assert (told["kind"], told["key_epoch"]) == ("retire", 1)


def test_another_societys_notice_is_refused_as_one_of_nobodys(
    store: Store, agreement: Agreement, call: Callable[[str], TestClient], tmp_path: Path
) -> None:
    theirs = retiring(agreement, tmp_path / "theirs", TWO)
    nobodys = retiring(draw_agreement(agreement_id="cd" * 16), tmp_path / "nobodys", ONE)
    answers = [call(ONE).post("/v1/notices", content=one) for one in (theirs, nobodys)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["title"] == answers[1].json()["title"]
    with store.as_unit() as session:
        assert session.scalars(select(Retired)).all() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"document": 3}',
        b'{"document": {"format": ["x"]}}',
        b'{"document": {"format": "kinmatch-notice/1", "agreement_id": 1, "society": "red-one"}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_notice_is_refused(call: Callable[[str], TestClient], content: bytes) -> None:
    answer = call(ONE).post("/v1/notices", content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-content")


def test_an_altered_notice_is_refused(
    store: Store, agreement: Agreement, call: Callable[[str], TestClient], tmp_path: Path
) -> None:
    said = json.loads(retiring(agreement, tmp_path / "notice", ONE))
    said["document"]["key_epoch"] = 7
    answer = call(ONE).post("/v1/notices", content=json.dumps(said).encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "altered")
    with store.as_unit() as session:
        assert session.scalars(select(Retired)).all() == []
