"""`kinmatch exposure` over real envelopes: what it says, and when it says no."""

import json
import tomllib
from pathlib import Path

import pytest
import tomli_w
from command_line import PASSPHRASE, Here, Ran, draw_keys, draw_up, encode_words

from matcher.formats.scheme import DEFAULT_SCHEME, Scheme

PASSES = [one.name for one in Scheme.published(DEFAULT_SCHEME).passes]


def exposure(run: Here, folder: Path, *words: str | Path) -> Ran:
    return run(
        *("exposure", *words, "--agreement", folder / "agreement.toml"),
        *(
            "--identity",
            folder / "hub.identity",
            "--ledger",
            folder.with_name(f"{folder.name}-exposure-ledger"),
        ),
        passphrase=PASSPHRASE,
    )


def test_a_report_for_each_society_and_pass(job: Path, run_here: Here) -> None:
    envelopes = job / "seeking.batch", job / "meeting.batch"
    ran = exposure(run_here, job, *envelopes, "--at-size", "1000000", "--json")
    assert ran.status == 0, ran.said
    said = json.loads(ran.out)
    assert said["exposure_ceiling"] is None
    assert said["evidence_ceiling"] is None
    assert said["beyond"] == []
    assert list(said["societies"]) == ["meeting", "seeking"]
    for report in said["societies"].values():
        assert list(report["passes"]) == PASSES
        whole = report["together"]
        assert whole["at_size"] == 1_000_000
        for figure in ("degree_at_size", "evidence_at_size"):
            assert whole[figure]["low"] < whole[figure]["value"] < whole[figure]["high"]
        assert whole["evidence_at_size"]["value"] > whole["evidence_over_entropy"]["value"] > 0
    again = exposure(run_here, job, *envelopes, "--at-size", "1000000", "--json", "--threads", "1")
    assert again.out == ran.out


def test_a_table_for_people(job: Path, run_here: Here) -> None:
    ran = exposure(run_here, job, job / "meeting.batch")
    assert ran.status == 0, ran.said
    assert all(name in ran.out for name in PASSES)
    assert "all together" in ran.out
    assert "at 400 held" in ran.out
    assert "Where 400 records are held, all distances together" in ran.out


@pytest.mark.parametrize(
    ("ceiling", "figure"),
    [("exposure_ceiling", "visibly resemble"), ("evidence_ceiling", "all distances would say")],
)
def test_a_society_beyond_a_ceiling_is_named(
    job: Path, tmp_path: Path, run_here: Here, ceiling: str, figure: str
) -> None:
    draw_up(run_here, tmp_path)
    terms = tomllib.loads((tmp_path / "agreement.toml").read_text(encoding="utf-8"))
    limited = tomli_w.dumps({**terms, ceiling: 1e-9})
    (tmp_path / "agreement.toml").write_text(limited, encoding="utf-8")
    draw_keys(run_here, tmp_path)
    words = encode_words(job / "data" / "register.csv", tmp_path, "meeting")
    assert run_here(*words, passphrase=PASSPHRASE).status == 0
    ran = exposure(run_here, tmp_path, tmp_path / "meeting.batch")
    assert ran.status == 1, ran.said
    said = " ".join(ran.said.split())
    assert "meeting: beyond the agreement's ceiling" in said
    assert f"{figure} " in said
    assert "allows 1e-09" in said


@pytest.mark.parametrize("size", ["1", "0"])
def test_a_size_that_says_nothing_is_refused(job: Path, run_here: Here, size: str) -> None:
    ran = exposure(run_here, job, job / "meeting.batch", "--at-size", size)
    assert ran.status == 2
