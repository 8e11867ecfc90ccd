"""The search for profiles: small changes, an end that repeats, and a front that is one."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.attacks.evidence import evidence_over_entropy
from benchmarks.attacks.populations import HELD_TO_LIMITS, Register
from benchmarks.peers.sets import generated
from benchmarks.profiles import __main__ as profiles
from benchmarks.profiles.front import page, table
from benchmarks.profiles.measuring import Sizes, measure
from benchmarks.profiles.search import search, worth
from benchmarks.profiles.space import Passes, neighbour, views_of
from benchmarks.profiles.yardsticks import Figures, Yardsticks
from matcher.formats.scheme import Scheme, published


@pytest.fixture(scope="module")
def start() -> Passes:
    return Scheme.published("standard/2").passes


@pytest.fixture(scope="module")
def yardsticks() -> Yardsticks:
    return Yardsticks([generated(300, 600, 5)], 300, 5)


def test_a_neighbour_is_a_scheme_that_differs_a_little(start: Passes) -> None:
    generator = np.random.default_rng(1)
    seen = {neighbour(start, generator) for _ in range(200)}
    assert len(seen) > 100
    for passes in seen:
        Scheme(name="tried", version=1, passes=passes)
        changed = [(one, other) for one, other in zip(start, passes, strict=True) if one != other]
        assert len(changed) <= 1
        for one, other in changed:
            assert abs(len(list(views_of(one))) - len(list(views_of(other)))) <= 1
            assert one.needs == other.needs


def test_neighbours_of_strata_have_every_attribute_in_one_of_them() -> None:
    generator = np.random.default_rng(3)
    passes = profiles._start("three")
    before = {one.name: one for one in passes}
    for _ in range(400):
        passes = neighbour(passes, generator)
        (part,) = Scheme(name="tried", version=1, passes=passes).passes
    first, second = before["whole"].hardening[0], part.hardening[0]
    assert [one.attributes for one in first.strata] != [one.attributes for one in second.strata]
    assert [one.t for one in first.strata] != [one.t for one in second.strata]


def test_a_pass_keeps_what_it_needs(start: Passes) -> None:
    generator = np.random.default_rng(2)
    passes = start
    for _ in range(300):
        passes = neighbour(passes, generator)
    for part in passes:
        names = {attribute.name for attribute in part.attributes}
        assert all(set(group) & names for group in part.needs)


def test_hardening_takes_true_pairs_and_resemblances_alike(
    yardsticks: Yardsticks, start: Passes
) -> None:
    def with_t(t: int) -> Figures:
        return yardsticks.measure(
            [
                part.model_copy(
                    update={"hardening": (part.hardening[0].model_copy(update={"t": t}),)}
                )
                for part in start
            ]
        )

    mild, strong = with_t(4), with_t(10)
    assert mild.degree > strong.degree
    assert mild.within_reach["tracing"] > strong.within_reach["tracing"] > 0
    assert mild.found["tracing"] > strong.found["tracing"] > 0


def test_people_of_whom_little_is_known_count_too(yardsticks: Yardsticks) -> None:
    """The search once looked at full records alone, and found schemes that betray sparse ones."""
    before = Scheme.published("high/3")
    whole, sparse = (
        evidence_over_entropy(before, 1000, 5, one) for one in (Register.FULL, Register.SPARSE)
    )
    assert whole < 0.2 < 1 < sparse
    assert yardsticks.measure(before.passes).evidence == pytest.approx(sparse)


def test_passes_together_find_what_either_finds(yardsticks: Yardsticks, start: Passes) -> None:
    both = yardsticks.measure(start)
    for part in start:
        alone = yardsticks.measure([part])
        assert both.within_reach["tracing"] >= alone.within_reach["tracing"]
        assert both.found["tracing"] >= alone.found["tracing"]
        assert both.degree >= alone.degree


def test_found_is_who_is_within_reach_and_nearer_than_others(start: Passes) -> None:
    """Who is registered twice is found by the fill of his filters alone, if at all."""
    alone = generated(300, 400, 5)
    again = alone.register.assign(record_id=[f"again-{n}" for n in range(len(alone.register))])
    crowd = replace(alone, register=pd.concat([alone.register, again], ignore_index=True))
    figures = Yardsticks([alone], 300, 5).measure(start)
    beside = Yardsticks([crowd], 300, 5).measure(start)
    assert 0.5 < figures.found["tracing"] <= figures.within_reach["tracing"]
    assert beside.within_reach["tracing"] == figures.within_reach["tracing"]
    assert beside.found["tracing"] < figures.found["tracing"] / 4


def test_the_search_ends_no_worse_and_the_same_again(yardsticks: Yardsticks, start: Passes) -> None:
    ends = [search(start, yardsticks, budget=0.1, least={}, steps=12, seed=3) for _ in range(2)]
    assert ends[0] == ends[1]
    assert worth(yardsticks.measure(ends[0]), 0.1, {}) >= worth(yardsticks.measure(start), 0.1, {})


def test_what_is_over_the_budget_is_paid_for() -> None:
    def at(degree: float, evidence: float) -> float:
        return worth(Figures({}, {"a": 0.8, "b": 0.6}, degree, evidence), 0.1, {})

    assert at(0.0, 0.05) == pytest.approx(0.7)
    assert at(0.0, 0.1) == pytest.approx(0.7)
    assert at(0.03, 0.0) < at(0.016, 0.0)
    assert at(0.0, 0.2) < at(0.0, 0.15) < 0.7


def test_what_must_be_found_outweighs_what_else_is() -> None:
    def of(a: float, b: float) -> float:
        return worth(Figures({}, {"a": a, "b": b}, 0.0, 0.0), 0.1, {"a": 0.9})

    assert of(0.9, 0.6) > of(0.89, 0.65)
    assert of(0.95, 0.6) == pytest.approx(0.775)


def point(name: str, recall: float, graph: float) -> dict[str, object]:
    return {
        "name": name,
        "found": {
            "tracing": {"recall_at_10": recall, "best_f1": 0.5, "unhardened_recall_at_10": 0.9}
        },
        "attacks": [{"attack": "A1", "rate": graph}, {"attack": "A2", "rate": 0.01}],
        "informative_degree": {"together": {"degree": {"value": 0.1}}},
        "bytes_a_record": 512,
        "pairs_a_second": 1e9,
    }


def test_the_front_has_whom_nobody_beats() -> None:
    frame = table(
        [
            point("finds", 0.9, 0.2),
            point("hides", 0.5, 0.0),
            point("beaten", 0.8, 0.2),
            point("between", 0.7, 0.1),
            point("equal", 0.7, 0.1),
        ]
    )
    assert dict(zip(frame["scheme"], frame["front"], strict=True)) == {
        "finds": True, "hides": True, "beaten": False, "between": True, "equal": True,
    }  # fmt: skip
    assert frame["loss"].tolist() == pytest.approx([0.0, 0.4, 0.1, 0.2, 0.2])


def test_the_page_shows_every_scheme_and_needs_no_network() -> None:
    shown = page(table([point("finds", 0.9, 0.2), point("hides", 0.5, 0.0)]))
    assert "<svg" in shown
    assert all(shown.count(name) >= 2 for name in ("finds", "hides"))
    assert "src=" not in shown
    assert "@import" not in shown


def test_every_figure_is_drawn_for_every_scheme() -> None:
    frame = table([point("finds", 0.9, 0.2), point("hides", 0.5, 0.0)])
    shown = page(frame).split("<h2>Every figure</h2>")[1].split("<table")[0]
    for title in (
        "recall@10",
        "best F1",
        "A1, worst",
        "A2, 500 known",
        "informative degree at 5,000",
        "bytes a record",
        "million pairs a second, one processor",
    ):
        assert f">{title}</text>" in shown
    for scheme in ("finds", "hides"):
        assert f">{scheme}</text>" in shown
    # A mark for each of two schemes in each of seven panels.
    assert len(re.findall(r'aria-roledescription="point"', shown)) == 14


def test_a_published_scheme_is_measured_in_full() -> None:
    made = generated(600, 3_000, 5)
    figures = measure(
        Scheme.published("high/1"),
        [made],
        generated(1_500, 7_000, 6),
        seed=1,
        sizes=Sizes(graph=200, known_plaintext=1_000, exposure=300),
    )
    found = figures["found"]["tracing"]
    assert 0 < found["recall_at_10"] < found["unhardened_recall_at_10"] <= 1
    assert [one["attack"] for one in figures["attacks"]] == ["A1", "A1", "A1", "A2"]
    registers = [one["variant"].partition(", of ")[2] for one in figures["attacks"][:3]]
    assert registers == list(HELD_TO_LIMITS)
    assert figures["bytes_a_record"] == 256
    frame = table([figures | {"name": "high/1"}])
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 1


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, asked = tmp_path / "profiles.json", []

    def measured(scheme: Scheme, *_: object, **__: object) -> dict[str, object]:
        asked.append(scheme.label)
        if len(asked) == 3:
            raise KeyboardInterrupt
        figures = point(scheme.label, 0.5, 0.1)
        del figures["name"]
        return figures

    made = generated(20, 60, 5)
    monkeypatch.setattr(profiles, "all_sets", lambda *_: iter([made]))
    monkeypatch.setattr(profiles, "generated", lambda *_: made)
    monkeypatch.setattr(profiles, "measure", measured)
    monkeypatch.setattr(profiles, "POPULATION", 100)
    monkeypatch.setattr(profiles, "AIMS", (profiles.Aim("one", 0.1, {}),))
    with pytest.raises(KeyboardInterrupt):
        profiles.main(1, tmp_path, out)
    assert len(json.loads(out.read_text())["points"]) == 2
    profiles.main(1, tmp_path, out)
    everything = [*published(), "one_at_10/1"]
    assert asked == everything[:3] + everything[2:]
    found = json.loads(out.read_text())
    assert [one["name"] for one in found["points"]] == everything
    assert list(found["searched"]) == ["one_at_10"]
    assert "one_at_10" in out.with_suffix(".html").read_text()
    profiles.main(1, tmp_path, out)
    assert json.loads(out.read_text()) == found
    assert len(asked) == len(everything) + 1
    profiles.main(0, tmp_path, out)  # other steps: another run
    assert asked[-len(published()) :] == published()


def test_the_starts_are_schemes() -> None:
    folder = Path(__file__).parents[2] / "benchmarks" / "profiles" / "starts"
    assert {file.stem for file in folder.glob("*.toml")} == {"apart", "one", "three"}
    for name in ("apart", "one", "three"):
        assert profiles._start(name)
