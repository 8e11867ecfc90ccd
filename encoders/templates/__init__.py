"""Texts that a society gives to people, or fills in: made from its agreement and its law profile.

    text = make("information-notice", agreement, law, language="fr")

A language is one file, `en.toml` and so on, with the same texts and the same blanks; who adds one
translates that file. A file has a version, which stands at the foot of every text with the
agreement's digest: so it can be told later which words a person was given.
"""

import re
import string
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from encoders.protection.law import LawProfile
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, ParameterError

NAMES: Final = (
    "information-notice",
    "right-to-object",
    "archiving-policy",
    "retention-schedule",
    "legal-framework",
    "data-sharing-agreement",
    "consent-script",
)
"""The texts that there are."""

FORMAT: Final = "kinmatch-templates/1"
"""The format of a language's file."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


def languages() -> list[str]:
    """Give the languages that there are, by their ISO 639 codes, in order."""
    names = (path.name for path in files("encoders.templates").iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def make(name: str, agreement: Agreement, law: LawProfile, *, language: str = "en") -> str:
    """Make a text in plain language.

    Args:
        name: One of `NAMES`.
        agreement: With its terms.
        law: The law profile of the society whose text it is.
        language: An ISO 639 code, one of `languages()`.

    Returns:
        The text, in Markdown; blanks that nobody but the society can fill are marked `[…]`.

    Raises:
        ParameterError: There is no such text or language.
        AgreementError: The society is no party, or the agreement has no terms.
    """
    if name not in NAMES:
        raise ParameterError(f"A template is one of {', '.join(NAMES)}.")
    agreement.require_party(law.society)
    if agreement.terms is None:
        raise AgreementError(
            "The agreement has no terms, so it says of nothing why it is done; draw it up with "
            "'kinmatch agreement terms'."
        )
    words = catalogue(language)
    blanks = _blanks(agreement, law, words)
    text = words["texts"][name]
    parts = [f"# {text['title']}", *(part.strip() for part in text["parts"]), words["foot"]]
    return "\n\n".join(string.Template(part).substitute(blanks) for part in parts) + "\n"


def catalogue(language: str) -> dict[str, Any]:
    """Read a language's file.

    Raises:
        ParameterError: There is none.
    """
    if not _LANGUAGE.fullmatch(language) or language not in languages():
        raise ParameterError(f"The languages are {', '.join(languages())}.")
    content = files("encoders.templates").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(content)


def _blanks(agreement: Agreement, law: LawProfile, words: Mapping[str, Any]) -> dict[str, str]:
    terms = agreement.terms
    assert terms is not None  # noqa: S101  # looked at by `make`
    verified = words["never"]
    if law.verify_consent_days is not None:
        verified = string.Template(words["after_days"]).substitute(days=law.verify_consent_days)
    accepted = [basis for basis in agreement.legal_bases if law.gives(basis, sensitive=False)]
    return {
        "society": law.society,
        "partners": ", ".join(one for one in agreement.parties if one != law.society),
        "parties": ", ".join(agreement.parties),
        "unit": agreement.linkage_unit,
        "agreement": agreement.agreement_id,
        "digest": agreement.digest,
        "version": str(words["version"]),
        "first_day": str(agreement.valid_from),
        "last_day": str(agreement.valid_until),
        "retention_days": str(agreement.retention_days),
        "majority": str(law.majority),
        "notice_days": str(law.notice_days),
        "verified": verified,
        "breach_hours": str(terms.security.breach_notice_hours),
        "ownership": terms.ownership,
        "bases": _listed(words["bases"][basis] for basis in accepted),
        "law": _listed(_of_law(basis, law, words) for basis in words["bases"]),
        "purposes": _listed(
            f"{one.benefit} ({', '.join(one.recipients)})" for one in terms.purposes
        ),
        "corridors": _listed(
            f"{one.from_society} → {one.to_society}: {one.destination.finding} "
            f"({one.destination.review_by})"
            for one in terms.corridors
        ),
    }


def _of_law(basis: str, law: LawProfile, words: Mapping[str, Any]) -> str:
    given = [
        words["yes"] if law.gives(basis, sensitive=sensitive) else words["no"]
        for sensitive in (False, True)
    ]
    why = words["yes"] if law.asks_why(basis) else words["no"]
    return string.Template(words["basis_line"]).substitute(
        basis=words["bases"][basis], ordinary=given[0], sensitive=given[1], why=why
    )


def _listed(lines: Any) -> str:
    return "\n".join(f"- {line}" for line in lines)
