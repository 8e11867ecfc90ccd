"""The command line: one for tracing units, the linkage unit and analysts alike."""

from importlib.metadata import version
from typing import Annotated

import typer

from matcher.cli import agreements as agreement_commands
from matcher.cli import (
    analyst,
    connecting,
    console,
    deciding,
    identities,
    intake,
    linkage,
    operating,
    passphrases,
    remote,
    requesting,
    rights,
    serving,
    society,
)
from matcher.cli import keys as key_commands
from matcher.cli.attack import attack
from matcher.cli.demonstration import demo
from matcher.cli.exposure import exposure
from matcher.cli.labelling import label
from matcher.cli.refining import refine, weigh
from matcher.cli.tuning import tune

app = typer.Typer(
    help="Privacy-preserving record matching for family tracing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
agreements = typer.Typer(help="Agreements between societies and a linkage unit.")
keys = typer.Typer(help="Keys of an agreement; the linkage unit never has them.")
intakes = typer.Typer(help="What must be known and decided before anything is encoded.")
identity = typer.Typer(help="Who you are to the others: signing and encryption keys.")
audit = typer.Typer(help="The linkage unit's audit log.")
users = typer.Typer(help="Who may use the linkage unit's service.")
tokens = typer.Typer(help="Tokens that open the linkage unit's service.")
rights_app = typer.Typer(help="People's rights: what they asked for, and what was done.")
config = typer.Typer(help="The linkage unit's settings, keys and database.")
passphrase = typer.Typer(help="Passphrases in the operating system's keyring.")

app.command("check")(society.check)
app.add_typer(intakes, name="intake", no_args_is_help=True)
intakes.command("new")(intake.intake_new)
app.command("notify")(intake.notify)
app.add_typer(agreements, name="agreement", no_args_is_help=True)
agreements.command("terms")(agreement_commands.agreement_terms)
agreements.command("new")(agreement_commands.agreement_new)
agreements.command("show")(agreement_commands.agreement_show)
agreements.command("thresholds")(agreement_commands.agreement_thresholds)
agreements.command("rotate")(agreement_commands.agreement_rotate)
agreements.command("admit")(serving.agreement_admit)
agreements.command("renew")(agreement_commands.agreement_renew)
app.add_typer(identity, name="identity", no_args_is_help=True)
identity.command("new")(identities.identity_new)
identity.command("show")(identities.identity_show)
app.add_typer(passphrase, name="passphrase", no_args_is_help=True)
passphrase.command("remember")(passphrases.passphrase_remember)
passphrase.command("forget")(passphrases.passphrase_forget)
app.add_typer(keys, name="keys", no_args_is_help=True)
keys.command("new")(key_commands.keys_new)
keys.command("ask")(key_commands.keys_ask)
keys.command("offer")(key_commands.keys_offer)
keys.command("accept")(key_commands.keys_accept)
keys.command("confirm")(key_commands.keys_confirm)
keys.command("show")(key_commands.keys_show)
keys.command("rotate")(key_commands.keys_rotate)
app.command("encode")(society.encode)
app.command("match")(linkage.match_batches)
app.command("refine")(refine)
app.command("weigh")(weigh)
app.command("retire")(linkage.retire)
app.command("nightly")(operating.nightly)
app.command("worker")(operating.worker)
app.add_typer(rights_app, name="rights", no_args_is_help=True)
rights_app.command("open")(requesting.rights_open)
rights_app.command("step")(requesting.rights_step)
rights_app.command("list")(requesting.rights_list)
rights_app.command("export")(requesting.rights_export)
rights_app.command("apply")(rights.apply_notice)
rights_app.command("prove-deleted")(rights.prove_deleted)
app.command("breach")(rights.breach)
app.add_typer(audit, name="audit", no_args_is_help=True)
audit.command("verify")(operating.audit_verify)
audit.command("sign")(operating.audit_sign)
app.command("serve")(serving.serve)
app.command("emblem")(serving.emblem)
app.add_typer(users, name="user", no_args_is_help=True)
users.command("add")(serving.user_add)
users.command("close")(serving.user_close)
users.command("train")(serving.user_train)
users.command("duty")(serving.user_duty)
users.command("list")(serving.user_list)
app.add_typer(tokens, name="token", no_args_is_help=True)
tokens.command("new")(serving.token_new)
tokens.command("revoke")(serving.token_revoke)
tokens.command("remember")(connecting.token_remember)
app.command("backup")(operating.backup)
app.command("restore")(operating.restore)
app.add_typer(config, name="config", no_args_is_help=True)
config.command("init")(operating.config_init)
config.command("check")(operating.config_check)
app.command("results")(remote.results)
app.command("submit")(remote.submit)
app.command("status")(remote.status)
app.command("withdraw")(remote.withdraw)
app.command("decide")(remote.decide)
app.command("disclosure")(remote.disclosure)
app.command("rehearse")(analyst.rehearse)
app.command("dataset")(analyst.dataset)
app.command("tune")(tune)
app.command("label")(label)
app.command("attack")(attack)
app.command("exposure")(exposure)
app.command("demo")(demo)


sharing = typer.Typer(help="The sharing decision tree, and what was decided.")
requests = typer.Typer(help="Requests for data by who is no humanitarian.")
app.add_typer(sharing, name="sharing", no_args_is_help=True)
sharing.command("decide")(deciding.sharing_decide)
sharing.command("questions")(deciding.sharing_questions)
sharing.command("list")(deciding.sharing_list)
app.add_typer(requests, name="requests", no_args_is_help=True)
requests.command("add")(deciding.requests_add)
requests.command("commission")(deciding.requests_commission)
requests.command("decide")(deciding.requests_decide)
requests.command("list")(deciding.requests_list)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("kinmatch"))
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Privacy-preserving record matching for family tracing."""


def main() -> None:
    """Run the command line."""
    console.run(app)
