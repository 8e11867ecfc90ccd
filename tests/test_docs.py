"""What is offered is explained: every command and option in the pages, every name in its code."""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from matcher.cli import app

ROOT = Path(__file__).parents[1]
PAGES = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
)
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


@pytest.mark.parametrize(
    ("page", "command"),
    [
        (path.name, found)
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
        for found in sorted(
            set(
                re.findall(
                    r"^\s*(kinmatch [a-z]+(?: [a-z]+(?:-[a-z]+)*)?)\b",
                    path.read_text("utf-8"),
                    re.MULTILINE,
                )
            )
        )
    ],
)
def test_every_command_in_the_pages_exists(page: str, command: str) -> None:
    without_argument = command.rsplit(" ", 1)[0]
    assert command in COMMANDS or without_argument in COMMANDS


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
