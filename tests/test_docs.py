"""What is offered is explained: every command and option in the pages, every name in its code."""

import importlib
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer

from matcher.cli import app

ROOT = Path(__file__).parents[1]
FILES = ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))
PAGES = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
PACKAGES = ("encoders", "encoders.readers", "matcher.scoring", "datasets")


def commands(group: Any, *above: str) -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, as in `kinmatch keys new`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *above, name)
        else:
            yield " ".join((*above, name)), command.whole()


COMMANDS = dict(commands(typer.main.get_command(app), "kinmatch"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_pages_and_has_a_help_text(name: str) -> None:
    words = name.replace("kinmatch", "(kinmatch|make)")  # `make demo` is `kinmatch demo`
    assert re.search(rf"\b{words}\b", PAGES), f"no page names '{name}'"
    assert COMMANDS[name].help


OPTIONS = sorted(
    {
        (name, option)
        for name, command in COMMANDS.items()
        for parameter in command.params
        if parameter.param_type_name == "option" and parameter.name != "help"
        for option in parameter.opts
    }
)


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_is_in_the_pages(command: str, option: str) -> None:
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", PAGES), f"no page names {option} of {command}"


ANYTHING = str(UUID(int=0))
"""Stands for what a page leaves to the reader: BATCH, 0d9b2f4e-… or …: any text, path or id."""


def blocks(page: Path) -> list[str]:
    """The text of a page's blocks of shell commands, with lines that go on put together."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for language, block in found if language in ("", "sh")]


LINES = sorted(
    {
        (page.name, line.strip())
        for page in FILES
        for block in blocks(page)
        for line in block.splitlines()
        if line.strip().startswith("kinmatch ")
    }
)


def split(line: str) -> tuple[str, list[str]]:
    """The command of a line, and its further words; what a shell does besides is left out."""
    words = shlex.split(re.sub(r"\s\d?[<>]\S+", "", line), comments=True)
    for length in (3, 2):
        if (name := " ".join(words[:length])) in COMMANDS:
            return name, words[length:]
    raise AssertionError(f"there is no command for: {line}")


@pytest.mark.parametrize(("page", "line"), LINES)
def test_every_command_line_in_the_pages_is_one(page: str, line: str) -> None:
    name, words = split(line)
    blank = [ANYTHING if word.isupper() or "…" in word else word for word in words if word != "…"]
    COMMANDS[name].make_context(f"{page}: {line}", blank, resilient_parsing="…" in words)


SPANS = sorted(
    {
        (page.name, span)
        for page in FILES
        for span in re.findall(r"`(kinmatch [^`]+)`", " ".join(page.read_text("utf-8").split()))
    }
    | set(LINES)
)


@pytest.mark.parametrize(("page", "span"), SPANS)
def test_every_command_named_in_the_pages_is_one_with_its_options(page: str, span: str) -> None:
    words = span.split()
    named = [name for length in (2, 3) if (name := " ".join(words[:length])) in COMMANDS]
    groups = {name.rsplit(" ", 1)[0] for name in COMMANDS}
    assert named or span in groups, f"{page}: there is no command '{span}'"
    options = {word for word in re.findall(r"--[a-z-]+", span) if word != "--help"}
    known = {
        option
        for one in named[-1:]
        for each in COMMANDS[one].params
        for option in (*each.opts, *each.secondary_opts)
    }
    assert options <= known, f"{page}: {options - known} of '{span}'"


EXPORTS = [
    (package, name) for package in PACKAGES for name in importlib.import_module(package).__all__
]


@pytest.mark.parametrize(("package", "name"), EXPORTS)
def test_every_exported_name_is_explained_in_its_code(package: str, name: str) -> None:
    thing = getattr(importlib.import_module(package), name)
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return  # a constant: its text stands below it, where only a reader finds it
    assert thing.__doc__
    for member, function in inspect.getmembers(thing, inspect.isfunction):
        if not member.startswith("_") and function.__module__.startswith(PACKAGES):
            assert function.__doc__, f"{package}.{name}.{member}"
