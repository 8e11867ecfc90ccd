"""A secret hides itself, and only the modules named here may look into one."""

import ast
import copy
import pickle
import traceback
from pathlib import Path

import pytest

import encoders
from encoders.secret import Secret
from matcher.formats.errors import ParameterError

CONTENT = b"canary"
MAY_EXPOSE = {"keys.py", "keyfile.py"}


def test_shows_nothing() -> None:
    secret = Secret(CONTENT)
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]!r}"):
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
    secret = Secret(CONTENT)
    view = secret.expose()
    seen = []

    class Watched(bytearray):
        def clear(self) -> None:
            seen.append(bytes(self))
            super().clear()

    secret._content = Watched(view)
    secret.wipe()
    assert seen == [bytes(6)]
    with pytest.raises(ParameterError, match="wiped"):
        secret.expose()


def test_only_keys_and_their_file_look_into_a_secret() -> None:
    root = Path(next(iter(encoders.__path__)))
    exposing = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if path.name != "secret.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"expose", "_content", "_root"}
    }
    assert exposing == MAY_EXPOSE


def test_the_linkage_unit_knows_no_secrets() -> None:
    root = Path(next(iter(encoders.__path__))).parent / "matcher"
    for path in root.rglob("*.py"):
        if "cli" not in path.parts:
            assert "expose(" not in path.read_text(encoding="utf-8"), path
