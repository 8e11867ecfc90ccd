"""A run: the tiles of a plan that are not done yet, done by an engine, and all pairs in order."""

from collections.abc import Iterator
from pathlib import Path

from matcher.scoring.measures import Measure
from matcher.scoring.ordering import Pairs
from matcher.scoring.runs.engines import Engine, ThreadsEngine, tile_name
from matcher.scoring.runs.estimate import MOST_PAIRS, refuse_too_many
from matcher.scoring.runs.merging import first_of_each_row, merged
from matcher.scoring.runs.plan import Plan
from matcher.scoring.runs.progress import Advance
from matcher.scoring.runs.store import RunFolder


def run_plan(
    plan: Plan,
    folder: Path,
    *,
    engine: Engine | None = None,
    advance: Advance | None = None,
    most_pairs: int = MOST_PAIRS,
) -> Iterator[Pairs]:
    """Do what is not done yet of a plan, then give its pairs.

    A run that is killed is resumed by the same call: tiles that are in the folder are not
    compared again.

    Args:
        plan: What to compare.
        folder: Where tiles are kept; one for each plan. Remove it when the pairs are no longer
            needed.
        engine: Who compares; all threads of this machine if None.
        advance: Called with the number of pairs compared since the last call.
        most_pairs: Refuse a run that would find more pairs than this.

    Yields:
        The pairs piece by piece, all in the order of `matcher.scoring.find_pairs`. Nothing is
        compared before the first is asked for.

    Raises:
        MismatchError: A set changed since the plan was made, or the folder is another plan's.
        OutputError: Another run holds the folder, or it can't be written to; what is done stays.
        ParameterError: More than `most_pairs` pairs are to be expected.
    """
    store = RunFolder(folder)
    plan.check_contents()
    refuse_too_many(plan, most_pairs, None)
    with store.opened(plan.digest):
        done = {tile.number for tile in plan.tiles if store.is_done(tile_name(tile.number))}
        report = advance or (lambda _: None)
        report(sum(plan.tiles[number].pairs for number in done))
        missing = [tile.number for tile in plan.tiles if tile.number not in done]
        for number in (engine or ThreadsEngine()).compute(plan, store, missing):
            report(plan.tiles[number].pairs)
        names = [tile_name(tile.number) for tile in plan.tiles]
        pieces = merged(store, names, Measure[plan.measure])
        if plan.top is not None:
            pieces = first_of_each_row(pieces, len(plan.left), plan.top)
        yield from pieces
