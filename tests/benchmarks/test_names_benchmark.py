"""The measure of names: its split, its task and its figures, on clusters small enough to see."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.names import commonness, systems
from benchmarks.names.clusters import Cluster, read_clusters, script_of
from benchmarks.names.frequencies import classes_of, of_list
from benchmarks.names.pairs import area_under_curve
from benchmarks.names.retrieval import recall, tasks

CLUSTERS = [
    Cluster("Q1", {"Latin": ["Olena", "Olenna"], "Cyrillic": ["Олена"]}),
    Cluster("Q2", {"Latin": ["Mohammad", "Muhammad"], "Arabic": ["محمد"]}),
    Cluster("Q3", {"Latin": ["Kim"], "Hangul": ["김"]}),
    *(Cluster(f"Q{n}", {"Latin": [f"Abc{'xyz'[n % 3] * (n - 9)}"]}) for n in range(10, 30)),
]


def test_clusters_are_read_by_script(tmp_path: Path) -> None:
    file = tmp_path / "persons.txt"
    file.write_text("olena, олена, елена => Q5\nno arrow\n", encoding="utf-8")
    (cluster,) = read_clusters(file)
    assert cluster.name_id == "Q5"
    assert cluster.spellings["Latin"] == ["olena"]
    assert cluster.spellings["Cyrillic"] == ["олена", "елена"]


def test_one_cluster_in_five_is_held_out() -> None:
    share = np.mean([Cluster(f"Q{n}", {}).held_out for n in range(5000)])
    assert 0.18 < share < 0.22


@pytest.mark.parametrize(
    ("name", "script"),
    [("Anna", "Latin"), ("李", "Han"), ("ゆき", "Kana"), ("ユキ", "Kana"), ("12", "")],
)
def test_the_script_of_a_name(name: str, script: str) -> None:
    assert script_of(name) == script


def test_every_query_has_its_spellings_in_the_gallery() -> None:
    made = {task.script: task for task in tasks(CLUSTERS)}
    assert made.keys() == {"Cyrillic", "Arabic", "Hangul"}
    arabic = made["Arabic"]
    assert {arabic.gallery[row] for row in arabic.right[0]} == {"Mohammad", "Muhammad"}
    assert len(arabic.gallery) == len(set(arabic.gallery))


def test_recall_counts_a_query_once_when_a_right_row_is_early_enough() -> None:
    found = np.array([[3, 1, 2], [0, 4, 5]])
    assert recall(found, [{1, 2}, {9}], 1) == 0
    assert recall(found, [{1, 2}, {9}], 2) == 0.5
    assert recall(found, [{1, 2}, {0}], 3) == 1


@pytest.mark.parametrize("views", [systems.OURS, systems.WITH_LEXICON])
def test_ours_finds_names_across_scripts(views: tuple[systems.View, ...]) -> None:
    for task in tasks(CLUSTERS):
        assert recall(systems.encoded(views)(task.queries, task.gallery), task.right, 1) == 1


def test_the_area_under_the_curve_counts_ties_one_half() -> None:
    same = np.array([True, True, False, False])
    assert area_under_curve(np.array([4.0, 3.0, 2.0, 1.0]), same) == 1
    assert area_under_curve(np.array([1.0, 1.0, 1.0, 1.0]), same) == 0.5


def test_a_list_of_the_generator_has_shares_that_fall_and_spellings_that_share() -> None:
    text = "# a list\n[male]\nعلي|Ali~Alush\nOmar\n[places]\nSY|Aleppo\n[family]\nSaid//Saida\n"
    found = list(of_list(text))
    assert [(kind, name) for kind, name, _ in found] == [
        ("given", "علي"), ("given", "Ali"), ("given", "Omar"),
        ("family", "Said"), ("family", "Saida"),
    ]  # fmt: skip
    assert found[0][2] == found[1][2] > found[2][2]


def test_spellings_of_one_name_are_as_common_as_the_commonest() -> None:
    classes = classes_of({("given", "ana"): 0.02, ("family", "ana"): 0.001}, [
        Cluster("Q1", {"Latin": ["Ana"], "Cyrillic": ["Ана"]}),
        Cluster("Q2", {"Latin": ["Zzyzx"], "Cyrillic": ["Ззизкс"]}),
    ])  # fmt: skip
    assert classes == {"ana": {"given": 0, "family": 2}, "ана": {"given": 0, "family": 2}}


def test_the_classes_of_a_register_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "census.csv"
    file.write_text(
        "pername1,pername2\nMARIA,SMITH\nMaria,Smith\nXqzvwplk,Smith\n", encoding="utf-8"
    )
    report = commonness.measure(file)
    assert report["given"]["names"] == [1, 0, 0, 0, 0, 1]
