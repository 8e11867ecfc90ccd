"""The columns of the intake's two tables, as data: what a cell may hold and when it counts.

Few fields are needed for one person: which, depends on the role, the legal basis and the age. What
a society decided for many at once stands in the intake file's defaults, in fields that allow it.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from matcher.formats.terms import LEGAL_BASES

LONGEST: Final = 1_000
"""The most characters that a cell may have."""

Kind = Literal["day", "choice", "word", "text"]


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes:
        name: Its name.
        kind: What a cell is.
        meaning: What it says, for whoever fills it in.
        choices: The words that a choice allows.
        collective: Whether the intake file's defaults may say it for many persons at once.
    """

    name: str
    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()
    collective: bool = False

    def must_be(self) -> str:
        """Say what a cell must be."""
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        return "a day such as 2026-01-31" if self.kind == "day" else "text of at most 1,000 letters"

    def read(self, cell: str) -> str | None:
        """Give a cell's value in its one spelling; None if it is not what it must be."""
        text = cell.strip()
        if self.kind == "day":
            return _day(text)
        if self.kind == "word":
            return as_word(text) if len(text) <= LONGEST else None
        if self.kind == "choice":
            word = as_word(text)
            return word if word in self.choices else None
        garbled = any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)
        return None if garbled or len(text) > LONGEST else text


def as_word(text: str) -> str:
    """Give a word of a fixed set in its one spelling: small letters, hyphens for spaces."""
    return text.strip().casefold().replace("_", "-").replace(" ", "-")


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if len(text) == len("2026-01-31") else None
    except ValueError:
        return None


_YES_NO = ("yes", "no")

ENTRY_FIELDS: Final = tuple(
    Field(*one)
    for one in (
        ("data_kind", "choice", "what the record tells; sensitive if left empty",
         ("ordinary", "sensitive"), True),
        ("basis", "choice", "the legal basis", LEGAL_BASES, True),
        ("basis_source", "text", "the law, decision or document that it rests on", (), True),
        ("basis_justification", "text", "why, where the law profile asks for it", (), True),
        ("basis_decided_by", "text", "the function of who decided", (), True),
        ("basis_decided_on", "day", "when", (), True),
        ("basis_until", "day", "the last day on which the decision holds", (), True),
        ("child", "choice", "whether the person is a child, where no birth tells",
         _YES_NO, True),
        ("assent", "choice", "whether the child assents", ("yes", "no", "too-young")),
        ("caregiver_consent", "choice", "whether the caregiver consents", _YES_NO),
        ("caregiver", "choice", "who the caregiver is",
         ("parent", "legal-guardian", "customary-caregiver", "appointed-representative")),
        ("best_interests_by", "text", "the function of who assessed the child's best interests"),
        ("best_interests_on", "day", "when"),
        ("origin_risks_on", "day", "when the risks in the country of origin were assessed"),
        ("child_wishes_on", "day", "when the child's wishes were recorded"),
        ("relationship_by", "text",
         "the function of who assessed the enquirer's relationship to the sought person"),
        ("relationship_on", "day", "when"),
        ("dependence", "choice", "whether the sought person depends on the enquirer, or he on her",
         ("none", "sought-on-enquirer", "enquirer-on-sought", "unknown")),
        ("concern", "choice", "whether there is a concern for the sought person", _YES_NO),
        ("notice", "choice", "whether the person had the information notice",
         ("given", "due", "at-first-contact"), True),
        ("notice_on", "day", "the day on which it was given, or by which it will be", (), True),
        ("contact", "choice", "the safe way to reach the person, of which nothing more is needed",
         ("phone", "message", "letter", "visit", "through-another", "office")),
        ("do_not_visit", "choice", "whether the person must not be visited", _YES_NO, True),
    )
)  # fmt: skip
"""Every field of an entry: what is decided and known about a person beside the record."""

ENTRIES: Final = {field.name: field for field in ENTRY_FIELDS}
"""The same by their names."""

ENTRY_KEYS: Final = ("record_id", "case_id")
"""Whom an entry is about: one record, or every record of a case."""

STAGES: Final = ("matching", "refinement", "disclosure", "service-feedback")
"""What a person consents to, one by one; consent to one is never consent to the next."""

CONSENT: Final = ("given", "refused", "withdrawn", "verified")
"""The events of a consent; only these have a purpose and a stage."""

EVENTS: Final = (
    *CONSENT,
    "contacted",
    "not-to-be-found", "may-be-found",
    "objected", "objection-dismissed", "objection-upheld",
    "deletion-asked", "deletion-refused", "deleted",
    "archived", "renewed",
)  # fmt: skip
"""Everything that is written down as it happens."""

EVENT_FIELDS: Final = tuple(
    Field(*one)
    for one in (
        ("on", "day", "when it happened"),
        ("event", "choice", "what happened", EVENTS),
        ("purpose", "word", "for a consent: to what, a purpose that the intake file names"),
        ("stage", "choice", "for a consent: to which stage", STAGES),
        ("language", "text", "for a consent: in which language it was explained"),
        ("form", "choice", "for a consent: how it was given",
         ("written", "spoken", "recorded", "thumbprint")),
        ("wording", "text", "for a consent: the version of the words that were used"),
        ("support", "choice", "for a consent: who helped to understand",
         ("none", "interpreter", "reader", "trusted-person", "guardian")),
    )
)  # fmt: skip
"""Every field of an event; `record_id` says whose it is."""
