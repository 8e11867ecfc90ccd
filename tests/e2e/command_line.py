"""Running kinmatch as a person would: in a process of its own, or in this one to save its start."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count, permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from encoders.protection.fiction import write_intake_of_fiction
from encoders.readers import read_records
from encoders.records import Records
from matcher.cli import main
from matcher.formats.errors import InputError
from matcher.formats.terms import Terms

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of test keys
REQUESTS, REGISTER = 120, 400

OFFICE = ("agreement.toml", "keys.json", "seeking.identity", "meeting.identity", "hub.identity")
"""What lies in an office before anything is encoded."""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that it said, on one line: the console breaks lines where they are long."""
        return " ".join((self.out + " " + self.err).split())


@contextmanager
def passphrase_words(passphrase: str | None) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """Put a passphrase into a pipe; give the option that reads it, and what the child inherits."""
    if passphrase is None:
        yield [], ()
        return
    reading, writing = os.pipe()
    os.write(writing, passphrase.encode() + b"\n")
    os.close(writing)
    yield ["--passphrase-fd", str(reading)], (reading,)
    os.close(reading)


def kinmatch(
    *words: str | Path,
    passphrase: str | None = None,
    cwd: Path | None = None,
    before: Callable[[], None] | None = None,
) -> Ran:
    """Run a command in a process of its own.

    Args:
        words: The words of the command line.
        passphrase: Given by file descriptor.
        cwd: Where it runs.
        before: What the process does first, such as to limit itself.
    """
    with passphrase_words(passphrase) as (option, inherited):
        done = subprocess.run(
            [sys.executable, "-m", "matcher.cli", *map(str, words), *option],
            capture_output=True,
            text=True,
            cwd=cwd,
            pass_fds=inherited,
            preexec_fn=before,
        )
    return Ran(done.returncode, done.stdout, done.stderr)


class Here:
    """Runs commands in this process, through the same entry."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capture = capture

    def __call__(self, *words: str | Path, passphrase: str | None = None) -> Ran:
        """Run a command; the arguments are those of `kinmatch`."""
        self._capture.readouterr()
        with passphrase_words(passphrase) as (option, _):
            self._monkeypatch.setattr(sys, "argv", ["kinmatch", *map(str, words), *option])
            with pytest.raises(SystemExit) as ended:
                main()
        code = ended.value.code
        return Ran(
            code if isinstance(code, int) else int(code is not None), *self._capture.readouterr()
        )


def draw_up(run: Callable[..., Ran], folder: Path, valid_until: str = "2999-12-31") -> Path:
    """Write the agreement of two societies, and where there are none the identities of all."""
    for name in ("seeking", "meeting", "hub"):
        if not (folder / f"{name}.identity").exists():
            new_identity(run, folder, name)
    path = folder / "agreement.toml"
    write_terms(folder / "terms.toml", ("seeking", "meeting"), valid_until)
    ran = run(
        *("agreement", "new", "--out", path, "--linkage-unit", folder / "hub.public"),
        *("--party", folder / "seeking.public", "--party", folder / "meeting.public"),
        *("--purpose", "family-tracing"),
        *("--legal-basis", "consent", "--legal-basis", "vital-interest"),
        *("--retention-days", "30"),
        *("--valid-from", "2020-01-01", "--valid-until", valid_until),
        *("--terms", folder / "terms.toml"),
    )
    assert ran.status == 0, ran.said
    return path


def write_terms(path: Path, parties: tuple[str, ...], valid_until: str = "2999-12-31") -> None:
    """Write sound terms of an agreement between some societies, one that begins in 2020."""
    days = date(2020, 1, 1), date.fromisoformat(valid_until)
    Terms.of_fiction(permutations(parties, 2), ["family-tracing"], *days).write(path)


def new_identity(run: Callable[..., Ran], folder: Path, name: str) -> None:
    """Write `folder/NAME.identity`, sealed, and `folder/NAME.public`."""
    ran = run(
        *("identity", "new", name, "--out", folder / f"{name}.identity"),
        *("--public", folder / f"{name}.public"),
        passphrase=PASSPHRASE,
    )
    assert ran.status == 0, ran.said


def match_words(folder: Path, *envelopes: Path, out: Path | None = None) -> list[str | Path]:
    """The words by which the hub matches envelopes into `folder/found`, or another folder."""
    return [
        *("match", *envelopes, "--agreement", folder / "agreement.toml"),
        *("--identity", folder / "hub.identity", "--ledger", folder / "ledger"),
        *("--out", out or folder / "found"),
    ]


def draw_keys(run: Callable[..., Ran], folder: Path) -> Path:
    """Write the sealed keys of the agreement in the same folder."""
    path = folder / "keys.json"
    ran = run("keys", "new", folder / "agreement.toml", "--out", path, passphrase=PASSPHRASE)
    assert ran.status == 0, ran.said
    return path


_INTAKES = TemporaryDirectory()  # not among the files of a test, some of which count theirs
_numbers = count()


def sound_intake(source: Path, society: str) -> Path:
    """Write an intake under which every record of a file may be encoded; the file may be none."""
    folder = Path(_INTAKES.name) / str(next(_numbers))
    folder.mkdir()
    try:
        records = read_records(source, role="sought").records
    except InputError:
        records = Records({}, 0)
    return write_intake_of_fiction(
        folder, records, society=society, purpose="family-tracing", today=date.today()
    )


def encode_words(
    source: Path, folder: Path, society: str = "seeking", **changes: object
) -> list[str | Path]:
    """The words that encode a file into `folder/SOCIETY.batch` with its references beside it."""
    options = {
        "agreement": folder / "agreement.toml",
        "keys": folder / "keys.json",
        "identity": folder / f"{society}.identity",
        "intake": sound_intake(source, society),
        "role": "sought" if society == "seeking" else "registered",
        "out": folder / f"{society}.batch",
        "references": folder / f"{society}.references",
        **changes,
    }
    return [
        "encode",
        source,
        *(str(w) for name, value in options.items() for w in (f"--{name}", value)),
    ]
