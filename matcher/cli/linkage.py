"""Commands of the linkage unit: match what was sent, and retire what is out of use."""

import time
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from matcher.cli import console
from matcher.cli.identities import IdentityOption
from matcher.cli.options import AgreementOption, JsonFlag
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.decisions.selection import Select
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.envelope import read_header
from matcher.formats.errors import AgreementError
from matcher.formats.files import make_folder
from matcher.formats.identity import Identity
from matcher.formats.ledger import FileLedger
from matcher.formats.notices import Notice
from matcher.formats.opening import opened_envelope
from matcher.formats.retirement import Retirement
from matcher.formats.terms import require_terms
from matcher.matching import DEFAULT_TOP, match, write_run
from matcher.refining import write_requests_of

LedgerOption = Annotated[
    Path, typer.Option("--ledger", help="File of what was accepted; made when there is none.")
]
Top = Annotated[int, typer.Option(min=1, help="Candidates kept for each record that is sought.")]
Selection = Annotated[
    Select,
    typer.Option(
        help="Which candidates are shown: the top ones of each record, its best alone, one-to-one, "
        "many-to-one (several registered records of one request), or groups of records that agree "
        "pair by pair over all societies."
    ),
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads; all processors if not given.")]


def match_batches(
    envelopes: Annotated[
        list[Path], typer.Argument(show_default=False, help="Envelopes with batches to compare.")
    ],
    agreement: AgreementOption,
    identity: IdentityOption,
    ledger: LedgerOption,
    out: Annotated[Path, typer.Option(help="Folder for the candidates of each society.")],
    notice: Annotated[
        list[Path] | None,
        typer.Option(help="A society's notice about its records; give all that have come."),
    ] = None,
    top: Top = DEFAULT_TOP,
    select: Selection = Select.TOP,
    threads: Threads = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Also write what to ask the societies to refine it.")
    ] = False,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare batches of different societies, and write each society's candidates.

    Envelopes are decrypted as they are read, never to the disk. One that the ledger knows may be
    given again; an older one that it does not know is refused. Who is due for review takes no part,
    nor who a notice takes back.
    """
    under = Agreement.read(agreement)
    require_terms(under)
    own = Passphrases(passphrase_fd).open(identity, partial(Identity.open, identity))
    with ExitStack() as stack:
        batches = opened_batches(envelopes, under, own, FileLedger(ledger), stack)
        make_folder(out)
        start = time.perf_counter()
        status = stack.enter_context(console.err.status(""))
        run = match(
            batches,
            under,
            on=date.today(),
            notices=[Notice.read(path, under) for path in notice or ()],
            top=top,
            select=select,
            threads=threads,
            progress=lambda what: status.update(f"comparing {what}"),
        )
        seconds = time.perf_counter() - start
        paths = write_run(run, out)
        if refine:
            parts = write_requests_of(run, out, identity=own)
            paths += [path for part in parts for path in part]
    if as_json:
        timing = {"seconds": round(seconds, 3), "pairs_per_second": round(run.pairs / seconds)}
        console.print_json(run.manifest() | timing | {"files": [str(path) for path in paths]})
        return
    table = Table("pairs", "strong", "possible", "weak", "seconds", "pairs a second")
    counts = [f"{count:,}" for count in (run.pairs, *run.bands.values())]
    table.add_row(*counts, f"{seconds:.1f}", f"{run.pairs / seconds:,.0f}")
    console.out.print(table)
    for path in paths:
        console.say(str(path))


def opened_batches(
    envelopes: list[Path], under: Agreement, own: Identity, ledger: FileLedger, stack: ExitStack
) -> list[Batch]:
    """Open envelopes in the order of their numbers, since those only grow in the ledger.

    Gives their batches in the order of the envelopes, readable until the stack is closed.
    """
    opened = {}
    for path in sorted(set(envelopes), key=lambda path: read_header(path).number):
        one = stack.enter_context(
            opened_envelope(
                path,
                identity=own,
                agreements=[under],
                on=date.today(),
                ledger=ledger,
                again=True,
            )
        )
        opened[path] = one.batch
    return [opened[path] for path in envelopes]


def retire(
    notice: Annotated[Path, typer.Argument(show_default=False, help="The retirement notice.")],
    agreement: AgreementOption,
    ledger: LedgerOption,
) -> None:
    """Take a society's old fingerprints out of use, as its retirement notice asks."""
    under = Agreement.read(agreement)
    read = Retirement.read(notice, under)
    if date.today() <= read.last_day:
        raise AgreementError(
            f"{notice}: the old fingerprints are valid until {read.last_day}; come back after it."
        )
    FileLedger(ledger).retire(read.agreement_id, read.society, read.key_epoch)
    console.say(
        f"{ledger}: nothing of '{read.society}' up to key epoch {read.key_epoch} is opened again. "
        "Delete its old envelopes."
    )
