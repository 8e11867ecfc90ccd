"""Runs: two sets too large for one call, compared tile by tile, stopped and resumed at will.

`FilterSet` is a set of filters in files, `plan_run` divides the comparison of two sets into tiles,
`estimate` says what it will cost, `run_plan` has an engine do what is not done yet in the run's
folder, and gives the pairs in order, piece by piece.
"""

from matcher.scoring.runs.engines import Engine, ThreadsEngine
from matcher.scoring.runs.estimate import Estimate, estimate
from matcher.scoring.runs.plan import Plan, plan_run
from matcher.scoring.runs.progress import progress_lines
from matcher.scoring.runs.running import run_plan
from matcher.scoring.runs.sets import FilterSet, write_filters

__all__ = [
    "Engine",
    "Estimate",
    "FilterSet",
    "Plan",
    "ThreadsEngine",
    "estimate",
    "plan_run",
    "progress_lines",
    "run_plan",
    "write_filters",
]
