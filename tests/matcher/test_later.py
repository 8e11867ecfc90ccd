"""Help pages come at once: they load nothing of what the commands need."""

import subprocess
import sys
import textwrap

import pytest
import typer

from matcher.cli import app
from matcher.cli.later import Later

HEAVY = {"numba", "scipy", "numpy", "pandas", "pyarrow", "sqlalchemy", "encoders", "benchmarks"}


@pytest.mark.parametrize("words", [["--help"], ["keys", "--help"], ["--version"]])
def test_help_loads_nothing(words: list[str]) -> None:
    script = textwrap.dedent(
        f"""
        import sys
        from matcher.cli import main
        sys.argv[1:] = {words!r}
        try:
            main()
        except SystemExit as end:
            assert not end.code
        print(sorted({HEAVY!r} & sys.modules.keys()))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_s_help_is_that_of_its_function() -> None:
    command = typer.main.get_command(app).commands["check"]  # type: ignore[attr-defined]  # a group's
    assert isinstance(command, Later)
    assert command.help == command.whole().help
    assert not command.params
    assert {parameter.name for parameter in command.whole().params} >= {"file", "role", "as_json"}
