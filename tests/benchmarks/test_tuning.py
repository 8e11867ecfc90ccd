"""The analyst's bench: what it measures, that it repeats to the byte, and needs no network."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import accuracy
from benchmarks.rehearsal import Rehearsal, default_agreement, rehearse
from benchmarks.tuning import change, measures, page, single_pairs, slices, words
from benchmarks.tuning.findings import Findings, Settings, find
from datasets import tracing
from encoders.records import Records
from matcher.formats.errors import InputError, ParameterError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

PAIRS = pd.DataFrame(
    [
        ("a", "1", 9.0), ("b", "2", 8.0), ("c", "9", 7.0), ("a", "3", 6.0), ("d", "4", 5.0),
        ("c", "5", 5.0), ("b", "7", 1.0),
    ],
    columns=["request_id", "register_id", "score"],
)  # fmt: skip
TRUTH = pd.DataFrame(
    [("a", "1"), ("b", "2"), ("c", "5"), ("f", "6")], columns=["request_id", "register_id"]
)
REQUESTS = pd.Series(list("abcdef"))


@pytest.fixture
def sample() -> measures.Sample:
    return measures.Sample.of(PAIRS, TRUTH, REQUESTS, registered=10, top=2)


def test_figures_are_those_of_accuracy_at_every_threshold(sample: measures.Sample) -> None:
    grid = measures.thresholds(sample.score)
    table = measures.curves(sample, grid, seed=1)
    links = accuracy.best_per_request(PAIRS)
    for row in table.itertuples():
        there = accuracy.at_threshold(links, TRUTH, row.threshold)
        assert (row.links, row.right) == (there.links, there.right)
        assert row.recall == pytest.approx(there.recall)
        assert row.f1 == pytest.approx(there.f1)
        if row.links:
            assert row.precision == pytest.approx(there.precision)
        else:
            assert np.isnan(row.precision)


def test_false_hope_and_work_are_counted_as_they_are_told(sample: measures.Sample) -> None:
    at = measures.curves(sample, np.array([5.0, 6.0]), seed=1).set_index("threshold")
    # d and e are nowhere; d has a link at 5 bits.
    assert at["false_per_thousand"].tolist() == [500.0, 0.0]
    # a1 b2 c9 a3 d4 c5: six candidates, three of them right; from 6 bits on four, and two.
    assert at["reviewed_per_match"].tolist() == [2.0, 2.0]


def test_intervals_hold_the_figure_and_repeat(sample: measures.Sample) -> None:
    grid = measures.thresholds(sample.score)
    one, again = (measures.curves(sample, grid, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one, again)
    for name in ("precision", "recall", "f1", "false_per_thousand"):
        known = one[name].notna()
        assert (one[f"{name}_low"] <= one[name])[known].all()
        assert (one[f"{name}_high"] >= one[name])[known].all()
    assert not one.equals(measures.curves(sample, grid, seed=5))


def test_an_interval_narrows_with_more_requests() -> None:
    def width(requests: int) -> float:
        ids = pd.Series([str(i) for i in range(requests)])
        pairs = pd.DataFrame({"request_id": ids, "register_id": ids, "score": 1.0})
        truth = pairs[["request_id", "register_id"]].iloc[::2]
        big = measures.Sample.of(pairs, truth, ids, registered=requests, top=1)
        row = measures.curves(big, np.array([1.0]), seed=0).iloc[0]
        assert row["precision_low"] < 0.5 < row["precision_high"]
        return float(row["precision_high"] - row["precision_low"])

    # Of n fair coins the middle 95 % lie within 1.96 / sqrt(n).
    assert width(400) == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.25)
    assert width(6_400) == pytest.approx(width(400) / 4, rel=0.25)


def test_thresholds_are_round_few_and_around_all_scores() -> None:
    for low, high in ((0.0, 0.1), (-3.3, 18.2), (-500.0, 4000.0)):
        grid = measures.thresholds(np.array([low, high]))
        assert grid[0] <= low
        assert grid[-1] >= high
        assert len(grid) >= 2
        assert (np.diff(grid) > 0).all()
    assert len(measures.thresholds(np.array([-3.3, 70.0]))) <= 83


def test_a_night_grows_with_the_register_but_true_pairs_do_not(sample: measures.Sample) -> None:
    night = measures.a_night(sample, np.array([5.0]), new=60, held=20).iloc[0]
    # Six candidates and three of them right of six requests, and the register doubles.
    assert night["unlabelled"] == pytest.approx(60 * 2.0)
    assert night["labelled"] == pytest.approx(60 * (0.5 + 0.5 * 2))
    assert night["full_lists"] == pytest.approx(2 / 6)  # a and c have two each
    most = measures.a_night(sample, np.array([5.0]), new=60, held=10_000).iloc[0]
    assert most["labelled"] == most["unlabelled"] == 60 * 2  # no more than top


def test_histograms_count_every_candidate_once(sample: measures.Sample) -> None:
    table = measures.histogram(sample, measures.thresholds(sample.score))
    counts = table.groupby("kind")["count"].sum()
    assert counts.to_dict() == {"one person": 3, "two persons": 4}
    assert (table["until"] > table["threshold"]).all()


def test_truth_of_other_files_is_refused() -> None:
    with pytest.raises(ParameterError, match="no request"):
        measures.Sample.of(PAIRS, TRUTH, pd.Series(["x"]), registered=1, top=1)


def test_the_missed_are_told_why() -> None:
    lost = single_pairs.missed(PAIRS, TRUTH, threshold=8.5).set_index("request_id")
    assert lost.loc["a", "why"] == single_pairs.LINKED
    assert lost.loc["b", "why"] == single_pairs.BELOW
    assert lost.loc["c", "why"] == single_pairs.OUTRANKED
    assert (lost.loc["c", "first_id"], lost.loc["c", "rank"]) == ("9", 2)
    assert lost.loc["f", "why"] == single_pairs.NOT_FOUND
    assert lost.index[0] == "f"


def test_the_worst_false_link_comes_first_with_its_true_counterpart() -> None:
    wrong = single_pairs.false_links(PAIRS, TRUTH)
    assert wrong[["request_id", "register_id", "counterpart"]].to_numpy().tolist() == [
        ["c", "9", "5"],
        ["d", "4", ""],
    ]


def test_a_waterfall_adds_up_to_the_score() -> None:
    weights = pd.DataFrame({"name": [5.0] * 7, "birth": [0.0] * 7, "kin": [-2.0] * 7})
    chosen = pd.DataFrame(
        {"request_id": ["a", "z"], "register_id": ["3", "1"], "label": ["x", "y"]}
    )
    steps = single_pairs.waterfall(PAIRS, weights, chosen)
    assert steps["part"].tolist() == ["before any evidence", "name", "kin", "score"]
    assert steps["bits"].tolist() == [3.0, 5.0, -2.0, 6.0]
    assert steps["end"].tolist()[-2:] == [6.0, 6.0]
    assert set(steps["label"]) == {"x"}  # a pair that is no candidate has no evidence


def table_of(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_strong_needs_precision_few_false_links_and_enough_of_them() -> None:
    curves = table_of(
        threshold=[1.0, 2.0, 3.0, 4.0],
        links=[900, 500, 400, 100],
        precision_low=[0.8, 0.985, 0.995, 1.0],
        false_per_thousand=[9.0, 2.0, 0.5, 0.0],
        f1=[0.5, 0.7, 0.6, 0.2],
    )
    assert change.chosen(curves, 0.0) == {"strong": 3.0, "possible": 2.0}
    nobody = curves.assign(false_per_thousand=5.0)
    assert change.chosen(nobody, 0.0) == {"strong": None, "possible": 2.0}
    few = curves[curves["links"] < 300]
    assert change.chosen(few, 0.0)["strong"] is None
    easy = curves.assign(precision_low=1.0, false_per_thousand=0.0)  # never below possible
    assert change.chosen(easy, 0.0)["strong"] == 3.0
    assert change.chosen(curves, 4.0) == {"strong": None, "possible": None}


def test_a_change_names_the_agreement_and_what_it_was_chosen_from() -> None:
    under = default_agreement()
    digests = {name: f"sha256:{name * 64}" for name in "12"}
    about: dict[str, object] = {
        "scheme": "s/1", "model_digest": digests["1"], "refined": True, "registered": 7,
    }  # fmt: skip
    picked: dict[str, float | None] = {"strong": 20.0, "possible": 15.0}
    made = change.change_of(under, picked, about, digests["2"], by="seeking")
    assert made is not None
    assert (made.by, made.agreement_digest, made.findings) == (
        "seeking",
        under.digest,
        digests["2"],
    )
    assert made.chosen.model_dump() == {
        "stage": "attributes",
        "model_digest": digests["1"],
        "strong": 20.0,
        "possible": 15.0,
        "registered": 7,
    }
    none = change.change_of(under, picked | {"strong": None}, about, digests["2"], by="seeking")
    assert none is None


def test_a_threshold_in_words_says_what_it_costs() -> None:
    sample = measures.Sample.of(PAIRS, TRUTH, REQUESTS, registered=10, top=2)
    grid = np.array([5.0, 20.0])
    rows = measures.curves(sample, grid, 1).merge(
        measures.a_night(sample, grid, new=60, held=20), on="threshold"
    )
    told = words.in_words(rows.iloc[0], truths=4, new=60, held=20)
    assert "At 5 bits: of 4 people who can be found, 2 are found" in told
    assert "500.0 get a wrong first candidate" in told
    assert "2.0 candidates for each right one" in told
    assert "about 90 candidates a night" in told
    assert "No candidate reaches it." in words.in_words(rows.iloc[1], truths=4, new=1, held=1)


@pytest.fixture(scope="module")
def made() -> tracing.TracingSet:
    return tracing.generate(300, 1_500, seed=3)


@pytest.fixture(scope="module")
def sides(made: tracing.TracingSet) -> tuple[Records, Records]:
    return (
        Records.from_frame(made.requests, role="sought"),
        Records.from_frame(made.register, role="registered"),
    )


@pytest.fixture(scope="module")
def done(sides: tuple[Records, Records]) -> Rehearsal:
    return rehearse(*sides, refine=False)


@pytest.fixture(scope="module")
def found(done: Rehearsal, sides: tuple[Records, Records], made: tracing.TracingSet) -> Findings:
    return find(done, *sides, made.truth, Settings(invented=True))


def test_slices_are_told_from_the_records(
    sides: tuple[Records, Records], made: tracing.TracingSet
) -> None:
    sliced = slices.slices_of(*sides, made.truth)
    assert len(sliced) == len(made.truth)
    same = sliced["script"] == "the same"
    for told, by_records, is_same in zip(
        made.truth["scripts"], sliced["scripts"], same, strict=True
    ):
        left, right = told.split(">")
        assert (left == right) == is_same, (told, by_records)
    for name in ("culture", "age group", "relation", "birth date, at worst", "missing fields"):
        assert sliced[name].nunique() > 1
    assert "person" not in sliced
    absent = made.truth["request_birth"].eq("missing") | made.truth["register_birth"].eq("missing")
    assert (sliced["birth date, at worst"] == "absent").equals(absent)


def test_true_pairs_of_which_a_record_is_not_there_are_in_no_slice(
    sides: tuple[Records, Records], made: tracing.TracingSet, done: Rehearsal
) -> None:
    elsewhere = made.truth[["request_id", "register_id"]].assign(register_id="elsewhere")
    sliced = slices.slices_of(*sides, elsewhere.head(3))
    assert len(sliced) == 0
    links = accuracy.best_per_request(done.pairs)
    assert slices.recall_of_slices(sliced, links, np.array([1.0])).empty
    told = find(done, *sides, elsewhere.head(3), Settings())
    assert "too few true pairs" in page.as_html(told)


def test_the_worst_slice_comes_first_and_few_pairs_make_no_slice(
    done: Rehearsal, sides: tuple[Records, Records], made: tracing.TracingSet
) -> None:
    sliced = slices.slices_of(*sides, made.truth)
    links = accuracy.best_per_request(done.pairs)
    table = slices.recall_of_slices(sliced, links, np.array([8.0, 12.0]))
    assert table["pairs"].min() >= slices.FEWEST
    for _, there in table.groupby("threshold"):
        assert there["recall"].is_monotonic_increasing
    everybody = table[(table["slice"] == "everybody") & (table["threshold"] == 8.0)].iloc[0]
    assert everybody["recall"] == pytest.approx(
        accuracy.at_threshold(links, made.truth, 8.0).recall
    )
    assert everybody["low"] < everybody["recall"] < everybody["high"]


def test_the_same_inputs_give_the_same_files_to_the_byte(
    found: Findings, sides: tuple[Records, Records], made: tracing.TracingSet, tmp_path: Path
) -> None:
    again = find(rehearse(*sides, refine=False, threads=1), *sides, made.truth,
                 Settings(invented=True))  # fmt: skip
    for name, one in (("one", found), ("two", again)):
        (tmp_path / name).mkdir()
        one.write(tmp_path / name)
        (tmp_path / name / "report.html").write_text(page.as_html(one), encoding="utf-8")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"tuning.json", "report.html", "curves.csv", "curves.parquet"} <= set(files)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_findings_are_read_back_as_they_were(found: Findings, tmp_path: Path) -> None:
    found.write(tmp_path)
    assert Findings.read(tmp_path / "tuning.json").digest == found.digest
    json.loads((tmp_path / "tuning.json").read_text(), parse_constant=pytest.fail)
    frame = pd.read_parquet(tmp_path / "curves.parquet")
    assert frame["links"].tolist() == found.tables["curves"]["links"].tolist()
    for text in ("", "[]", '{"format": "other/1"}', '{"format": "kinmatch-tuning/1"}'):
        (tmp_path / "other.json").write_text(text)
        with pytest.raises(InputError, match="no findings"):
            Findings.read(tmp_path / "other.json")


def test_names_are_shown_of_invented_people_alone(
    done: Rehearsal, sides: tuple[Records, Records], made: tracing.TracingSet, found: Findings
) -> None:
    values = {
        value
        for name in ("given_name", "family_name", "mother_name")
        for value in (*made.requests[name], *made.register[name])
        if len(value) > 5
    }
    shown = page.as_html(found)
    assert any(value in shown for value in values)
    real = find(done, *sides, made.truth, Settings())
    assert "people" not in real.tables
    text = real.as_json() + page.as_html(real)
    assert not [value for value in values if value in text]


def test_the_page_loads_nothing(found: Findings) -> None:
    html = page.as_html(found)
    assert "default-src 'none'" in html
    outside = html.split('<script type="application/json"')[0]
    assert not re.search(r"https?:|\bsrc=|\bhref=|@import|url\(", outside)
    assert html.count("<script") == html.count("</script>") == 3  # nothing inside ends one early


def test_what_a_record_is_called_can_not_break_the_page(found: Findings) -> None:
    evil = "</script><script>alert(1)</script><b>&"
    tables = found.tables | {
        "false_links": found.tables["false_links"].assign(request_id=evil),
        "waterfalls": found.tables["waterfalls"].assign(label=evil),
    }
    html = page.as_html(Findings(found.about, found.bands, found.cost, None, found.words, tables))
    assert html.count("<script") == html.count("</script>") == 3
    assert "alert(1)</script>" not in html


def test_two_runs_lie_side_by_side(found: Findings) -> None:
    alone, both = page.as_html(found), page.as_html(found, found)
    assert "Two runs side by side" in both
    assert "Two runs side by side" not in alone


def test_cost_and_privacy_stand_on_the_page_where_they_are_given(
    done: Rehearsal, sides: tuple[Records, Records], made: tracing.TracingSet
) -> None:
    attacked = {
        "scheme": "standard/1",
        "findings": [
            {"attack": "A1", "target": "t", "variant": "v", "right": 3, "tried": 9, "holds": False}
        ],
        "exposure": {},
    }
    cost = {"pairs_per_second": 1_234_567, "seconds": {"match": 2.0}}
    told = find(done, *sides, made.truth, Settings(), cost=cost, privacy=attacked)
    html = page.as_html(told)
    assert "1,234,567 pairs a second" in html
    assert "0 of 1 limits are kept" in html
    assert f"{told.cost['bytes_per_record']:,} bytes" in html


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_draws_it_without_a_network_and_the_dial_moves_it(
    found: Findings, tmp_path: Path
) -> None:
    html = page.as_html(found, found)
    last = len(found.words) - 1
    turned = f"""<script>setTimeout(() => {{ const d = document.getElementById("dial");
        d.value = {last}; d.dispatchEvent(new Event("input")); }}, 3000);</script></body>"""
    head, _, tail = html.rpartition("</body>")  # the last: a script of the page speaks of others
    (tmp_path / "report.html").write_text(head + turned + tail, encoding="utf-8")
    shown = subprocess.run(
        [
            str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000",
            "--proxy-server=127.0.0.1:9", "--enable-logging=stderr", "--dump-dom",
            (tmp_path / "report.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert 'data-drawn="7"' in shown.stdout
    assert "Content Security Policy" not in shown.stderr
    assert "Uncaught" not in shown.stderr
    words_shown = re.search(r'<p id="words"[^>]*>([^<]*)', shown.stdout)
    assert words_shown
    assert words_shown[1] == found.words[last]
