"""What the pages say was measured is what lies in `benchmarks/results`."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.attacks.populations import Register
from matcher.formats.scheme import DEFAULT_SCHEME, SAFEST_SCHEME

ROOT = Path(__file__).parents[1]


@cache
def measured(name: str) -> Any:
    """The results of a benchmark."""
    path = ROOT / "benchmarks" / "results" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def words(page: str) -> str:
    """A page's text, however its lines are broken."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


def peer(of: str, system: str) -> Any:
    (found,) = (one for one in measured("peers")["sets"] if one["set"] == of)
    return found["systems"][system]


def f1(of: str, system: str, threshold: str = "best") -> float:
    return float(peer(of, system)["thresholds"][threshold]["f1"])


def accuracy(of: str) -> tuple[float, ...]:
    """A row of the front page's table."""
    refined = peer(of, "kinmatch, refined")
    return (
        f1(of, "kinmatch"),
        peer(of, "kinmatch")["recall_at_10"],
        f1(of, "kinmatch, refined"),
        refined["thresholds"]["strong"]["precision"],
    )


def promise(name: str, what: str) -> float:
    (ratio,) = (one["ratio"] for one in measured(name)["promises"] if one["what"] == what)
    return float(ratio)


def raced(what: str) -> tuple[float, float]:
    """How often faster than a peer: with AVX-512, and with AVX2 alone."""
    return promise("core", what), promise("core-avx2", what)


def identified(scheme: str, attack: str, *, records: int, target: str) -> float:
    """The most that an attack identified that is held to a limit, in a hundred."""
    return 100 * max(
        float(one["rate"])
        for one in measured(scheme)["findings"]
        if (one["attack"], one["records"], one["target"]) == (attack, records, target)
        and one["at_most"] is not None
        and not any(one["variant"].endswith(f"of {register}") for register in Register)
    )


def of_register(register: Register, scheme: str) -> tuple[float, ...]:
    """What graph matching identified in a register, in a hundred."""
    return tuple(
        100 * one["rate"]
        for one in measured(scheme)["findings"]
        if one["variant"].endswith(f"of {register}")
    )


def with_the_batch(scheme: str) -> float:
    """What graph matching identified with the level of what is known, in a hundred."""
    (rate,) = (
        one["rate"]
        for one in measured(scheme)["findings"]
        if one["variant"].endswith("and the level of what is known")
    )
    return 100 * float(rate)


def at_full_size() -> tuple[float, ...]:
    """What graph matching identified of 5,000 and of 20,000 people, and at most, in a hundred."""
    best = [
        max(
            (one["rate"], one["high"])
            for one in measured("attack-full-high")["findings"]
            if one["records"] == records and one["attack"] == "A1" and one["at_most"] is not None
        )
        for records in (5_000, 20_000)
    ]
    return tuple(100 * figure for pair in best for figure in pair)


def own_keys(scheme: str) -> tuple[float, ...]:
    """What graph matching identified by fingerprints of the attacker's own keys, in a hundred."""
    return tuple(
        100 * one["rate"]
        for one in measured(scheme)["findings"]
        if one["variant"].startswith("own keys")
    )


def others(scheme: str) -> tuple[float, ...]:
    """Whom of the others he names who has a list of all and knows some: how many, of how many."""
    return tuple(
        one[count]
        for one in measured(scheme)["findings"]
        if one["attack"] == "A2"
        and one["target"] != "refinement"
        and one["at_most"] is None
        and one["at_least"] is None
        for count in ("right", "tried")
    )


def evidence(scheme: str) -> tuple[float, ...]:
    """How much all resemblances say of who is who, at most, by the number of people."""
    return tuple(one["ratio"] for one in measured(scheme)["evidence_over_entropy"])


def degrees(scheme: str) -> tuple[float, ...]:
    together = measured(scheme)["exposure"]["together"]
    return tuple(
        together[at][bound]
        for at in ("degree", "degree_at_size")
        for bound in ("value", "low", "high")
    )


def searched(scheme: str) -> tuple[float, ...]:
    """A row of the table of what the search for schemes found."""
    (point,) = (one for one in measured("profiles")["points"] if one["name"] == scheme)
    recall = (point["found"][of]["recall_at_10"] for of in ("census and CIS", "FEBRL 4", "tracing"))
    degree = point["informative_degree"]["together"]["degree"]["value"]
    return *recall, degree, *(100 * one["rate"] for one in point["attacks"])


def ceilings(degree: float) -> tuple[float, ...]:
    """A row of the table of what tokens tell where nothing hides them."""
    (row,) = (one for one in measured("ceiling")["curve"] if one["degree"] == degree)
    return *row["found"].values(), *row["told_by_form"].values()


def banded(name: str) -> tuple[float, ...]:
    """A row of the table of bands in place of filters."""
    figures = measured("bands")["bandings"][name]
    named = [max([*one["named"].values()][:-1]) for one in figures["graph_matching"]]
    known = (100 * rate for rate in figures["known_plaintext"].values())
    return *figures["recall"].values(), *figures["evidence"].values(), *named, *known


def beside_the_ceiling(scheme: str) -> tuple[float, ...]:
    """What of true pairs is within reach of a scheme, set by set, and its degree."""
    figures = measured("ceiling")["schemes"][scheme]
    return *figures["within_reach"].values(), figures["degree"]


def scripts(script: str) -> tuple[float, ...]:
    """A row of the table of names across scripts."""
    ways = ("ours", "Jaro-Winkler on uroman", "Jaro-Winkler on anyascii")
    rows = [measured("names")["held_out"][script][way] for way in ways]
    return tuple(row[figure] for row in rows for figure in ("recall@1", "recall@10"))


def nowhere() -> tuple[float, ...]:
    found = measured("million")["found"]["refined"]
    bands = found["nowhere"]["best_band"]
    assert bands["strong"]["requests"] == 0
    return (
        found["requests"],
        100 * found["accuracy"]["recall_at_10"],
        found["nowhere"]["requests"],
        1000 // bands["strong"]["interval"][1] // 1000,
        bands["possible"]["requests"],
    )


def of_schemes(of: str, *schemes: str) -> tuple[float, ...]:
    """Recall among ten of some schemes' first stages."""
    every = measured("schemes")["schemes"]
    return tuple(every[scheme][of]["first stage"]["recall_at_10"] for scheme in schemes)


def refined_f1(*schemes: str) -> tuple[float, ...]:
    every = measured("schemes")["schemes"]
    return tuple(
        every[scheme][of]["refined"]["thresholds"]["best"]["f1"]
        for scheme in schemes
        for of in ("tracing", "census and CIS", "FEBRL 4")
    )


def gained(of: str, stage: str) -> tuple[float, ...]:
    """A row of what refinement gains."""
    at = measured("schemes")["schemes"]["standard/3"][of][stage]["thresholds"]
    return (
        at["best"]["f1"],
        at["possible"]["recall"],
        at["strong"]["recall"],
        at["strong"]["precision"],
    )


Given = Callable[[], tuple[float, ...]]

README, OPERATOR = "README.md", "docs/operator.md"
ARCHITECTURE, ANALYST, NAMES = "docs/architecture.md", "docs/analyst.md", "docs/names.md"

_ROW = "| {:.3f} | {:.3f} | {:.3f} | {:.4f} |"
_GAINED = "| {:.3f} | {:.3f} | {:.3f} | {:.3f} |"
SAID: list[tuple[str, str, Given]] = [
    *(
        (
            ANALYST,
            f"recall among ten: {of}" + " | {:.3f} | {:.3f} |",
            lambda of=of: of_schemes(of, "standard/3", "high/4"),
        )
        for of in ("census and CIS", "FEBRL 4")
    ),
    (
        ANALYST,
        "sought among 20,000 | {:.3f} | {:.3f} |",
        lambda: of_schemes("tracing", "standard/3", "high/4"),
    ),
    (
        ANALYST,
        "census, FEBRL 4 | {:.3f}, {:.3f}, {:.3f} | {:.3f}, {:.3f}, {:.3f} |",
        lambda: refined_f1("standard/3", "high/4"),
    ),
    *(
        (
            ARCHITECTURE,
            f"| {name} {_GAINED}",
            lambda of=of, stage=stage: gained(of, stage),
        )
        for name, of, stage in (
            ("tracing in detail, first stage alone", "tracing in detail", "first stage"),
            (
                "refined, where nobody tells of a separation",
                "tracing in detail, without separations",
                "refined",
            ),
            ("refined", "tracing in detail", "refined"),
            ("census and CIS, refined", "census and CIS", "refined"),
            ("FEBRL 4, first stage alone", "FEBRL 4", "first stage"),
            ("FEBRL 4, refined", "FEBRL 4", "refined"),
        )
    ),
    (README, "| FEBRL 4 (names, address, birth date) " + _ROW, lambda: accuracy("FEBRL 4")),
    (README, "names, sex, birth date " + _ROW, lambda: accuracy("census and CIS")),
    (README, "half across scripts " + _ROW, lambda: accuracy("tracing")),
    (
        README,
        "plaintext Splink reaches an F1 of {:.2f} there, {:.3f} on the census and {:.3f} on "
        "FEBRL 4",
        lambda: tuple(
            f1(of, "Splink, plaintext") for of in ("tracing", "census and CIS", "FEBRL 4")
        ),
    ),
    (
        README,
        "{:,} requests have the right record among ten in {:.0f} of 100 cases; of {:,} whose "
        "person is nowhere, none has a `strong` candidate (at most 1 in {:.0f},000, at 95 %), "
        "and {} a `possible` one.",
        nowhere,
    ),
    (
        README,
        "candidates {:.0f} times a second at a 99th percentile of {:.0f} ms",
        lambda: (
            measured("service")["listings_a_second"],
            1000 * measured("service")["listing_seconds"]["p99"],
        ),
    ),
    (
        OPERATOR,
        "came in {:.0f} ms (median; 25 of these are the tick), p99 {:.0f} ms",
        lambda: tuple(1000 * measured("service")["listing_seconds"][p] for p in ("p50", "p99")),
    ),
    (
        README,
        "service, worker and database were killed {} times",
        lambda: (sum(measured("soak")["killed"].values()),),
    ),
    (
        ANALYST,
        "identified of 1,000 and of 2,000 | {:.1f} %, {:.2f} % | {:.1f} %, {:.2f} % |",
        lambda: tuple(
            identified(of, "A1", records=records, target=f"{scheme} all passes")
            for of, scheme in (("attack", "standard/3"), ("attack-high", "high/4"))
            for records in (1000, 2000)
        ),
    ),
    (
        ANALYST,
        "under keys of his own | {:.1f} %, {:.2f} % | {:.1f} %, {:.2f} % |",
        lambda: (*own_keys("attack"), *own_keys("attack-high")),
    ),
    *(
        (
            ANALYST,
            said + " | {:.1f} %, {:.2f} % | {:.1f} %, {:.2f} % |",
            lambda of=of: (*of_register(of, "attack"), *of_register(of, "attack-high")),
        )
        for of, said in (
            (Register.SPARSE, "where name, sex and birth alone are known"),
            (Register.HOUSEHOLDS, "the same of households at one address"),
            (Register.MINORS, "the same of boys of one age, years of birth alone, no limit"),
        )
    ),
    (
        ANALYST,
        "the same by who has the whole batch, of 1,000 | {:.1f} % | {:.1f} % |",
        lambda: (with_the_batch("attack"), with_the_batch("attack-high")),
    ),
    (
        ANALYST,
        "| 1,000 | {:.2f} | {:.2f} | 3.78 | 0.20 | | 2,000 | {:.2f} | {:.2f} |",
        lambda: tuple(
            ratio
            for both in zip(evidence("attack"), evidence("attack-high"), strict=True)
            for ratio in both
        ),
    ),
    (
        README,
        "identifies {:.0f} % of them by graph matching, and one who knows 500 of 10,000 "
        "fingerprints identifies {:.0f} % of the rest",
        lambda: (
            identified("attack", "A1", records=1000, target="standard/3 all passes"),
            identified("attack", "A2", records=10000, target="standard/3"),
        ),
    ),
    (
        ANALYST,
        "Of 5,000 full records under `high/3` {:.2f} % are identified (at most {:.2f} %), and of "
        "20,000, by the pairs that stand out alone, {:.2f} % (at most {:.2f} %;",
        at_full_size,
    ),
    (
        ARCHITECTURE,
        "of 5,000 generated people one resembles {:.1f} others in all passes of `standard/3` "
        "together (95 %: {:.1f} to {:.1f}), and so some {:.0f} ({:.0f} to {:.0f}) where a million "
        "are held",
        lambda: degrees("attack"),
    ),
    (
        ARCHITECTURE,
        "under `high/4` {:.3f} ({:.3f} to {:.3f}) and {:.0f} ({:.0f} to {:.0f})",
        lambda: degrees("attack-high"),
    ),
    (
        ARCHITECTURE,
        "one thread: anonlink 0.15.3 | {:.1f} | {:.1f} |",
        lambda: raced("sparse output, no pruning: anonlink"),
    ),
    (ARCHITECTURE, "faiss range search | {:.1f} | {:.1f} |", lambda: raced("the same: faiss")),
    (ARCHITECTURE, "add in registers | {:.2f} | {:.2f} |", lambda: raced("the same: the limit")),
    (ARCHITECTURE, "| two threads: one | {:.1f} | {:.1f} |", lambda: raced("two threads: one")),
    (
        ARCHITECTURE,
        "without pruning | {:.1f} | {:.1f} |",
        lambda: raced("diffused, declared loss: no pruning"),
    ),
    (
        ARCHITECTURE,
        "sorted, one thread: anonlink | {:.0f} | {:.0f} |",
        lambda: raced("half of all pairs kept and sorted, 1 thread: anonlink"),
    ),
    (
        ARCHITECTURE,
        "5: anonlink | {:.0f} | {:.0f} |",
        lambda: raced("blocks of 5 x 5: anonlink"),
    ),
    (
        ARCHITECTURE,
        "took {:.0f} seconds at {:.3f} of the kernel's own rate and {:.2f} GiB over",
        lambda: tuple(
            measured("core-large")[name]
            for name in ("seconds", "rate_over_kernel", "peak_gib_over_mapped_input")
        ),
    ),
    *(
        (
            ANALYST,
            f"`{scheme.removesuffix('/1')}` | {{:.3f}}, {{:.3f}}, {{:.3f}} | {{:.2f}} | "
            "{:.1f} %, {:.1f} % | {:.1f} % |",
            lambda scheme=scheme: searched(scheme),
        )
        for scheme in (f"{name}/1" for name in measured("profiles")["searched"])
    ),
    *(
        (
            ANALYST,
            f"| {degree} | {{:.3f}}, {{:.3f}}, {{:.3f}} | {{}}, {{}} |",
            lambda degree=degree: ceilings(degree),
        )
        for degree in (one["degree"] for one in measured("ceiling")["curve"])
    ),
    (
        ANALYST,
        "`standard/3` has {:.3f}, {:.3f} and {:.3f} at {:.2f}; `high/1` {:.3f}, {:.3f} and {:.3f} "
        "at {:.2f}.",
        lambda: (*beside_the_ceiling("standard/3"), *beside_the_ceiling("high/1")),
    ),
    (
        ANALYST,
        "under `high/4` he names {} of {} others where he knows one in twenty, and {} of {} where "
        "he knows one in five; under `standard/3` {} of {}, and {} of {}.",
        lambda: (*others("attack-high"), *others("attack")),
    ),
    *(
        (
            ANALYST,
            f"| {size} | {{:.3f}}, {{:.3f}}, {{:.3f}} | {{:.2f}}, {{:.2f}}, {{:.2f}} | "
            "{}, {}, {}; {} | {:.1f} %, {:.1f} % |",
            lambda name=name: banded(name),
        )
        for name, size in (("four_kibibytes", "4,096"), ("eight_kibibytes", "8,192"))
    ),
    *(
        (
            NAMES,
            f"| {script} | {{:.3f}}, {{:.3f}} | {{:.3f}}, {{:.3f}} | {{:.3f}}, {{:.3f}} |",
            lambda script=script: scripts(script),
        )
        for script in measured("names")["held_out"]
        if script != "Ethiopic"
    ),
]


@pytest.mark.parametrize(
    ("page", "sentence", "given"), SAID, ids=[sentence[:40] for _, sentence, _ in SAID]
)
def test_a_page_says_what_was_measured(page: str, sentence: str, given: Given) -> None:
    said = sentence.format(*given())
    assert said in words(page), f"by benchmarks/results {page} should say: {said}"


def test_who_is_told_to_keep_the_limits_kept_them() -> None:
    kept = {one["scheme"]: one["holds"] for one in map(measured, ("attack", "attack-high"))}
    assert kept == {DEFAULT_SCHEME: False, SAFEST_SCHEME: True}
