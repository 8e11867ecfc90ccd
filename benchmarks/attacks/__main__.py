"""`python -m benchmarks.attacks` attacks the default scheme, as `kinmatch attack` does."""

import typer

from matcher.cli.attack import attack

if __name__ == "__main__":
    typer.run(attack)
