"""Commands of the second stage: a society answers, the linkage unit weighs the answers."""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Self

import typer
from rich.table import Table

from encoders.client.refining import fetch, send_waiting
from encoders.keys import Keys
from encoders.references import read_references
from encoders.refining.admission import Admission, Limits, admit
from encoders.refining.answering import NOT_RELEASED, attribute_cells
from encoders.refining.asking import rows_asked_for
from encoders.refining.ledger import Ledger
from matcher.cli import console
from matcher.cli.connecting import Service, with_service
from matcher.cli.gating import IntakeOption, put_to_gates, require_own
from matcher.cli.identities import IdentityOption
from matcher.cli.options import AgreementOption, JsonFlag, KeysOption
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.cli.society import (
    MapOption,
    RecordsFile,
    RoleOption,
    admitted_records,
    read_and_check,
)
from matcher.decisions.refinement.weights import RefinementModel
from matcher.formats.agreement import Agreement
from matcher.formats.attributes import FIELDS
from matcher.formats.candidates import read_candidates, write_candidates
from matcher.formats.cells import Mask, Octets
from matcher.formats.errors import InputError, MismatchError, ParameterError
from matcher.formats.files import make_folder, written_whole
from matcher.formats.identity import Identity
from matcher.formats.letter import Letter, seal_file
from matcher.formats.refinement import (
    ANSWER_KIND,
    Answer,
    Requests,
    answer_room,
    open_answer,
    open_requests,
    write_answer,
)
from matcher.refining import Refinement, in_refined_order, pairs_of_answers, write_attributes

_DEFAULTS = Limits()

Cells = Mapping[str, tuple[Octets, Mask]]
"""The cells of an answer; see `matcher.formats.refinement`."""


@with_service
def refine(
    service: Service,
    file: RecordsFile,
    agreement: AgreementOption,
    keys: KeysOption,
    identity: IdentityOption,
    intake: IntakeOption,
    references: Annotated[
        list[Path],
        typer.Option(
            help="The reference file of a batch; give all whose records may be asked for."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the answers; they go to the linkage unit.")],
    ledger: Annotated[Path, typer.Option(help="File of what was released; made if there is none.")],
    requests: Annotated[
        list[Path] | None,
        typer.Argument(show_default=False, help="Request files; else those of the service."),
    ] = None,
    mapping: MapOption = None,
    role: RoleOption = "sought",
    yes: Annotated[bool, typer.Option("--yes", help="Release without being asked.")] = False,
    per_record: Annotated[
        int, typer.Option(min=1, help="Most requests of one record, in all.")
    ] = _DEFAULTS.per_record,
    per_partner: Annotated[
        int, typer.Option(min=1, help="Most requests for one partner on a day.")
    ] = _DEFAULTS.per_partner,
    per_day: Annotated[
        int, typer.Option(min=1, help="Most requests on a day.")
    ] = _DEFAULTS.per_day,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Answer the linkage unit's requests to compare candidates attribute by attribute.

    FILE and intake hold your records and decisions as they are now; of a record that a
    data-protection rule refuses nothing is released. What is about to be released is shown first,
    and only for the candidates asked about. Without request files, the service's are fetched and
    answered there; an answer that can't be sent stays in the folder and goes first the next time.
    Exit status 0, or 1 where requests were stopped, or 4 where the service can't be reached now.
    """
    under = Agreement.read(agreement)
    passphrases = Passphrases(passphrase_fd)
    own = passphrases.open(identity, partial(Identity.open, identity))
    limits = Limits(per_record=per_record, per_partner=per_partner, per_day=per_day)
    with ExitStack() as stack:
        if requests:
            operations = None
            asked = _in_files(requests, out, under, own)
        else:
            operations = stack.enter_context(service.connected())
            send_waiting(operations, out)
            asked = fetch(operations, out, under, own)
        known = [read_references(path, under) for path in references]
        report = read_and_check(file, mapping, role)
        left, decided = put_to_gates(report, intake, under, file, stage="refinement")
        require_own(decided, own.public.name)
        records = admitted_records(left, file)
        rows = [rows_asked_for(one, known, records) for one in asked.values()]
        opened = passphrases.open(keys, lambda words: Keys.open(keys, words, under))
        stack.callback(opened.wipe)
        _require_epoch(asked.values(), opened)
        released = Ledger.read(ledger, under.agreement_id)
        naming = opened.derive("reference", attribute="ledger")
        admissions = [
            admit(one, of_one, records, released, limits, key=naming, on=date.today())
            for one, of_one in zip(asked.values(), rows, strict=True)
        ]
        told = _Told.of(admissions)
        if not as_json:
            console.err.print(told.as_table())
        if told.requests and not (yes or _is_wanted()):
            console.say("Nothing was released.")
            raise typer.Exit(console.REFUSED)
        make_folder(out)
        released.write(ledger)  # first: what is noted but never sent does no harm
        for (path, one), admission in zip(asked.items(), admissions, strict=True):
            cells = attribute_cells(
                records, admission.rows, one.identifiers, one.nonces, opened, one.header.society
            )
            _write_letter(path, one, cells, under, own)
            console.say(str(path))
        if operations is not None:
            sent, over = send_waiting(operations, out)
            console.say(f"The service took {sent:,} answers; {over:,} came too late.")
    if as_json:
        console.print_json(told.as_data() | {"files": [str(path) for path in asked]})
    if told.stopped:
        raise typer.Exit(console.ROWS_LEFT_OUT)


def _in_files(
    paths: list[Path], folder: Path, under: Agreement, own: Identity
) -> dict[Path, Requests]:
    """Read request files; give for each file of an answer what is asked."""
    found = [open_requests(Letter.read(path, under), under, own) for path in paths]
    if len({one.header.seal for one in found}) < len(found):
        raise ParameterError("One request file was given twice; give each once.")
    return {
        folder / f"answer-{one.header.society}-{one.header.part:04}.letter": one for one in found
    }


def _write_letter(
    path: Path, requests: Requests, cells: Cells, under: Agreement, own: Identity
) -> None:
    """Write an answer, and make a letter of it, so that there is a whole letter or none."""
    with written_whole(path, private=True) as aside:
        write_answer(aside, requests=requests, cells=cells)
        seal_file(
            aside,
            identity=own,
            recipient=under.linkage_unit,
            agreement=under,
            holds=ANSWER_KIND,
            answers=requests.header.seal,
            room=answer_room(len(requests)),
        )


def _is_wanted() -> bool:
    if not sys.stdin.isatty():
        raise ParameterError("There is no terminal to ask on; look at the counts, then give --yes.")
    return typer.confirm("Release this to the linkage unit?", err=True)


def _require_epoch(asked: Iterable[Requests], keys: Keys) -> None:
    """Refuse keys of another epoch: two sides under different keys agree in nothing."""
    for one in asked:
        if one.header.key_epoch != keys.key_epoch:
            raise MismatchError(
                f"The requests of part {one.header.part} are about key epoch "
                f"{one.header.key_epoch}, the keys are of epoch {keys.key_epoch}. Give the "
                "agreement and keys of that epoch."
            )


@dataclass(frozen=True)
class _Told:
    """What is about to be released, in counts.

    Attributes:
        requests: Candidates asked about.
        released: For how many something is released.
        records: Records that it is released of.
        stopped: How many are not answered, by reason.
    """

    requests: int
    released: int
    records: int
    stopped: dict[str, int]

    @classmethod
    def of(cls, admissions: list[Admission]) -> Self:
        reasons: Counter[str] = Counter()
        records: set[int] = set()
        for admission in admissions:
            reasons.update(admission.counts())
            records.update(admission.rows[admission.rows != NOT_RELEASED].tolist())
        released = reasons.pop("released", 0)
        return cls(reasons.total() + released, released, len(records), dict(reasons))

    def as_data(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "released": self.released,
            "records": self.records,
            "attributes": list(FIELDS),
            "stopped": self.stopped,
        }

    def as_table(self) -> Table:
        table = Table("about to be released", "")
        table.add_row("candidates", f"{self.released:,} of {self.requests:,} asked about")
        table.add_row("of your records", f"{self.records:,}")
        table.add_row("attributes, where known", ", ".join(FIELDS).replace("_", " "))
        for reason, count in self.stopped.items():
            table.add_row(f"NOT released: {reason.replace('_', ' ')}", f"{count:,}")
        return table


def weigh(
    run: Annotated[Path, typer.Argument(show_default=False, help="Folder that match wrote.")],
    answers: Annotated[list[Path], typer.Argument(show_default=False, help="All answers to it.")],
    agreement: AgreementOption,
    identity: IdentityOption,
    out: Annotated[Path, typer.Option(help="Folder for the refined candidates.")],
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Weigh a run's candidates again by what both societies answered.

    Writes each society's candidates anew, and beside them a CSV of what each attribute says. Once
    done, delete the answers: what they were for is in the candidates.
    """
    under = Agreement.read(agreement)
    digest, registers = _run_in(run)
    own = Passphrases(passphrase_fd).open(identity, partial(Identity.open, identity))

    def read(path: Path) -> Answer:
        return open_answer(Letter.read(path, under), under, own)

    refinement = Refinement(RefinementModel.under(under))
    with console.counting("weighing", len(answers) // 2) as progress:
        for done, paths in enumerate(pairs_of_answers(answers, under, digest, read), 1):
            refinement.add(*map(read, paths))
            progress(done)
    make_folder(out)
    files = []
    for society, register in registers.items():
        held = read_candidates(run / f"candidates-{society}.parquet", agreement=under)
        refined = refinement.refine(
            held.identifiers, held.scores, held.bands, held.kin_weights, register
        )
        candidates, refined = in_refined_order(held, refined)
        path = out / f"candidates-{society}.parquet"
        write_candidates(path, candidates, society=society, agreement=under, run=digest)
        attributes = out / f"attributes-{society}.csv"
        write_attributes(attributes, candidates.identifiers, refined)
        files += [str(path), str(attributes)]
    if as_json:
        console.print_json({"refinement_model_digest": refinement.model.digest, "files": files})
        return
    for file in files:
        console.say(file)


def _run_in(folder: Path) -> tuple[str, dict[str, int]]:
    """Give a run's digest, and for each society with how many records of others it was compared."""
    path = folder / "run.json"
    try:
        content = path.read_bytes()
        batches = json.loads(content)["batches"]
        sizes = [(str(batch["society"]), int(batch["rows"])) for batch in batches]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: can't be read as the manifest of a run. Give the folder that match wrote."
        ) from None
    others = {
        society: sum(rows for other, rows in sizes if other != society) for society, _ in sizes
    }
    return "sha256:" + hashlib.sha256(content).hexdigest(), others
