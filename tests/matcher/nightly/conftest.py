"""A store with an agreement, and batches given to it."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from nights import Submit
from people import TODAY, People, add, draw_agreement, submit, write

from matcher.formats.agreement import Agreement
from matcher.store.database import Store


@pytest.fixture
def agreement(store: Store) -> Agreement:
    return add(store, draw_agreement())


@pytest.fixture
def given(store: Store, agreement: Agreement, tmp_path: Path) -> Submit:
    count = iter(range(1000))

    def submitted(society: str, people: People, *, on: date = TODAY, **rest: object) -> UUID:
        noise = rest.pop("noise", None)
        path = write(tmp_path / f"{next(count)}.parquet", agreement, society, people, noise=noise)
        return submit(store, path, agreement, society, on=on, **rest)

    return submitted
