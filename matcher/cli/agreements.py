"""Commands for agreements: their terms, draw one up, read it to each other, amend it."""

from datetime import date, datetime
from itertools import permutations
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from matcher.cli import console
from matcher.cli.options import AgreementFile, JsonFlag
from matcher.formats.agreement import Agreement
from matcher.formats.errors import OutputError
from matcher.formats.identity import PublicIdentity, readable
from matcher.formats.scheme import DEFAULT_SCHEME, SAFEST_SCHEME, Scheme
from matcher.formats.terms import Terms, require_terms, write_blank

_DAY = ["%Y-%m-%d"]
AmendedOut = Annotated[Path, typer.Option(help="The amended agreement's TOML file to write.")]
_TermsFile = Annotated[
    Path, typer.Option(help="Its data-protection terms: what 'agreement terms' wrote, filled in.")
]


def agreement_terms(
    out: Annotated[Path, typer.Option(help="The TOML file to write and to fill in.")],
    party: Annotated[list[Path], typer.Option(help="A society's public identity; at least two.")],
    purpose: Annotated[list[str], typer.Option(help="What matches may be used for.")],
) -> None:
    """Write a form of an agreement's data-protection terms, with all that has to be answered."""
    _refuse_existing(out)
    names = [PublicIdentity.read(path).name for path in party]
    write_blank(out, permutations(names, 2), purpose)
    console.say(f"{out}: fill it in, together with those who answer for data protection.")


def agreement_new(
    out: Annotated[Path, typer.Option(help="The agreement's TOML file to write.")],
    party: Annotated[list[Path], typer.Option(help="A society's public identity; at least two.")],
    linkage_unit: Annotated[Path, typer.Option(help="The linkage unit's public identity.")],
    purpose: Annotated[list[str], typer.Option(help="What matches may be used for.")],
    legal_basis: Annotated[list[str], typer.Option(help="A legal basis that all accept.")],
    valid_from: Annotated[datetime, typer.Option(formats=_DAY, help="The first day.")],
    valid_until: Annotated[datetime, typer.Option(formats=_DAY, help="The last day.")],
    retention_days: Annotated[int, typer.Option(help="How many days a batch may be kept.")],
    terms: _TermsFile,
    scheme: Annotated[str, typer.Option(help="A published scheme.")] = DEFAULT_SCHEME,
    exposure_ceiling: Annotated[
        float | None,
        typer.Option(help="How many others a record may visibly resemble; no ceiling if left out."),
    ] = None,
    evidence_ceiling: Annotated[
        float | None,
        typer.Option(
            help="How much all distances may say of who is who, where 1 is enough to name "
            "everybody; no ceiling if left out."
        ),
    ] = None,
) -> None:
    """Draw up an agreement between societies and a linkage unit, for all of them to sign."""
    unit = PublicIdentity.read(linkage_unit)
    societies = [PublicIdentity.read(path) for path in party]
    agreed = Terms.read(terms)
    chosen = Scheme.published(scheme)
    chosen.say_unhardened()
    agreement = Agreement.new(
        parties=[one.name for one in societies],
        linkage_unit=unit.name,
        purposes=purpose,
        legal_bases=legal_basis,
        valid_from=valid_from.date(),
        valid_until=valid_until.date(),
        retention_days=retention_days,
        exposure_ceiling=exposure_ceiling,
        evidence_ceiling=evidence_ceiling,
        scheme=chosen,
        corridors=[one.pair for one in agreed.corridors],
        identities=[*societies, unit],
        terms=agreed,
    )
    require_terms(agreement)
    write_new(agreement, out)
    show(agreement)
    if not chosen.unhardened:
        _say_what_is_not_hidden(agreement)


def _say_what_is_not_hidden(agreement: Agreement) -> None:
    """Say what a stolen batch would show, and what could be agreed on instead."""
    label = agreement.scheme.label
    if label != SAFEST_SCHEME:
        console.say(
            f"{label} does not keep the attack lab's limits: who has a stolen batch and a list of "
            "the same people can name many of them. Where a batch could be stolen, agree on "
            f"{SAFEST_SCHEME} (docs/analyst.md has both beside each other)."
        )
    elif agreement.evidence_ceiling is None:
        console.say(
            f"{label} does not hide people who are too much alike, such as children of one age of "
            "whose birth the year alone is known; with --evidence-ceiling 0.5 such a batch is "
            "refused (docs/operator.md)."
        )


def agreement_show(file: AgreementFile, as_json: JsonFlag = False) -> None:
    """Show an agreement's digest, terms, epochs and fingerprints, to compare by voice."""
    agreement = Agreement.read(file)
    if as_json:
        console.print_json(_told(agreement))
    else:
        show(agreement)


def _told(agreement: Agreement) -> dict[str, object]:
    today = date.today()
    corridors = agreement.terms.corridors if agreement.terms else ()
    is_open = agreement.open_corridors(today) if agreement.terms else ()
    return {
        "agreement_id": agreement.agreement_id,
        "digest": agreement.digest,
        "digits": _digits(agreement),
        "scheme": agreement.scheme.label,
        "linkage_unit": agreement.linkage_unit,
        "fingerprints": {one.name: one.fingerprint for one in agreement.identities},
        "epochs": [one.model_dump(mode="json") for one in agreement.epochs],
        "corridors": [
            {
                "from": one.from_society,
                "to": one.to_society,
                "last_day": str(one.last_day),
                "open": one.pair in is_open,
            }
            for one in corridors
        ],
    }


def _digits(agreement: Agreement) -> str:
    """What people read to each other."""
    return readable(bytes.fromhex(agreement.digest.removeprefix("sha256:")))


def agreement_renew(file: AgreementFile, out: AmendedOut, terms: _TermsFile) -> None:
    """Amend an agreement by new terms, as when a corridor's authorisation was renewed."""
    amended = Agreement.read(file).with_terms(Terms.read(terms))
    require_terms(amended)
    write_new(amended, out)
    show(amended)


def agreement_rotate(
    file: AgreementFile,
    out: AmendedOut,
    begins: Annotated[datetime, typer.Option(formats=_DAY, help="First day of the new epoch.")],
    overlap_days: Annotated[
        int, typer.Option(help="Days from then on that the old epoch is valid too; 0 ends it.")
    ],
) -> None:
    """Amend an agreement by a new key epoch, for all parties to take over."""
    amended = Agreement.read(file).with_next_epoch(begins.date(), overlap_days)
    write_new(amended, out)
    show(amended)


def write_new(agreement: Agreement, path: Path) -> None:
    """Write an agreement to a file that isn't there yet.

    Raises:
        OutputError: It is there, or can't be written.
    """
    _refuse_existing(path)
    agreement.write(path)


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise OutputError(f"{path}: is there already. Choose another name, or remove it first.")


def show(agreement: Agreement) -> None:
    """Print an agreement's digest, epochs, terms and fingerprints."""
    out = console.out
    out.print(f"Agreement {agreement.agreement_id}", highlight=False)
    out.print(f"its digits: {_digits(agreement)}", highlight=False, soft_wrap=True)
    today = date.today()
    epochs = Table("key epoch", "from", "until", "today")
    for one in agreement.epochs:
        valid = one.valid_from <= today <= one.valid_until
        epochs.add_row(
            str(one.number),
            str(one.valid_from),
            str(one.valid_until),
            "valid" if valid else "not valid",
        )
    out.print(epochs)
    if agreement.terms is None:
        out.print("no terms: this agreement is for rehearsals, and nothing is taken in under it")
    else:
        _show_terms(agreement.terms, agreement.open_corridors(today))
    for chosen in agreement.thresholds:
        out.print(
            f"thresholds for {chosen.stage}: strong from {chosen.strong} bits, possible from "
            f"{chosen.possible}",
            highlight=False,
        )
    parties = Table("who", "as", "fingerprint")
    for known in agreement.identities:
        role = "linkage unit" if known.name == agreement.linkage_unit else "society"
        parties.add_row(known.name, role, known.fingerprint)
    out.print(parties)


def _show_terms(terms: Terms, open_today: tuple[tuple[str, str], ...]) -> None:
    out = console.out
    for purpose in terms.purposes:
        readers = ", ".join(purpose.recipients)
        out.print(f"{purpose.name}: {purpose.benefit}; for {readers}", markup=False)
    out.print(f"derived data: {terms.ownership}; passed on to nobody", markup=False)
    out.print(f"a breach is told within {terms.security.breach_notice_hours} hours")
    corridors = Table("from", "to", "assessed by", "open until", "authorised by", "today")
    for one in terms.corridors:
        leave = one.authorisation
        corridors.add_row(
            one.from_society, one.to_society, one.destination.by, str(one.last_day),
            "not needed" if leave is None else leave.authority,
            "open" if one.pair in open_today else "closed",
        )  # fmt: skip
    out.print(corridors)
