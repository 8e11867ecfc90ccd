"""Who is let in: by token, by an identity provider's word, by a certificate; and who isn't."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from calling import NOW, bearing, serve, token_for, train
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from people import ONE, THREE, TWO, add, draw_agreement
from starlette.requests import Request
from starlette.testclient import TestClient

from matcher.formats.errors import AbsentError, ParameterError, StateError
from matcher.service import identity_provider
from matcher.service.addresses import address_of
from matcher.service.app import make_app
from matcher.service.buckets import Buckets
from matcher.settings import Settings
from matcher.store import Store, access, audit
from matcher.store.models import Society

ISSUER, AUDIENCE = "https://id.example.org", "kinmatch"
PROXY = "10.0.0.9"


def user(store: Store, subject: str, society: str | None = ONE) -> Any:
    with store.as_unit() as session:
        known = access.user_of(session, subject)
        if known is not None:
            return known.id
        new = access.add_user(session, subject=subject, role="tracing-officer", society=society)
        train(session, new)
        return new


@pytest.fixture(scope="module")
def ready(one_store: Store) -> Store:
    add(one_store, draw_agreement())
    return one_store


def status(client: TestClient, **headers: str) -> int:
    return client.get("/v1/batches", headers=headers).status_code


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer kinmatch_",
        "Bearer kinmatch_" + "A" * 43,
        "Bearer " + "A" * 20_000,
        "Basic a2lubWF0Y2g6a2lubWF0Y2g=",
        "Bearer ..",
        "Bearer certificate:" + "00" * 32,
        "Bearer oidc:somebody",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzb21lYm9keSJ9.",
    ],
)
def test_nobody_is_let_in(ready: Store, said: str) -> None:
    user(ready, "oidc:somebody")
    user(ready, "certificate:" + "00" * 32)
    answer = serve(ready).get("/v1/batches", headers={"Authorization": said})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends(ready: Store) -> None:
    with ready.as_unit() as session:
        who = access.add_user(session, subject="ending", role="tracing-officer", society=ONE)
        train(session, who)
        past = access.new_token(session, who, scopes=["batches"], expires_at=NOW)
        good = access.new_token(
            session, who, scopes=["batches"], expires_at=NOW + timedelta(seconds=1)
        )
    client = serve(ready)
    assert status(client, **bearing(past)) == 401
    assert status(client, **bearing(good)) == 200
    with ready.as_unit() as session:
        access.close_user(session, who)
    assert status(serve(ready), **bearing(good)) == 401


def test_a_user_of_a_society_that_left_is_nobody(ready: Store) -> None:
    token = token_for(ready, THREE)
    with ready.as_unit() as session:
        session.get_one(Society, THREE).active = False
    assert status(serve(ready), **bearing(token)) == 401


def test_a_token_opens_what_its_scopes_say(ready: Store) -> None:
    with ready.as_unit() as session:
        who = access.add_user(session, subject="narrow", role="tracing-officer", society=ONE)
        train(session, who)
        narrow = access.new_token(
            session, who, scopes=["notices"], expires_at=NOW + timedelta(days=1)
        )
        with pytest.raises(ParameterError, match="may have the scopes"):
            access.new_token(session, who, scopes=["operate"], expires_at=NOW)
        with pytest.raises(ParameterError, match="may have the scopes"):
            access.new_token(session, who, scopes=[], expires_at=NOW)
    answer = serve(ready).get("/v1/batches", headers=bearing(narrow))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_users_are_one_each_and_of_societies_that_are_here(ready: Store) -> None:
    user(ready, "x")
    with pytest.raises(StateError, match="already"), ready.as_unit() as session:
        access.add_user(session, subject="x", role="analyst", society=None)
    with pytest.raises(AbsentError, match="no society"):
        user(ready, "y", "nowhere")


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Any]:
    made = {
        "rsa": RSAKey.generate_key(2048, {"kid": "rsa"}),
        "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
        "ed": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
    }
    KeySet(list(made.values()))
    told = {"keys": [key.as_dict(private=False) for key in made.values()]}
    told["keys"].append(OctKey.import_key("secret" * 8, {"kid": "oct"}).as_dict())
    (tmp_path / "jwks.json").write_text(json.dumps(told))
    return {**made, "oct": OctKey.import_key("secret" * 8, {"kid": "oct"})}


Tell = Callable[..., str]


@pytest.fixture
def tell(keys: dict[str, Any]) -> Tell:
    def told(key: str = "ec", alg: str = "ES256", kid: str | None = None, **changed: Any) -> str:
        moment = int(NOW.timestamp())
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": "somebody", "exp": moment + 600, "nbf": moment,
        }  # fmt: skip
        claims = {k: v for k, v in (claims | changed).items() if v is not None}
        return jwt.encode({"alg": alg, "kid": kid or key}, claims, keys[key], algorithms=[alg])

    return told


@pytest.fixture
def provided(ready: Store, tmp_path: Path, keys: dict[str, Any]) -> TestClient:
    user(ready, "oidc:somebody")
    return serve(
        ready, oidc_issuer=ISSUER, oidc_audience=AUDIENCE, oidc_keys=str(tmp_path / "jwks.json")
    )


@pytest.mark.parametrize(
    ("key", "alg"), [("rsa", "RS256"), ("rsa", "PS256"), ("ec", "ES256"), ("ed", "Ed25519")]
)
def test_an_identity_providers_word_is_believed(
    provided: TestClient, tell: Tell, key: str, alg: str
) -> None:
    assert status(provided, **bearing(tell(key, alg))) == 200
    assert status(provided, **bearing(tell(key, alg, aud=["other", AUDIENCE]))) == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example.org"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": []},
        {"sub": None},
        {"sub": ""},
        {"sub": "nobody"},
        {"sub": "some\0body"},
        {"sub": ["somebody"]},
        {"exp": int(NOW.timestamp()) - 61},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": int(NOW.timestamp()) + 3600},
        {"kid": "rsa"},
        {"kid": "unknown"},
        {"key": "oct", "alg": "HS256"},
        {"key": "oct", "alg": "HS256", "kid": "ec"},
    ],
)
def test_a_word_that_is_not_the_providers_is_not(
    provided: TestClient, tell: Tell, changed: dict[str, Any]
) -> None:
    assert status(provided, **bearing(tell(**changed))) == 401


def test_a_word_that_was_altered_is_not(provided: TestClient, tell: Tell) -> None:
    head, body, signature = tell().split(".")
    for altered in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body[:-2]}AA.{signature}"):
        assert status(provided, **bearing(altered)) == 401


def test_a_key_that_is_new_is_fetched(
    ready: Store, tmp_path: Path, keys: dict[str, Any], tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    user(ready, "oidc:somebody")
    place = tmp_path / "jwks.json"
    whole = place.read_text()
    place.write_text(json.dumps({"keys": [keys["rsa"].as_dict(private=False)]}))
    said = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_keys": str(place)}
    client = serve(ready, **said)
    assert status(client, **bearing(tell("rsa", "RS256"))) == 200
    place.write_text(whole)
    assert status(client, **bearing(tell("ec"))) == 401
    monkeypatch.setattr(identity_provider, "_AT_MOST_EVERY_SECONDS", -1.0)
    assert status(client, **bearing(tell("ec"))) == 200
    place.unlink()
    assert status(serve(ready, **said), **bearing(tell("ec"))) == 503


def test_a_providers_settings_are_all_or_none(ready: Store) -> None:
    with pytest.raises(ParameterError, match="OIDC_KEYS"):
        serve(ready, oidc_issuer=ISSUER)
    with pytest.raises(ParameterError, match="https"):
        serve(
            ready, oidc_issuer=ISSUER, oidc_audience=AUDIENCE, oidc_keys="http://id.example.org/k"
        )


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a machine")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
    )


def passed_on(certificate: x509.Certificate) -> dict[str, str]:
    return {
        "X-Client-Verify": "SUCCESS",
        "X-Client-Certificate": quote(certificate.public_bytes(Encoding.PEM).decode()),
    }


def test_a_certificate_counts_when_a_trusted_proxy_passes_it_on(
    ready: Store, certificate: x509.Certificate
) -> None:
    user(ready, "certificate:" + certificate.fingerprint(SHA256()).hex())
    headers = passed_on(certificate)
    app = serve(ready, proxies=[PROXY]).app
    trusted, other = (TestClient(app, client=(host, 1)) for host in (PROXY, "10.0.0.10"))
    assert status(trusted, **headers) == 200
    assert status(other, **headers) == 401
    assert status(other, **headers, **{"X-Forwarded-For": PROXY}) == 401
    assert status(TestClient(serve(ready).app, client=(PROXY, 1)), **headers) == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Client-Verify": "FAILED:self-signed certificate"},
        {"X-Client-Verify": ""},
        {"X-Client-Certificate": ""},
        {"X-Client-Certificate": "00" * 32},
        {"X-Client-Certificate": "%00"},
        {"Authorization": "Bearer kinmatch_nobody"},
        {"Authorization": "Basic eDp5"},
    ],
)
def test_what_a_proxy_did_not_verify_does_not_count(
    ready: Store, certificate: x509.Certificate, changed: dict[str, str]
) -> None:
    user(ready, "certificate:" + certificate.fingerprint(SHA256()).hex())
    client = TestClient(serve(ready, proxies=[PROXY]).app, client=(PROXY, 1))
    assert status(client, **{**passed_on(certificate), **changed}) == 401


def test_of_several_lines_of_a_header_none_is_believed(
    ready: Store, certificate: x509.Certificate
) -> None:
    user(ready, "certificate:" + certificate.fingerprint(SHA256()).hex())
    good = passed_on(certificate)
    verified, whose = "X-Client-Verify", "X-Client-Certificate"
    once = [(verified, good[verified]), (whose, good[whose])]
    client = TestClient(serve(ready, proxies=[PROXY], user_rate=1e6).app, client=(PROXY, 1))

    def answered(*lines: tuple[str, str]) -> int:
        return client.get("/v1/batches", headers=[*lines]).status_code

    assert answered(*once) == 200
    for more in (
        (verified, "SUCCESS"), (verified, "FAILED"), (verified.lower(), ""), (whose, good[whose]),
        (whose, ""), (whose, "x"), ("Authorization", ""), ("Authorization", "Bearer x"),
    ):  # fmt: skip
        expected = 200 if more == ("Authorization", "") else 401
        assert answered(*once, more) == answered(more, *once) == expected, more
    token = ("Authorization", f"Bearer {token_for(ready, ONE)}")
    assert answered(token) == 200
    assert answered(token, token) == 401
    assert answered(("X_Client_Verify", "SUCCESS"), once[1]) == 401


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4"], "10.0.0.1"),
        (PROXY, ["1.2.3.4"], "1.2.3.4"),
        (PROXY, ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        (PROXY, ["9.9.9.9", "1.2.3.4"], "1.2.3.4"),
        (PROXY, ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (PROXY, ["2001:db8:1:2::9"], "2001:db8:1:2::/64"),
        (PROXY, ["::ffff:1.2.3.4"], "1.2.3.4"),
        (PROXY, ["unknown"], "unknown"),
    ],
)
def test_whose_address_counts(ready: Store, peer: str, said: list[str], address: str) -> None:
    lines = [(b"x-forwarded-for", one.encode()) for one in said]
    request = Request({"type": "http", "client": (peer, 1), "headers": lines})
    settings = Settings.load(data_folder=ready.folder, proxies=[PROXY])
    assert address_of(request, settings) == address


def test_buckets_fill_at_their_pace(tmp_path: Path) -> None:
    now = 100.0
    bucket = Buckets(tmp_path / "paces" / "x", 2.0, 3.0, lambda: now)
    for _ in range(3):
        assert bucket.wait("x") == 0.0
        bucket.take("x")
    assert bucket.wait("x") == 0.5
    assert bucket.wait("y") == 0.0
    now = 100.5
    assert bucket.wait("x") == 0.0
    now = 1000.0
    for _ in range(100):
        bucket.take("x")
    assert bucket.wait("x") == 2.0
    now = 3.0  # the machine was started anew
    assert bucket.wait("x") == 0.0
    bucket.take("x")
    assert bucket.wait("x") == 0.0


def test_many_keys_do_not_empty_each_others_buckets(tmp_path: Path) -> None:
    bucket = Buckets(tmp_path / "x", 0.001, 1.0, lambda: 100.0)
    for key in range(3000):
        assert bucket.wait(f"user {key}") == 0.0
        bucket.take(f"user {key}")
    assert all(bucket.wait(f"user {key}") > 0.0 for key in range(3000))


TAKING = """
import sys, time
from pathlib import Path
from matcher.service.buckets import Buckets
bucket = Buckets(Path(sys.argv[1]), 1e-9, 1000.0, time.monotonic)
for _ in range(250):
    bucket.take("x")
"""


def test_processes_share_what_there_is(tmp_path: Path) -> None:
    for _ in range(3):  # one after the other: what several lose at once is in `test_buckets`
        subprocess.run([sys.executable, "-c", TAKING, str(tmp_path / "x")], check=True, timeout=60)
    bucket = Buckets(tmp_path / "x", 1e-9, 1000.0, time.monotonic)
    for _ in range(250):
        assert bucket.wait("x") == 0.0
        bucket.take("x")
    assert bucket.wait("x") > 0.0  # not one was lost


def test_whoever_asks_too_much_waits_and_others_do_not(ready: Store) -> None:
    client = serve(ready, user_rate=0.1)  # three at once, then one in ten seconds
    one, two = bearing(token_for(ready, ONE)), bearing(token_for(ready, ONE))
    assert [status(client, **one) for _ in range(4)] == [200, 200, 200, 429]
    told = client.get("/v1/batches", headers=one)
    assert 0 < int(told.headers["Retry-After"]) <= 10
    assert told.json()["code"] == "too-many-requests"
    assert status(client, **two) == 200


def test_another_process_of_the_service_gives_nobody_more(ready: Store) -> None:
    first = serve(ready, user_rate=0.1)
    settings = Settings.load(data_folder=ready.folder, user_rate=0.1)
    second = TestClient(make_app(ready, settings, clock=lambda: NOW))
    who = bearing(token_for(ready, ONE))
    assert [status(one, **who) for one in (first, second, first)] == [200, 200, 200]
    assert [status(one, **who) for one in (first, second)] == [429, 429]


def test_a_societys_users_share_its_pace(ready: Store) -> None:
    client = serve(ready, society_rate=0.1)
    one, two, other = (bearing(token_for(ready, society)) for society in (ONE, ONE, TWO))
    assert [status(client, **who) for who in (one, two, one, two)] == [200, 200, 200, 429]
    assert status(client, **other) == 200


def test_probing_ends_soon_and_is_noted(ready: Store) -> None:
    client = serve(ready, most_misses=5)
    token = bearing(token_for(ready, ONE))
    path = "/v1/batches/00000000-0000-4000-8000-{:012}"
    answers = [client.get(path.format(n), headers=token).status_code for n in range(8)]
    assert answers == [404] * 5 + [429] * 3
    assert status(client, **token) == 429
    with ready.as_unit() as session:
        noted = [one for one in audit.entries(session) if one[4] == "user.probe"]
    assert [one[3] for one in noted] == [ONE]


def test_guesses_from_one_address_end_soon(ready: Store) -> None:
    app = serve(ready).app
    guessing, other = (TestClient(app, client=(host, 1)) for host in ("10.1.1.1", "10.1.1.2"))
    token = bearing(token_for(ready, ONE))
    assert status(guessing, **token) == 200
    answers = {status(guessing, **bearing(f"kinmatch_{n}")) for n in range(40)}
    assert answers == {401, 429}
    assert status(guessing, **token) == 200  # known a moment ago: looking up costs nothing
    assert status(other, **bearing("kinmatch_x")) == 401
