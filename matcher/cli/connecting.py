"""How a society's commands reach the service: options, the settings file, the token."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, Final

import keyring
import typer
from keyring.errors import KeyringError

from encoders.client.connection import Connection, read_token
from encoders.client.generated import Operations
from encoders.client.pending import pending
from matcher.cli import console
from matcher.formats.errors import InputError, OutputError, ParameterError

USUAL_FILE: Final = Path("society.toml")
_KEYRING: Final = "kinmatch service"

ServiceOption = Annotated[
    str | None,
    typer.Option("--service", help="The service's address, https://…; else as --society says."),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file", help="File with your token, for you alone; else the keyring's is used."
    ),
]
AuthoritiesOption = Annotated[
    Path | None,
    typer.Option(
        "--authorities", help="PEM file of certificate authorities to trust, not the system's."
    ),
]
SocietyOption = Annotated[
    Path | None,
    typer.Option(
        "--society",
        help="TOML file with service, token_file and authorities; society.toml if it is here.",
    ),
]


@dataclass(frozen=True)
class Service:
    """Where a command finds the service: its options, and the settings file, over which they win.

    Attributes:
        address: The service's address.
        token_file: The file with the token.
        authorities: The certificate authorities to trust.
        settings: The settings file.
    """

    address: str | None
    token_file: Path | None
    authorities: Path | None
    settings: Path | None

    def connection(self) -> Connection:
        """Put options and the settings file together.

        Raises:
            ParameterError: Nothing says where the service is, or its address is not what it must
                be.
            InputError: The settings file can't be read, or is not what it must be.
        """
        path = self.settings or (USUAL_FILE if USUAL_FILE.is_file() else None)
        settings = Connection.read(path) if path else None
        address = self.address or (settings.service if settings else None)
        if address is None:
            raise ParameterError(
                f"Nothing says where the service is: give --service, or write it into {USUAL_FILE}."
            )
        return Connection(
            service=address,
            token_file=self.token_file or (settings.token_file if settings else None),
            authorities=self.authorities or (settings.authorities if settings else None),
            notices=settings.notices if settings else (),
        )

    @contextmanager
    def connected(self) -> Iterator[Operations]:
        """Give the service's operations, for the length of the block; waiting notices go first.

        Raises:
            InputError: There is no token, or others can read it.
            ParameterError: Nothing says where the service is, or its address is not what it must
                be.
        """
        transports = import_module("encoders.client.transport")  # httpx takes a moment to load
        found = self.connection()
        token = read_token(found.token_file) if found.token_file else _remembered(found.service)
        with transports.HttpTransport(
            found.service, token, authorities=found.authorities
        ) as transport:
            operations = Operations(transport)
            for path in pending(operations, found.notices):
                console.say(f"{path}: was waiting, and goes first.")
                operations.notices_sent(path.read_bytes())
            yield operations


def with_service(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say where the service is.

    Args:
        command: A function whose first parameter is the `Service`, with no annotation that the
            command line would read.

    Returns:
        The command as the command line calls it, with the four options after its own.
    """
    _, *own = signature(command).parameters.values()
    options = {
        "service": ServiceOption,
        "token_file": TokenFileOption,
        "authorities": AuthoritiesOption,
        "society": SocietyOption,
    }

    @wraps(command)
    def called(**given: Any) -> None:
        command(Service(*(given.pop(name) for name in options)), **given)

    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in options.items()
    ]
    vars(called)["__signature__"] = signature(command).replace(parameters=[*own, *added])
    return called


def _remembered(service: str) -> str:
    try:
        token = keyring.get_password(_KEYRING, service)
    except KeyringError:
        token = None
    if token is None:
        raise InputError(
            "There is no token: give --token-file, or let the keyring have it with 'kinmatch token "
            "remember'."
        )
    return token


def token_remember(
    token_file: Annotated[Path, typer.Argument(show_default=False, help="File with the token.")],
    service: ServiceOption = None,
    society: SocietyOption = None,
) -> None:
    """Give the operating system's keyring your token to remember; delete the file then."""
    found = Service(service, token_file, None, society).connection()
    try:
        keyring.set_password(_KEYRING, found.service, read_token(token_file))
    except KeyringError:
        raise OutputError(
            "The operating system has no keyring, or it is locked; go on using --token-file."
        ) from None
    console.say(f"The keyring has the token for {found.service}; delete {token_file} now.")
