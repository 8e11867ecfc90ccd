"""Commands for identities: who a society or a linkage unit is to the others."""

import json
from pathlib import Path
from typing import Annotated

import typer

from matcher.cli import console
from matcher.cli.passphrases import PassphraseFd
from matcher.formats.errors import KeyFileError
from matcher.formats.identity import Identity, PublicIdentity, public_identity_in
from matcher.formats.secretfile import refuse_to_replace

IdentityOption = Annotated[Path, typer.Option("--identity", help="Your sealed identity.")]


def identity_new(
    name: Annotated[str, typer.Argument(show_default=False, help="Your name in agreements.")],
    out: Annotated[Path, typer.Option(help="The sealed identity to write; it stays with you.")],
    public: Annotated[Path, typer.Option(help="The public identity to write; everybody may see.")],
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Draw the signing and encryption keys of a society or a linkage unit."""
    refuse_to_replace(out)
    refuse_to_replace(public)
    made = Identity.generate(name)
    made.seal(out, console.read_passphrase(passphrase_fd, confirm=True))
    made.public.write(public)
    console.say(
        f"{out} stays with you, {public} goes to whoever draws up the agreement. Read the "
        f"fingerprint aloud to them: {made.public.fingerprint}"
    )


def identity_show(
    file: Annotated[Path, typer.Argument(show_default=False, help="Sealed or public identity.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show a public identity and its fingerprint, to be compared by voice."""
    try:
        found = public_identity_in(file)
    except KeyFileError:
        found = PublicIdentity.read(file)
    if as_json:
        console.print_json(
            {**json.loads(found.model_dump_json()), "fingerprint": found.fingerprint}
        )
    else:
        console.out.print(f"{found.name}: {found.fingerprint}", highlight=False, soft_wrap=True)
