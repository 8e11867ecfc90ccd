"""Commands whose modules are loaded when they are called: a help page loads none of them."""

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import CodeType
from typing import Any, cast

import typer
from typer.core import TyperCommand


class Later(TyperCommand):
    """A command of which no more is known than its name, its help and where its function is."""

    function: Callable[[], Callable[..., Any]]

    def whole(self) -> TyperCommand:
        """Load the command, with its options."""
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(self.name, help=self.help)(type(self).function())
        return cast("TyperCommand", typer.main.get_command(alone))

    def make_context(self, *arguments: Any, **named: Any) -> Any:
        """Read the words of the command line as the whole command does, which is run then."""
        return self.whole().make_context(*arguments, **named)


def later(group: typer.Typer, name: str, module: str, function: str) -> None:
    """Add a command to a group.

    Args:
        group: Where it is added.
        name: What it is called there.
        module: The module of `matcher.cli` that has its function.
        function: The function's name.
    """
    module = f"matcher.cli.{module}"
    loading = staticmethod(lambda: getattr(import_module(module), function))
    kind = type("Later", (Later,), {"function": loading})
    group.command(name, cls=kind, help=_help_texts(module)[function])(_nothing)


@cache
def _help_texts(module: str) -> dict[str, str]:
    """Give the docstrings of a module's functions, which are read from its code and not run."""
    spec = find_spec(module)
    code = cast("Any", spec).loader.get_code(module)
    functions = [made for made in code.co_consts if isinstance(made, CodeType)]
    return {
        made.co_name: _paragraphs(made.co_consts[0])
        for made in functions
        if made.co_consts and isinstance(made.co_consts[0], str)
    }


def _paragraphs(docstring: str) -> str:
    """Put each paragraph on one line: a terminal breaks it where it is wide."""
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _nothing() -> None:
    """Stand for a function that is not loaded."""
