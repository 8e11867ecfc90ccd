"""Options that commands of every kind have; nothing heavy is loaded for them."""

from pathlib import Path
from typing import Annotated

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
AgreementFile = Annotated[
    Path, typer.Argument(show_default=False, help="The agreement's TOML file.")
]
AgreementOption = Annotated[Path, typer.Option("--agreement", help="The agreement's TOML file.")]
KeysOption = Annotated[Path, typer.Option("--keys", help="The agreement's sealed key file.")]
