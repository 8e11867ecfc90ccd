"""Progress of a run: a bar on a terminal, plain lines in a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

from matcher.scoring.runs.plan import Plan

# Called with the pairs that were compared since it was called last.
Advance = Callable[[int], None]


@contextmanager
def progress_lines(plan: Plan, console: Console) -> Iterator[Advance]:
    """Show how far a run is, for as long as the block lasts.

    Args:
        plan: What is run.
        console: Where to show it: a bar if it is a terminal, else a line for every tenth.
    """
    if console.is_terminal:
        with Progress(console=console) as bar:
            task = bar.add_task("comparing", total=max(plan.pairs, 1))
            yield lambda pairs: bar.advance(task, pairs)
        return
    done = 0

    def line(pairs: int) -> None:
        nonlocal done
        tenths_before = 10 * done // max(plan.pairs, 1)
        done += pairs
        if 10 * done // max(plan.pairs, 1) > tenths_before:
            console.print(f"compared {done:,} of {plan.pairs:,} pairs", highlight=False)

    yield line
