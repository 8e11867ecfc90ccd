"""The digital emblem: off unless set up; a token that another library verifies."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, OKPKey
from starlette.testclient import TestClient

from matcher.formats.errors import ParameterError
from matcher.protection.emblem import Emblem
from matcher.service.app import make_app
from matcher.settings import Settings
from matcher.store.database import Store

NOW = datetime(2026, 6, 1, 12, 34, 56, tzinfo=UTC)
ISSUER, ASSETS = "https://unit.example.org", ("unit.example.org", "[2001:db8::1]")
PEM = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
KEYS: dict[str, Any] = {
    "Ed25519": Ed25519PrivateKey.generate,
    "ES256": lambda: ec_key(SECP256R1()),
    "other": lambda: ec_key(SECP384R1()),
}


def key_file(folder: Path, algorithm: str) -> Path:
    path = folder / f"{algorithm}.pem"
    path.write_bytes(KEYS[algorithm]().private_bytes(*PEM))
    return path


def client(store: Store, **given: object) -> TestClient:
    settings = Settings.load(data_folder=store.folder, **given)
    app = make_app(store, settings, clock=lambda: NOW)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("algorithm", ["Ed25519", "ES256"])
def test_a_token_as_the_draft_describes(store: Store, tmp_path: Path, algorithm: str) -> None:
    given = {"emblem_key_file": key_file(tmp_path, algorithm), "emblem_issuer": ISSUER}
    answer = client(store, **given, emblem_assets=ASSETS).get("/.well-known/adem")
    assert answer.status_code == 200
    header = jws.extract_compact(answer.content).protected
    assert header["cty"] == "adem-emb"
    assert header["alg"] == header["jwk"]["alg"] == algorithm
    assert not {"kid", "d"} & set(header["jwk"])
    kind = OKPKey if algorithm == "Ed25519" else ECKey
    key = kind.import_key(header["jwk"])
    token = jwt.decode(answer.text, key, algorithms=[algorithm])
    begins = int(NOW.replace(minute=0, second=0).timestamp())
    assert token.claims == {
        "ver": "v1",
        "iat": begins,
        "nbf": begins,
        "exp": begins + int(timedelta(days=30).total_seconds()),
        "iss": ISSUER,
        "assets": list(ASSETS),
        "emb": {"prp": ["protective"]},
    }
    other = kind.generate_key("Ed25519" if algorithm == "Ed25519" else "P-256")
    with pytest.raises(BadSignatureError):
        jwt.decode(answer.text, other, algorithms=[algorithm])


def test_it_is_off_unless_it_is_set_up_whole(store: Store, tmp_path: Path) -> None:
    answer = client(store).get("/.well-known/adem")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    for given in (
        {"emblem_issuer": ISSUER},
        {"emblem_issuer": ISSUER, "emblem_assets": ASSETS},
        {"emblem_key_file": key_file(tmp_path, "Ed25519"), "emblem_assets": ASSETS},
    ):
        with pytest.raises(ParameterError, match="needs all of"):
            client(store, **given)


@pytest.mark.parametrize(
    ("algorithm", "issuer", "assets", "days"),
    [
        ("other", ISSUER, ASSETS, 30),
        ("Ed25519", "http://unit.example.org", ASSETS, 30),
        ("Ed25519", "https://UNIT.example.org", ASSETS, 30),
        ("Ed25519", ISSUER, ("192.0.2.1:80",), 30),
        ("Ed25519", ISSUER, (), 30),
        ("Ed25519", ISSUER, ASSETS, 91),
    ],
)
def test_what_is_not_as_the_draft_has_it_is_refused(
    tmp_path: Path, algorithm: str, issuer: str, assets: tuple[str, ...], days: int
) -> None:
    path = key_file(tmp_path, algorithm)
    with pytest.raises(ParameterError) as caught:
        Emblem.of(path, issuer, assets, days)
    assert "PRIVATE" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----"])
def test_a_file_without_a_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ParameterError, match="no private key"):
        Emblem.of(tmp_path / "key", ISSUER, ASSETS, 1)
    with pytest.raises(ParameterError, match="can't be read"):
        Emblem.of(tmp_path / "none", ISSUER, ASSETS, 1)


def test_the_operator_is_told_for_which_key_to_ask_endorsements(
    tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "off" in run("emblem").said
    path = key_file(tmp_path, "ES256")
    monkeypatch.setenv("KINMATCH_EMBLEM_KEY_FILE", str(path))
    monkeypatch.setenv("KINMATCH_EMBLEM_ISSUER", ISSUER)
    monkeypatch.setenv("KINMATCH_EMBLEM_ASSETS", json.dumps(ASSETS))
    ended = run("emblem")
    assert ended.status == 0, ended.said
    told = json.loads(ended.out)
    assert told["key"] == Emblem.of(path, ISSUER, ASSETS, 1).key_identifier
    assert jws.extract_compact(told["token"].encode()).protected["jwk"] == told["jwk"]


def test_the_keys_identifier_is_that_of_the_drafts_algorithm(tmp_path: Path) -> None:
    """Section 6.1: the RFC 7638 thumbprint in base32, lower-case, without padding."""
    emblem = Emblem.of(key_file(tmp_path, "Ed25519"), ISSUER, ASSETS, 1)
    required = {name: emblem.public_jwk[name] for name in ("crv", "kty", "x")}
    digest = hashlib.sha256(json.dumps(required, separators=(",", ":")).encode()).digest()
    assert emblem.key_identifier == base64.b32encode(digest).decode().rstrip("=").lower()
