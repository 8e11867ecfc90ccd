"""Takes one gate out of the code at a time; the tests of its rule must notice, or it is not tested.

    python -m pytest -p without_gates [tests]        (`make gates` runs it with --every-rule)

Every module of the project is read with each refusal made conditional, so that one process can take
out any gate: `raise refuse("rule", …)`, the entry of a table of gates, and the few gates that do
their work another way. Then for each rule of the table the tests marked `rule(name, "refuses")` run
without it, until one fails. A rule for which none does, or for which nothing was found that could
be taken out, ends the run with status 1. What runs in a process of its own keeps all its gates, so
the marked tests run commands and service in theirs.
"""

import ast
import builtins
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

PACKAGES = ("encoders", "matcher")

# What a gate gives that lets all pass, where it refuses in another way than by raising a refusal.
NEUTRAL = {
    "disclosure.both-confirmed": (
        "matcher.protection.stages:require_disclosed",
        "Disclosure(candidate_id=candidate, society=society, other_society='shown',"
        " other_reference=bytes(16))",
    ),
    "agreement.amended-at-once": ("matcher.store.narrowing:narrow", "None"),
    "objection.not-compared": ("matcher.store.barring:bar", "None"),
    "retention.review-current": ("matcher.store.barring:bar_overdue", "0"),
    "deletion.destroyed": ("matcher.protection.deletion:destroy_fingerprints", "0"),
    "deletion.stays-deleted": ("matcher.store.recognising:barred_rows", "(set(), set())"),
    "deletion.survives-restore": ("matcher.store.keeping_up:catch_up", "0"),
}

gone: set[str] = set()
"""The rules whose gates are out."""

found: Counter[str] = Counter()
"""For each rule, how many refusals of it stand in the modules that were read."""


def _is_gone(rule: str) -> bool:
    return rule in gone


def _unless_gone(rule: str, gate: Callable[..., Any]) -> Callable[..., Any]:
    """A gate of a table, which gives a field, or values that aren't used, where it refuses."""
    nothing: Any = {} if gate.__module__.endswith(".minimum") else None

    def passed(*given: Any) -> Any:
        return nothing if _is_gone(rule) else gate(*given)

    return passed


def _count(rule: str) -> None:
    found[rule] += 1


class _Conditional(ast.NodeTransformer):
    """Makes every refusal of a module conditional."""

    def __init__(self, module: str) -> None:
        self._bodies = {
            gate.split(":")[1]: (rule, neutral)
            for rule, (gate, neutral) in NEUTRAL.items()
            if gate.split(":")[0] == module
        }
        self._has_table = module.startswith("encoders.protection.")

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        call = node.exc
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "refuse"):
            return node
        rule = ast.unparse(call.args[0])
        if isinstance(call.args[0], ast.Constant):
            _count(call.args[0].value)
        kept = ast.parse(f"if not __kinmatch_is_gone__({rule}):\n    pass").body[0]
        assert isinstance(kept, ast.If)
        kept.body = [node]
        return ast.copy_location(kept, node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        if not self._has_table:
            return node
        for place, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Name) and "." in key.value:
                _count(key.value)
                wrapped = ast.parse(f"__kinmatch_unless_gone__({key.value!r}, {value.id})")
                assert isinstance(wrapped.body[0], ast.Expr)
                node.values[place] = ast.copy_location(wrapped.body[0].value, value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if node.name in self._bodies:
            rule, neutral = self._bodies[node.name]
            _count(rule)
            text = f"def f():\n  if __kinmatch_is_gone__({rule!r}):\n    return {neutral}"
            outer = ast.parse(text).body[0]
            assert isinstance(outer, ast.FunctionDef)
            node.body.insert(1, ast.copy_location(outer.body[0], node))  # after the docstring
        return node


class _Reading(SourceFileLoader):
    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:
        tree = _Conditional(self.name).visit(ast.parse(data))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def get_code(self, fullname: str) -> Any:
        return self.source_to_code(self.get_data(self.get_filename(fullname)), self.path)


class _Finder(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in PACKAGES:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            loader: Loader = _Reading(name, spec.loader.path)
            spec.loader = loader
        return spec


assert not [name for name in sys.modules if name.partition(".")[0] in PACKAGES], "load it first"
vars(builtins).update(__kinmatch_is_gone__=_is_gone, __kinmatch_unless_gone__=_unless_gone)
sys.meta_path.insert(0, _Finder())


_NOTICED = pytest.StashKey[dict[str, str]]()


def marked(items: Sequence[pytest.Item]) -> list[tuple[str, pytest.Item]]:
    """Each rule with each test that it refuses, in the order of the tests."""
    return [
        (mark.args[0], item)
        for item in items
        for mark in item.iter_markers("rule")
        if mark.args[1] == "refuses"
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run every rule's tests without its gate, until one fails that passes with it."""
    noticed = session.config.stash.setdefault(_NOTICED, {})
    between = _Between.from_parent(session, name="between")
    for rule, item in marked(session.items):
        if rule in noticed:
            continue
        if _fails(item, between, {rule}) and not _fails(item, between, set()):
            noticed[rule] = item.nodeid
    session.testsfailed = len(_unnoticed(session))
    return True


class _Between(pytest.Item):
    """What comes after every run: all but what is the session's is torn down for it."""

    def runtest(self) -> None:
        """Do nothing; it is never run."""


def _fails(item: pytest.Item, following: pytest.Item, without: set[str]) -> bool:
    """Run a test without some gates; what fails for another reason than they is told."""
    gone.update(without)
    try:
        reports = runtestprotocol(item, nextitem=following, log=False)
    finally:
        gone.clear()
    for report in reports:
        if report.failed and (report.when != "call" or not without):
            sys.stderr.write(f"{item.nodeid}: {report.when} failed\n{report.longreprtext}\n")
    return any(report.when == "call" and report.failed for report in reports)


def _unnoticed(session: pytest.Session) -> list[str]:
    noticed = session.config.stash[_NOTICED]
    asked = {rule for rule, _ in marked(session.items)}
    if session.config.getoption("every_rule"):
        asked |= set(import_module("matcher.formats.rulebook").RULES)
    return sorted(asked - set(noticed))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let every rule of the table be asked for, not only those of the tests that are given."""
    parser.addoption("--every-rule", action="store_true", help="A rule without a test fails too.")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that are of a rule."""
    items[:] = [item for item in items if marked([item])]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell for each rule which test noticed, or that none did."""
    for rule, test in sorted(session.config.stash.get(_NOTICED, {}).items()):
        sys.stdout.write(f"\nwithout {rule} fails {test}")
    for rule in _unnoticed(session):
        why = "no test fails for that" if found[rule] else "nothing was found to take out"
        sys.stdout.write(f"\nWITHOUT {rule} {why}")
    sys.stdout.write("\n")
