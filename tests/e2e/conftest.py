"""What the end-to-end tests share: one whole job, done before them, and a way to run commands."""

from pathlib import Path

import pytest
from command_line import (
    PASSPHRASE,
    REGISTER,
    REQUESTS,
    Here,
    Ran,
    draw_keys,
    draw_up,
    encode_words,
    kinmatch,
    match_words,
)


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the whole job was done, each command in a process of its own."""
    folder = tmp_path_factory.mktemp("job")
    done: dict[str, Ran] = {}

    def step(name: str, *words: str | Path, passphrase: str | None = None) -> None:
        done[name] = kinmatch(*words, passphrase=passphrase)
        assert done[name].status == 0, done[name].said

    sizes = ("--requests", str(REQUESTS), "--register", str(REGISTER), "--seed", "5")
    step("dataset", "dataset", "tracing", "--out", folder / "data", *sizes)
    draw_up(kinmatch, folder)
    draw_keys(kinmatch, folder)
    step("check", "check", folder / "data" / "requests.csv", "--json")
    for society, file in (("seeking", "requests.csv"), ("meeting", "register.csv")):
        words = encode_words(folder / "data" / file, folder, society)
        step(society, *words, "--json", passphrase=PASSPHRASE)
    batches = (folder / "seeking.batch", folder / "meeting.batch")
    agreement = ("--agreement", folder / "agreement.toml")
    step("match", *match_words(folder, *batches), "--json", passphrase=PASSPHRASE)
    for society in ("seeking", "meeting"):
        step(
            f"results {society}",
            *("results", folder / "found" / f"candidates-{society}.parquet", *agreement),
            *("--references", folder / f"{society}.references"),
            *("--out", folder / f"{society}.results.csv"),
        )
    for name in ("check", "seeking", "meeting", "match"):
        (folder / f"{name}.json").write_text(done[name].out, encoding="utf-8")
    return folder


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs a command in this process."""
    monkeypatch.setenv("COLUMNS", "200")
    return Here(monkeypatch, capsys)
