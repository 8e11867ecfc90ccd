"""The client and the service know the same operations and models."""

from make_client import TARGET, generated, service_schema


def test_the_client_is_made_from_todays_service() -> None:
    assert TARGET.read_text(encoding="utf-8") == generated(service_schema()), "run 'make client'"
