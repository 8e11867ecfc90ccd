"""A secret hides itself, and only the modules named here may look into one."""

import ast
import copy
import pickle
import traceback
from pathlib import Path

import pytest

import encoders
from matcher.formats import secret
from matcher.formats.errors import ParameterError
from matcher.formats.secret import Secret

CONTENT = b"canary"
# Who may look into which secret: encoding keys, what passphrases seal, what encrypts files.
MAY_EXPOSE = {
    "encoders/keys.py",
    "encoders/marks.py",
    "encoders/rights/box.py",
    "encoders/exchange.py",
    "matcher/formats/secretfile.py",
    "matcher/formats/chunks.py",
    "matcher/formats/identity.py",
    "matcher/vault/storekeys.py",
}

# Beside the encoders: sealing keys of passphrases, what a party derives of its own identity, and
# the command that keeps a society's limits.
MAY_DERIVE = {
    "matcher/formats/secretfile.py",
    "matcher/formats/identity.py",
    "matcher/cli/refining.py",
}


def test_shows_nothing() -> None:
    one = Secret(CONTENT)
    for shown in (repr(one), str(one), f"{one}", f"{[one]!r}"):
        assert CONTENT.decode() not in shown
        assert "hidden" in shown


def test_compares_by_content() -> None:
    assert Secret(b"one") == Secret(b"one")
    assert Secret(b"one") != Secret(b"two")
    assert Secret(b"one") != b"one"


def test_leaves_no_hash() -> None:
    with pytest.raises(TypeError):
        hash(Secret(b"one"))


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy])
def test_does_not_pickle_or_copy(leak: object) -> None:
    with pytest.raises(ParameterError) as caught:
        leak(Secret(CONTENT))  # type: ignore[operator]  # three functions of one argument
    assert CONTENT.decode() not in "".join(traceback.format_exception(caught.value))


def test_wiping_overwrites_the_bytes_themselves() -> None:
    one = Secret(CONTENT)
    view = one.expose()
    seen = []

    class Watched(bytearray):
        def clear(self) -> None:
            seen.append(bytes(self))
            super().clear()

    one._content = Watched(view)
    one.wipe()
    assert seen == [bytes(6)]
    with pytest.raises(ParameterError, match="wiped"):
        one.expose()


def naming(attribute: str) -> set[str]:
    """The modules in whose code an attribute is named."""
    root = Path(next(iter(encoders.__path__))).parent
    return {
        path.relative_to(root).as_posix()
        for package in ("encoders", "matcher", "benchmarks", "datasets")
        for path in (root / package).rglob("*.py")
        if path != Path(secret.__file__)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == attribute
    }


def test_who_looks_into_a_secret() -> None:
    assert naming("expose") == MAY_EXPOSE


def test_who_derives_keys() -> None:
    """Of the linkage unit nobody, but for what makes sealing keys of passphrases."""
    assert {path for path in naming("derive") if path.startswith("matcher")} <= MAY_DERIVE
