"""An analyst's commands, by the real command line: kinmatch tune and kinmatch label."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from command_line import PASSPHRASE, Here, Ran, kinmatch

import datasets
from datasets import febrl, tracing
from matcher.cli.tuning import tune
from matcher.decisions.evidence import EvidenceModel
from matcher.formats.agreement import Agreement
from matcher.formats.errors import KinmatchError
from matcher.formats.identity import Identity, PublicIdentity
from matcher.formats.scheme import Scheme
from matcher.formats.signed import read_signed, write_signed
from matcher.formats.thresholds import Thresholds


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    made = tracing.generate(120, 500, seed=9)
    for name in ("requests", "register", "truth"):
        datasets.write(getattr(made, name), folder / f"{name}.csv")
    return folder


def agreement_in(folder: Path, identities: Sequence[PublicIdentity] = ()) -> Path:
    path = folder / "agreement.toml"
    Agreement.new(
        parties=("seeking", "meeting"),
        linkage_unit="hub",
        purposes=("family-tracing",),
        legal_bases=("vital-interest",),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        retention_days=30,
        scheme=Scheme.published("standard/1"),
        identities=identities,
    ).write(path)
    return path


def tuned(
    run: Callable[..., Ran],
    data: Path,
    out: Path,
    *words: str | Path,
    passphrase: str | None = None,
) -> Ran:
    files = [str(data / f"{name}.csv") for name in ("requests", "register", "truth")]
    done = run(
        "tune", *files[:2], "--truth", files[2], "--out", out, "--no-refine", *words,
        passphrase=passphrase,
    )  # fmt: skip
    assert done.status == 0, done.err
    return done


def test_tune_writes_a_report_that_repeats_and_names_nobody(
    data: Path, tmp_path: Path, run_here: Here
) -> None:
    agreement = agreement_in(tmp_path)
    for name, threads, run in (("one", "1", run_here), ("two", "2", kinmatch)):
        done = tuned(run, data, tmp_path / name, "--agreement", agreement, "--threads", threads)
        assert "people who can be found" in done.out
    ours, again = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    measured = json.loads(ours.pop("measured.json"))
    again.pop("measured.json")
    assert ours == again
    assert measured["peak_memory_mib"] > 10
    assert {"report.html", "tuning.json", "curves.csv", "slices.parquet"} <= set(ours)
    assert "people.csv" not in ours
    frame = pd.read_csv(data / "requests.csv", dtype=str, keep_default_na=False)
    whole = b"".join(ours.values()).decode("utf-8", "ignore") + done.said
    names = {name for name in frame["family_name"] if len(name) > 6}
    assert not [name for name in names if name in whole]

    tuned(
        run_here, data, tmp_path / "three", "--agreement", agreement,
        "--beside", tmp_path / "one" / "tuning.json", "--cost", tmp_path / "one" / "measured.json",
    )  # fmt: skip
    page = (tmp_path / "three" / "report.html").read_text()
    assert "Two runs side by side" in page
    assert "pairs a second" in page


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Give the two files and --truth"),
        ({"generate": (0, 10)}, "from 1 on"),
        ({"generate": (9, 9), "requests": Path("a.csv")}, "either files or --generate"),
        ({"generate": (9, 9), "identity": Path("other")}, "give --agreement too"),
        ({"generate": (9, 9), "beside": Path("other")}, "no findings"),
        ({"generate": (9, 9), "cost": Path("other")}, "not a file of the format"),
        ({"generate": (9, 9), "attack": Path("other")}, "another scheme was attacked"),
    ],
)
def test_tune_refuses_what_does_not_go_together(
    options: dict[str, object],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other").write_text('{"format": "kinmatch-attacks/1", "scheme_digest": "sha256:0"}')
    with pytest.raises(KinmatchError, match=message):
        tune(**options)  # type: ignore[arg-type]  # options of several types
    assert not Path("tuning").exists()


def test_chosen_thresholds_amend_the_agreement_if_a_party_signed_them(
    data: Path, tmp_path: Path, run_here: Here
) -> None:
    """FEBRL 4 is easy enough for a strong threshold on few records."""
    people = {name: Identity.generate(name) for name in ("seeking", "meeting", "hub", "stranger")}
    known = [one.public for name, one in people.items() if name != "stranger"]
    agreement = agreement_in(tmp_path, known)
    people["seeking"].seal(tmp_path / "seeking.json", PASSPHRASE)
    made = febrl.load()
    for name in ("requests", "register", "truth"):
        datasets.write(getattr(made, name), tmp_path / f"{name}.csv")
    words = ("--agreement", agreement, "--identity", tmp_path / "seeking.json")
    done = tuned(run_here, tmp_path, tmp_path / "tuned", *words, passphrase=PASSPHRASE)
    assert "signed by seeking" in done.said

    def amended(change: Path, out: str, of: Path = agreement) -> Ran:
        return run_here("agreement", "thresholds", of, change, "--out", tmp_path / out)

    change = tmp_path / "tuned" / "thresholds.json"
    done = amended(change, "amended.toml")
    assert done.status == 0, done.err
    assert "thresholds for passes: strong from" in done.said
    before, after = Agreement.read(agreement), Agreement.read(tmp_path / "amended.toml")
    assert after.amends == (before.digest,)
    (bands,) = after.thresholds
    findings = json.loads((tmp_path / "tuned" / "tuning.json").read_text())
    assert bands.strong == findings["bands"]["chosen strong"]
    assert bands.possible == findings["bands"]["chosen possible"]
    assert bands.registered == findings["about"]["registered"]
    used = EvidenceModel.under(after).bands
    assert (used.strong, used.possible, used.registered) == (
        bands.strong,
        bands.possible,
        bands.registered,
    )

    again = amended(change, "again.toml", of=tmp_path / "amended.toml")
    assert again.status == 2
    assert "chosen for another agreement" in again.said
    chosen = read_signed(change, Thresholds, lambda _: people["seeking"].public)
    by_stranger = chosen.model_copy(update={"by": "stranger"})
    write_signed(tmp_path / "strange.json", by_stranger, people["stranger"])
    refused = amended(tmp_path / "strange.json", "no.toml")
    assert refused.status == 2
    assert "no public keys of 'stranger'" in refused.said
    change.write_text(change.read_text().replace('"strong": ', '"strong": 1'))
    altered = amended(change, "no.toml")
    assert altered.status == 2
    assert "altered since" in altered.said

    unsigned = tuned(run_here, data, tmp_path / "tuned", "--agreement", agreement)
    assert "give --identity" in unsigned.said
    assert not change.exists()


def labelled(
    data: Path, folder: Path, reader: str, answers: str
) -> subprocess.CompletedProcess[str]:
    files = [str(data / f"{name}.csv") for name in ("requests", "register")]
    words = (
        "label", folder / "pairs.csv", "--requests", files[0], "--register", files[1],
        "--labels", folder / "labels.jsonl", "--reader", reader,
        "--disagreements", folder / "differ.csv",
    )  # fmt: skip
    typed = "".join(f"{letter}\n" for letter in answers)
    command = [sys.executable, "-m", "matcher.cli", *words]
    return subprocess.run(command, input=typed, capture_output=True, text=True)


def test_two_readers_label_blind_stop_go_on_and_are_compared(data: Path, tmp_path: Path) -> None:
    truth = pd.read_csv(data / "truth.csv", dtype=str)
    pairs = truth[["request_id", "register_id"]].head(6).assign(score="77.125", band="strong")
    pairs.loc[len(pairs)] = ["nobody", "nowhere", "1.0", "weak"]
    pairs.to_csv(tmp_path / "pairs.csv", index=False)

    first = labelled(
        data, tmp_path, "ann", "sdxus"
    )  # same, different, a slip, undo, same; then EOF
    assert first.returncode == 0, first.stderr
    assert "1 pairs name a record that is not in the files" in " ".join(first.stderr.split())
    assert "77.125" not in first.stdout
    assert "strong" not in first.stdout
    assert not [i for i in (*truth["request_id"], *truth["register_id"]) if i in first.stdout]
    assert "2 labelled, 4 to go" in " ".join(first.stderr.split())

    assert "6 labelled, 0 to go" in labelled(data, tmp_path, "ann", "ssss").stderr
    second = labelled(data, tmp_path, "bob", "sssdd?")
    assert "alike on 3 of 6 pairs" in second.stdout
    differ = pd.read_csv(tmp_path / "differ.csv", dtype=str)
    assert len(differ) == 3
    assert set(differ["other_answer"]) == {"different", "unsure"}
    labels = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert [one["reader"] for one in labels] == ["ann"] * 6 + ["bob"] * 6
