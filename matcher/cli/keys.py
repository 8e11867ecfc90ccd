"""Commands for an agreement's keys: drawn by one society, taken over by the others, rotated."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from encoders import exchange
from encoders.keys import Keys
from matcher.cli import console
from matcher.cli.identities import IdentityOption
from matcher.cli.options import AgreementFile, AgreementOption, KeysOption
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity

Pending = Annotated[Path, typer.Option(help="File that keeps what your ask needs; stays with you.")]
Message = Annotated[Path, typer.Option(help="The message to write; it may go by any way.")]
NewKeys = Annotated[Path, typer.Option(help="The key file to write; it must not be there yet.")]


def keys_new(agreement: AgreementFile, out: NewKeys, passphrase_fd: PassphraseFd = None) -> None:
    """Draw the keys of an agreement's newest key epoch, sealed with a passphrase.

    The passphrase is asked for, or read from a file descriptor; it is never an argument.
    """
    under = Agreement.read(agreement)
    passphrase = console.read_passphrase(passphrase_fd, confirm=True)
    Keys.generate(under).seal(out, passphrase)
    console.say(
        f"{out}: keys of agreement {under.agreement_id}, epoch {under.key_epoch}. Bring them to "
        "the other societies with kinmatch keys offer, and to the linkage unit never."
    )


def keys_ask(
    agreement: AgreementFile,
    identity: IdentityOption,
    pending: Pending,
    out: Message,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Ask another society for the agreement's keys."""
    passphrases = Passphrases(passphrase_fd)
    own = passphrases.open(identity, partial(Identity.open, identity))
    exchange.ask(out, pending, passphrases.last, identity=own, agreement=Agreement.read(agreement))
    console.say(f"{out}: send it to the society that has the keys. {pending} stays with you.")


def keys_offer(
    asks: Annotated[list[Path], typer.Argument(show_default=False, help="The others' asks.")],
    agreement: AgreementOption,
    keys: KeysOption,
    identity: IdentityOption,
    out: Message,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Offer the agreement's keys to the societies that asked, and to nobody else."""
    under = Agreement.read(agreement)
    passphrases = Passphrases(passphrase_fd)
    own = passphrases.open(identity, partial(Identity.open, identity))
    held = passphrases.open(keys, lambda words: Keys.open(keys, words, under))
    made = exchange.offer(asks, out, keys=held, identity=own, agreement=under)
    console.say(f"{out}: for {', '.join(made.wrapped)}. The keys' digits: {held.check}")


def keys_accept(
    offer: Annotated[Path, typer.Argument(show_default=False, help="The other's offer.")],
    agreement: AgreementOption,
    identity: IdentityOption,
    pending: Pending,
    keys: NewKeys,
    out: Message,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Take over the keys that were offered, sealed with your identity's passphrase."""
    passphrases = Passphrases(passphrase_fd)
    own = passphrases.open(identity, partial(Identity.open, identity))
    held = exchange.accept(
        offer,
        pending,
        passphrases.last,
        out,
        keys,
        identity=own,
        agreement=Agreement.read(agreement),
    )
    console.say(
        f"{keys}: the keys are yours. Send {out} back, and read the keys' digits aloud to the "
        f"society that offered them: {held.check}"
    )


def keys_confirm(
    confirmations: Annotated[
        list[Path], typer.Argument(show_default=False, help="The others' confirmations.")
    ],
    agreement: AgreementOption,
    keys: KeysOption,
    offer: Annotated[Path, typer.Option(help="Your offer.")],
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Check that everybody who is to have the keys has them."""
    under = Agreement.read(agreement)
    held = Passphrases(passphrase_fd).open(keys, lambda words: Keys.open(keys, words, under))
    missing = exchange.missing_after(confirmations, offer, keys=held, agreement=under)
    console.say(f"Missing: {', '.join(missing)}." if missing else "Everybody has the keys.")


def keys_show(
    keys: Annotated[Path, typer.Argument(show_default=False, help="The sealed key file.")],
    agreement: AgreementOption,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Show the digits of the keys, to be compared by voice; they tell nothing of the keys."""
    under = Agreement.read(agreement)
    held = Passphrases(passphrase_fd).open(keys, lambda words: Keys.open(keys, words, under))
    console.out.print(held.check, highlight=False)
