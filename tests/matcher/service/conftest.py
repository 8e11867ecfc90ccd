"""The service on a real database, and callers of several societies with tokens of theirs."""

from collections.abc import Callable, Iterator

import pytest
from calling import bearing, serve, token_for
from people import add, draw_agreement
from starlette.testclient import TestClient

from matcher.store import Store

Call = Callable[..., TestClient]


@pytest.fixture
def call(store: Store) -> Iterator[Call]:
    """Make a client of the service for a new user of a society, under one agreement of three."""
    add(store, draw_agreement())
    service = serve(store)

    def client(society: str | None, role: str = "tracing-officer") -> TestClient:
        return TestClient(
            service.app,
            headers=bearing(token_for(store, society, role)),
            raise_server_exceptions=False,
        )

    return client
