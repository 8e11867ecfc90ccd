"""The command with which an analyst chooses a scheme and its thresholds."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from benchmarks.rehearsal import default_agreement
from benchmarks.rehearsal import rehearse as run_rehearsal
from benchmarks.tuning import change
from benchmarks.tuning.findings import Findings, Settings, find
from datasets import tracing
from encoders.records import Records
from matcher.cli import console
from matcher.cli.linkage import Threads, Top
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.cli.society import MapOption, read_and_check, usable_records
from matcher.formats.agreement import Agreement
from matcher.formats.errors import InputError, ParameterError
from matcher.formats.files import make_folder, written_whole
from matcher.formats.identity import Identity
from matcher.formats.signed import write_signed
from matcher.matching import DEFAULT_TOP

Labelled = tuple[Records, Records, pd.DataFrame]
"""Requests, register and truth."""

_ROLES = ("sought", "registered")


def tune(
    requests: Annotated[Path | None, typer.Argument(help="File of the society that seeks.")] = None,
    register: Annotated[
        Path | None, typer.Argument(help="File of the society that may have met them.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the report and its data.")] = Path("tuning"),
    truth: Annotated[
        Path | None,
        typer.Option(
            help="CSV of true pairs: request_id, register_id; further columns are slices."
        ),
    ] = None,
    generate: Annotated[
        tuple[int, int] | None,
        typer.Option(help="Instead of files: a generated set of so many cases and registered."),
    ] = None,
    agreement: Annotated[
        Path | None, typer.Option(help="Agreement whose scheme is used; else the default scheme.")
    ] = None,
    mapping: MapOption = None,
    top: Top = DEFAULT_TOP,
    refine: Annotated[bool, typer.Option(help="Weigh candidates attribute by attribute.")] = True,
    held: Annotated[
        int, typer.Option(min=1, help="Registered persons at production size.")
    ] = 1_000_000,
    new: Annotated[int, typer.Option(min=1, help="Persons sought anew every night.")] = 100,
    beside: Annotated[
        Path | None, typer.Option(help="tuning.json of another run, to show beside this one.")
    ] = None,
    cost: Annotated[
        Path | None, typer.Option(help="measured.json of a run, whose times are to be shown.")
    ] = None,
    attack: Annotated[
        Path | None, typer.Option(help="What kinmatch attack --json wrote for the same scheme.")
    ] = None,
    identity: Annotated[
        Path | None, typer.Option(help="Sealed identity that signs the chosen thresholds.")
    ] = None,
    passphrase_fd: PassphraseFd = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of throwaway keys, the bootstrap, and a generated set.")
    ] = 0,
    threads: Threads = None,
) -> None:
    """Measure a scheme on labelled test data: one offline page, and its data as CSV, Parquet, JSON.

    The same files, scheme and seed give the same report, byte for byte; how long it took is
    written to measured.json beside it. The report names records by their ids alone, except in a
    generated set, where nobody is real. With --agreement and --identity, the chosen thresholds are
    written as a signed change to it.
    """
    as_html = _page()
    under = Agreement.read(agreement) if agreement else default_agreement()
    signer = _signer(identity, agreement, passphrase_fd)
    other = Findings.read(beside) if beside else None
    times, attacks = _given(cost, "kinmatch-rehearsal/1"), _given(attack, "kinmatch-attacks/1")
    if attacks and attacks["scheme_digest"] != under.scheme.digest:
        raise ParameterError(
            f"{attack}: another scheme was attacked there; run kinmatch attack on "
            f"{under.scheme.label}."
        )
    sought, met, known = (
        _generated(requests, register, truth, generate, seed)
        if generate
        else _from_files(requests, register, truth, mapping)
    )
    done = run_rehearsal(
        sought,
        met,
        agreement=under,
        top=top,
        refine=refine,
        seed=seed,
        threads=threads,
        progress=console.say,
    )
    settings = Settings(seed=seed, new=new, held=held, top=top, invented=generate is not None)
    found = find(
        done, sought, met, known, settings, cost=times, privacy=attacks, progress=console.say
    )
    console.say("writing")
    make_folder(out)
    found.write(out)
    _write(out / "report.html", as_html(found, other))
    measured = done.report(known[["request_id", "register_id"]]) | _peak()
    _write(out / "measured.json", console.as_json(measured))
    if agreement:
        _write_change(out / "thresholds.json", under, found, signer)
    _tell(found, out)


def _page() -> Callable[[Findings, Findings | None], str]:
    """Load what makes the page: an analyst has it, a tracing unit need not."""
    try:
        from benchmarks.tuning.page import as_html  # noqa: PLC0415 - slow, and an extra
    except ImportError:
        raise ParameterError(
            "The report's charts need packages that are not installed; install kinmatch[analyst]."
        ) from None
    return as_html


def _generated(
    requests: Path | None,
    register: Path | None,
    truth: Path | None,
    generate: tuple[int, int],
    seed: int,
) -> Labelled:
    if requests or register or truth:
        raise ParameterError("Give either files or --generate, not both.")
    if min(generate) < 1:
        raise ParameterError("--generate takes two numbers from 1 on: cases, and registered.")
    console.say(f"generating {generate[0]:,} cases and {generate[1]:,} registered persons")
    made = tracing.generate(*generate, seed)
    frames = (made.requests, made.register)
    sought, met = (
        Records.from_frame(frame, role=role) for frame, role in zip(frames, _ROLES, strict=True)
    )
    return sought, met, made.truth


def _from_files(
    requests: Path | None, register: Path | None, truth: Path | None, mapping: Path | None
) -> Labelled:
    if requests is None or register is None or truth is None:
        raise ParameterError(
            "Give the two files and --truth, or --generate for a generated set: without labels "
            "nothing can be measured."
        )
    sought, met = (
        usable_records(read_and_check(file, mapping, role), file)
        for file, role in zip((requests, register), _ROLES, strict=True)
    )
    return sought, met, _truth(truth)


def _truth(path: Path) -> pd.DataFrame:
    """Read true pairs with all that is said of them."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        pairs = frame[["request_id", "register_id"]]
    except (OSError, ValueError, KeyError):
        raise InputError(
            f"{path}: can't be read as true pairs; it must be a CSV file with the columns "
            "request_id and register_id."
        ) from None
    return frame[~pairs.duplicated()].reset_index(drop=True)


def _given(path: Path | None, wanted: str) -> dict[str, Any] | None:
    """Read what another command wrote as JSON."""
    if path is None:
        return None
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] == wanted:
            return data
    except (OSError, ValueError, KeyError, TypeError):
        pass  # told below, without the text, which may be any file's
    raise InputError(f"{path}: not a file of the format '{wanted}'; choose another.")


def _signer(path: Path | None, agreement: Path | None, descriptor: int | None) -> Identity | None:
    if path is None:
        return None
    if agreement is None:
        raise ParameterError("--identity signs a change to an agreement; give --agreement too.")
    return Passphrases(descriptor).open(path, lambda phrase: Identity.open(path, phrase))


def _write(path: Path, text: str) -> None:
    with written_whole(path, private=True) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def _peak() -> dict[str, int]:
    """Give the most memory that was held, where the system tells."""
    try:
        import resource  # noqa: PLC0415 - not there on Windows
    except ImportError:
        return {}
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak_memory_mib": most >> (20 if sys.platform == "darwin" else 10)}


def _write_change(
    path: Path, agreement: Agreement, found: Findings, signer: Identity | None
) -> None:
    path.unlink(missing_ok=True)
    if signer is None:
        console.say("Nobody signs the chosen thresholds: give --identity to have them written.")
        return
    picked = {band: found.bands[f"chosen {band}"] for band in ("strong", "possible")}
    by = signer.public.name
    document = change.change_of(agreement, picked, found.about, found.digest, by=by)
    if document is None:
        console.say("No threshold can be called strong, so no change to the agreement is written.")
        return
    write_signed(path, document, signer)
    console.say(f"{path}: a change to the agreement, signed by {by}.")


def _tell(found: Findings, out: Path) -> None:
    """Say the most important thing, and where the rest is."""
    thresholds = found.tables["curves"]["threshold"].tolist()
    possible = found.bands["chosen possible"] or found.bands["possible"] or 0.0
    at = min(range(len(thresholds)), key=lambda i: abs(thresholds[i] - possible))
    console.out.print(found.words[at], markup=False, highlight=False, soft_wrap=True)
    console.say(f"{out / 'report.html'}: open it in any browser; it needs no network.")
