"""What the end-to-end tests share: one whole job, done before them, and a way to run commands."""

import shutil
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from command_line import (
    OFFICE,
    PASSPHRASE,
    REGISTER,
    REQUESTS,
    Here,
    Ran,
    draw_up,
    encode_words,
    kinmatch,
    match_words,
)
from intake_drafts import TODAY

from encoders.keys import Keys
from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme
from matcher.formats.terms import Terms


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the whole job was done, each command in a process of its own.

    Identities and keys are made here, so that their seals are as cheap as all that tests make.
    """
    folder = tmp_path_factory.mktemp("job")
    done: dict[str, Ran] = {}

    def step(name: str, *words: str | Path, passphrase: str | None = None) -> None:
        done[name] = kinmatch(*words, passphrase=passphrase)
        assert done[name].status == 0, done[name].said

    sizes = ("--requests", str(REQUESTS), "--register", str(REGISTER), "--seed", "5")
    step("dataset", "dataset", "tracing", "--out", folder / "data", *sizes)
    for who in ("seeking", "meeting", "hub"):
        made = Identity.generate(who)
        made.seal(folder / f"{who}.identity", PASSPHRASE)
        made.public.write(folder / f"{who}.public")
    under = Agreement.read(draw_up(kinmatch, folder))
    Keys.generate(under).seal(folder / "keys.json", PASSPHRASE)
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


@pytest.fixture(scope="session")
def drawn_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an agreement, keys and identities, made here to save the commands' start."""
    folder = tmp_path_factory.mktemp("drawn-up")
    identities = [Identity.generate(name) for name in ("seeking", "meeting", "hub")]
    for one in identities:
        one.seal(folder / f"{one.public.name}.identity", PASSPHRASE)
    days = TODAY - timedelta(days=1), TODAY + timedelta(days=200)
    parties = ("seeking", "meeting")
    under = Agreement.new(
        parties=parties,
        scheme=Scheme.published(DEFAULT_SCHEME),
        linkage_unit="hub",
        purposes=["family-tracing"],
        legal_bases=["consent", "vital-interest", "legitimate-interest"],
        valid_from=days[0],
        valid_until=days[1],
        retention_days=30,
        identities=[one.public for one in identities],
        terms=Terms.of_fiction(permutations(parties, 2), ["family-tracing"], *days),
    )
    under.write(folder / "agreement.toml")
    Keys.generate(under).seal(folder / "keys.json", PASSPHRASE)
    return folder


@pytest.fixture
def office(drawn_up: Path, tmp_path: Path) -> Path:
    """What was drawn up, in a folder of the test's own."""
    for name in OFFICE:
        shutil.copy(drawn_up / name, tmp_path / name)
    return tmp_path
