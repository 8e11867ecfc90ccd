"""The operator's example of a proxy, run as it stands in the page with a real nginx."""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from people import ONE, THREE, TWO, draw_agreement
from running_unit import Unit, free_port, trying

from matcher.formats.identity import Identity
from matcher.protection import training
from matcher.store import access, open_store

NGINX = os.environ.get("KINMATCH_NGINX") or shutil.which("nginx")
PAGE = Path(__file__).parents[3] / "docs" / "operator.md"

pytestmark = pytest.mark.skipif(NGINX is None, reason="needs nginx")


class Authority:
    """Makes certificates."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}-ca.pem"
        self.certificate = self._signed(name, self.key, is_authority=True)
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def _signed(
        self, name: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool
    ) -> x509.Certificate:
        def named(one: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)])

        return (
            x509.CertificateBuilder()
            .subject_name(named(name)).issuer_name(named(self.name)).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self.key, SHA256())
        )  # fmt: skip

    def issue(self, name: str) -> tuple[Path, Path, str]:
        """Make a certificate; its file, its key's, and its SHA-256."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(name, key, is_authority=False)
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return *files, certificate.fingerprint(SHA256()).hex()


class Proxied:
    """A unit behind nginx, as societies reach it."""

    def __init__(self, port: int, societies: Authority, strangers: Authority) -> None:
        self.port, self.societies, self.strangers = port, societies, strangers
        self.whose = societies.issue("machine")

    def ask(
        self, path: str, certificate: tuple[Path, Path, str] | None,
        *lines: tuple[str, str], body: bytes = b"",
    ) -> tuple[int, dict[str, object]]:  # fmt: skip
        """The status and the body's JSON."""
        context = ssl.create_default_context(cafile=self.societies.file)
        if certificate is not None:
            context.load_cert_chain(*certificate[:2])
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=context, timeout=20
        )
        connection.putrequest("POST" if body else "GET", path)
        for name, value in lines:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        answer = connection.getresponse()
        told: dict[str, object] = json.loads(answer.read())
        return answer.status, told


def example(folder: Path, port: int, services: list[int]) -> str:
    """The page's example, with this machine's files and ports in place of its own."""
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/nginx/", f"{folder}/"),
        ("127.0.0.1:8081", f"127.0.0.1:{services[0]}"),
        ("127.0.0.1:8082", f"127.0.0.1:{services[1]}"),
        ("ssl_verify_client on;", "ssl_verify_client optional;"),
    ):
        assert old in block
        block = block.replace(old, new)
    places = "".join(
        f"{one}_temp_path {folder}/{one};\n"
        for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; pid {folder}/pid; error_log {folder}/errors;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}{block}}}\n"
    )


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    unit = Unit(data_folder / "behind", {"KINMATCH_PROXIES": '["127.0.0.1"]'})
    unit.data.parent.mkdir(mode=0o711)
    identities = {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}
    agreement = draw_agreement(identities=[one.public for one in identities.values()])
    unit.set_up(agreement, identities["hub"])
    societies, strangers = Authority(folder, "societies"), Authority(folder, "strangers")
    societies.issue("unit")
    made = Proxied(free_port(), societies, strangers)
    with open_store(unit.settings, None) as store, store.as_unit() as session:
        user = access.add_user(
            session, subject=f"certificate:{made.whose[2]}", role="tracing-officer", society=ONE
        )
        today = datetime.now(UTC).date()
        training.record_training(
            session, user, course="x", completed_on=today, valid_until=today + timedelta(days=9),
        )  # fmt: skip
    port = made.port
    (folder / "nginx.conf").write_text(example(folder, port, [unit.port, unit.port]))
    with unit.running(), unit.client(ONE) as client:
        trying(lambda: client.get("/health/ready").status_code == 200 or None)
        assert NGINX is not None
        child = subprocess.Popen(
            [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert child.poll() is None, (folder / "errors").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield made
        child.terminate()
        child.wait(20)


def test_a_societys_certificate_is_who_it_is(proxied: Proxied) -> None:
    assert proxied.ask("/v1/batches", proxied.whose)[0] == 200
    status, told = proxied.ask("/v1/batches", None)
    assert (status, told["code"]) == (401, "unauthenticated")
    another = proxied.societies.issue("another")  # of the right authority, and nobody's
    assert proxied.ask("/v1/batches", another)[0] == 401


def test_a_strangers_certificate_is_refused_in_the_same_shape(proxied: Proxied) -> None:
    status, told = proxied.ask("/v1/batches", proxied.strangers.issue("stranger"))
    assert (status, told["status"], told["code"]) == (400, 400, "malformed")


@pytest.mark.parametrize("lines", [1, 2])
def test_what_a_caller_says_of_a_certificate_is_gone(proxied: Proxied, lines: int) -> None:
    forged = [
        ("X-Client-Verify", "SUCCESS"),
        ("X-Client-Certificate", proxied.whose[0].read_text().replace("\n", "%0A")),
        ("X-Forwarded-For", "127.0.0.1"),
    ]
    for whose in (None, proxied.societies.issue(f"forger-{lines}")):
        assert proxied.ask("/v1/batches", whose, *(forged * lines))[0] == 401
    assert proxied.ask("/v1/batches", proxied.whose, *(forged * lines))[0] == 200


def test_what_nginx_refuses_is_a_problem_too(proxied: Proxied) -> None:
    assert proxied.ask("/metrics", proxied.whose)[1]["code"] == "malformed"
    long = ("X-Long", "x" * 100_000)
    assert proxied.ask("/v1/batches", proxied.whose, long)[1]["code"] == "malformed"
    large = ("Content-Type", "application/json")
    status, told = proxied.ask("/v1/batches", proxied.whose, large, body=b" " * (17 << 20))
    assert (status, told["code"]) == (413, "too-large")
