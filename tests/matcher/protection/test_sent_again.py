"""What a society sends again counts at once on every list, and does not wait for the night."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from people import ONE, TODAY, TWO, add, draw_agreement, registered, send, sought, write
from people import submit as take_in
from sqlalchemy import select
from starlette.testclient import TestClient
from test_corridors import night

from matcher.formats.agreement import Agreement
from matcher.store.database import Store
from matcher.store.models import BatchRow

Serve = Callable[..., TestClient]
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def agreement(store: Store, tmp_path: Path) -> Agreement:
    """With two candidates between two societies."""
    made = add(store, draw_agreement())
    for society, people in ((ONE, sought(1, 2)), (TWO, registered(1, 2))):
        send(store, tmp_path, made, society, people)
    night(store, TODAY)
    return made


def seen(serve: Serve, society: str, on: date) -> int:
    client = serve(society, at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC))
    return len(client.get("/v1/candidates").json()["items"])


@pytest.mark.parametrize("edition", ["", " of other references"])
def test_who_is_left_out_of_the_batch_that_takes_the_place_of_another_is_off_every_list(
    store: Store, agreement: Agreement, serve: Serve, tmp_path: Path, edition: str
) -> None:
    with store.as_unit() as session:
        older = session.scalars(select(BatchRow.id).where(BatchRow.society == ONE)).one()
    assert (seen(serve, ONE, TODAY), seen(serve, TWO, TODAY)) == (2, 2)
    send(store, tmp_path, agreement, ONE, sought(1), supersedes=older, edition=edition)
    kept = 0 if edition else 1
    assert (seen(serve, ONE, TODAY), seen(serve, TWO, TODAY)) == (kept, kept)
    night(store, TODAY)
    assert (seen(serve, ONE, TODAY), seen(serve, TWO, TODAY)) == (1, 1)


def test_an_earlier_review_date_counts_without_a_night(
    store: Store, agreement: Agreement, serve: Serve, tmp_path: Path
) -> None:
    path = write(tmp_path / "again", agreement, TWO, registered(1, 2), review_on={1: TOMORROW})
    take_in(store, path, agreement, TWO)
    for society in (ONE, TWO):
        assert seen(serve, society, TODAY) == 2
        assert seen(serve, society, TOMORROW) == 1
