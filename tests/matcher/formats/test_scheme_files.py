"""A scheme that somebody wrote: read as the published ones are, or refused with what is wrong."""

from importlib.resources import files
from pathlib import Path

import pytest

from matcher.formats.errors import AgreementError
from matcher.formats.scheme import Scheme

HIGH = files("matcher.formats").joinpath("schemes", "high-1.toml").read_text(encoding="utf-8")
OWN = HIGH.replace('name = "high"', 'name = "own"')


def read(folder: Path, text: str) -> Scheme:
    path = folder / "scheme.toml"
    path.write_text(text, encoding="utf-8")
    return Scheme.read(path)


def test_a_scheme_is_read_as_it_is_published(tmp_path: Path) -> None:
    assert read(tmp_path, HIGH) == Scheme.published("high/1")


def test_a_changed_scheme_has_another_name(tmp_path: Path) -> None:
    changed = read(tmp_path, OWN.replace("t = 8", "t = 7"))
    assert changed.label == "own/1"
    assert changed.passes[0].hardening != Scheme.published("high/1").passes[0].hardening
    with pytest.raises(AgreementError, match="published with other parameters; name it otherwise"):
        read(tmp_path, HIGH.replace("t = 8", "t = 7"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'name' is missing; 'version' is missing; 'passes' is missing"),
        ("name = []]", "not valid TOML"),
        (OWN + "\nfloors = 3\n", r"'passes\.0\.floors'"),
        (OWN.replace("floor = 388", "floor = 2000"), r"'passes\.0' the floor is more than half"),
        (OWN.replace('"diffusion"', '"magic"'), r"'passes\.0\.hardening\.0'.*'diffusion'"),
    ],
)
def test_what_is_no_scheme_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(AgreementError, match=told):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match="a scheme can't be read from it"):
        Scheme.read(tmp_path / "none.toml")
