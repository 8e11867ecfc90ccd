"""The command line: one for tracing units, the linkage unit and analysts alike."""

from importlib.metadata import version
from typing import Annotated

import typer

from matcher.cli import console
from matcher.cli.later import later

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
indicators = typer.Typer(help="Key monitoring indicators of data protection.")
rights_app = typer.Typer(help="People's rights: what they asked for, and what was done.")
review = typer.Typer(help="Your records' review dates, and the archive of what is out of use.")
config = typer.Typer(help="The linkage unit's settings, keys and database.")
passphrase = typer.Typer(help="Passphrases in the operating system's keyring.")

later(app, "check", "society", "check")
app.add_typer(intakes, name="intake", no_args_is_help=True)
later(intakes, "new", "intake", "intake_new")
later(app, "notify", "intake", "notify")
app.add_typer(agreements, name="agreement", no_args_is_help=True)
later(agreements, "terms", "agreements", "agreement_terms")
later(agreements, "new", "agreements", "agreement_new")
later(agreements, "show", "agreements", "agreement_show")
later(agreements, "thresholds", "choosing", "agreement_thresholds")
later(agreements, "rotate", "agreements", "agreement_rotate")
later(agreements, "admit", "serving", "agreement_admit")
later(agreements, "renew", "agreements", "agreement_renew")
app.add_typer(identity, name="identity", no_args_is_help=True)
later(identity, "new", "identities", "identity_new")
later(identity, "show", "identities", "identity_show")
app.add_typer(passphrase, name="passphrase", no_args_is_help=True)
later(passphrase, "remember", "passphrases", "passphrase_remember")
later(passphrase, "forget", "passphrases", "passphrase_forget")
app.add_typer(keys, name="keys", no_args_is_help=True)
later(keys, "new", "keys", "keys_new")
later(keys, "ask", "keys", "keys_ask")
later(keys, "offer", "keys", "keys_offer")
later(keys, "accept", "keys", "keys_accept")
later(keys, "confirm", "keys", "keys_confirm")
later(keys, "show", "keys", "keys_show")
later(keys, "rotate", "rotating", "keys_rotate")
later(app, "encode", "society", "encode")
later(app, "match", "linkage", "match_batches")
later(app, "refine", "refining", "refine")
later(app, "weigh", "refining", "weigh")
later(app, "retire", "linkage", "retire")
later(app, "nightly", "operating", "nightly")
later(app, "worker", "operating", "worker")
app.add_typer(rights_app, name="rights", no_args_is_help=True)
later(rights_app, "open", "requesting", "rights_open")
later(rights_app, "step", "requesting", "rights_step")
later(rights_app, "list", "requesting", "rights_list")
later(rights_app, "export", "requesting", "rights_export")
later(rights_app, "apply", "rights", "apply_notice")
later(rights_app, "prove-deleted", "rights", "prove_deleted")
app.add_typer(review, name="review", no_args_is_help=True)
later(review, "due", "reviewing", "review_due")
later(review, "archive", "reviewing", "review_archive")
later(review, "read", "reviewing", "review_read")
later(review, "erase", "reviewing", "review_erase")
later(review, "list", "reviewing", "review_list")
later(app, "template", "templating", "template")
later(app, "breach", "rights", "breach")
app.add_typer(indicators, name="indicators", no_args_is_help=True)
later(indicators, "form", "rights", "indicators_form")
later(indicators, "report", "rights", "indicators_report")
app.add_typer(audit, name="audit", no_args_is_help=True)
later(audit, "verify", "operating", "audit_verify")
later(audit, "sign", "operating", "audit_sign")
later(app, "serve", "serving", "serve")
later(app, "emblem", "serving", "emblem")
app.add_typer(users, name="user", no_args_is_help=True)
later(users, "add", "serving", "user_add")
later(users, "close", "serving", "user_close")
later(users, "train", "serving", "user_train")
later(users, "duty", "serving", "user_duty")
later(users, "list", "serving", "user_list")
app.add_typer(tokens, name="token", no_args_is_help=True)
later(tokens, "new", "serving", "token_new")
later(tokens, "revoke", "serving", "token_revoke")
later(tokens, "remember", "connecting", "token_remember")
later(app, "backup", "operating", "backup")
later(app, "restore", "operating", "restore")
app.add_typer(config, name="config", no_args_is_help=True)
later(config, "init", "operating", "config_init")
later(config, "check", "operating", "config_check")
later(app, "results", "naming", "results")
later(app, "submit", "remote", "submit")
later(app, "status", "remote", "status")
later(app, "withdraw", "remote", "withdraw")
later(app, "send", "remote", "send")
later(app, "decide", "remote", "decide")
later(app, "disclosure", "remote", "disclosure")
later(app, "rehearse", "analyst", "rehearse")
later(app, "dataset", "labelled", "dataset")
later(app, "tune", "tuning", "tune")
later(app, "label", "labelling", "label")
later(app, "attack", "attack", "attack")
later(app, "exposure", "exposure", "exposure")
later(app, "demo", "demonstration", "demo")


sharing = typer.Typer(help="The sharing decision tree, and what was decided.")
requests = typer.Typer(help="Requests for data by who is no humanitarian.")
app.add_typer(sharing, name="sharing", no_args_is_help=True)
later(sharing, "answer", "sharing", "sharing_answer")
later(sharing, "questions", "sharing", "sharing_questions")
later(sharing, "decide", "deciding", "sharing_decide")
later(sharing, "list", "deciding", "sharing_list")
app.add_typer(requests, name="requests", no_args_is_help=True)
later(requests, "add", "deciding", "requests_add")
later(requests, "commission", "deciding", "requests_commission")
later(requests, "decide", "deciding", "requests_decide")
later(requests, "list", "deciding", "requests_list")


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
