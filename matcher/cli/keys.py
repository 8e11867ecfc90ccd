"""Commands for an agreement's keys: drawn by one society, taken over by the others."""

from pathlib import Path
from typing import Annotated

import typer

from encoders.keys import Keys
from matcher.cli import console
from matcher.cli.passphrases import PassphraseFd
from matcher.cli.society import Existing
from matcher.formats.agreement import Agreement

NewKeys = Annotated[Path, typer.Option(help="The key file to write; it must not be there yet.")]


def keys_new(agreement: Existing, out: NewKeys, passphrase_fd: PassphraseFd = None) -> None:
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
