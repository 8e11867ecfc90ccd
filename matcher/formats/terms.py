"""The data-protection terms of an agreement: what societies undertake before anything is compared.

An agreement without terms is one of a rehearsal, where nothing travels. All others say of each
purpose what it is good for, of each corridor on which conditions data may go there, who assessed
the destination and until when, and where the law asks for it, which authority allowed it. A form
to fill in is `blank`; a form with a gap is refused with every gap named.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from matcher.formats.errors import AgreementError
from matcher.formats.files import written_whole
from matcher.formats.identity import Slug
from matcher.formats.rulebook import refuse
from matcher.formats.tomlfile import parse_toml
from matcher.formats.wording import is_loose

if TYPE_CHECKING:
    from matcher.formats.agreement import Agreement

FORMAT: Final = "kinmatch-terms/1"
"""The format's name and version, which every file of terms carries."""

CONDITIONS: Final = ("a", "b", "c", "d", "e", "f", "g")
"""The transfer conditions of article 17 of the RET rules, by their letters.

Their wording is not repeated here. Whether all of them or some have to be met is read in the rules;
here each has to be answered: how it is met, or why it does not apply.
"""

LEGAL_BASES: Final = (
    "consent", "vital-interest", "public-interest", "legitimate-interest", "agreement",
    "legal-obligation", "best-interests-of-the-child", "mandate", "safety-and-security",
)  # fmt: skip
"""The legal bases that an agreement may accept."""

_MOST_HOURS: Final = 72

_Said = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=1_000, pattern=r"^[^\n]*$"),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PurposeTerms(_Part):
    """What one purpose of an agreement is.

    Attributes:
        name: Its name in the agreement.
        benefit: What it does for the persons whose data are used.
        recipients: The functions of those who get to see results.
    """

    name: Slug
    benefit: _Said
    recipients: Annotated[tuple[_Said, ...], Field(min_length=1)]


class Undertakings(_Part):
    """What every party undertakes for security.

    Attributes:
        encrypted: Data are encrypted on the way and where they lie.
        access_logged: Every access is logged.
        trained_staff: Only people with current training get access.
        breach_notice_hours: Hours within which the other parties are told of a breach.
    """

    encrypted: Literal[True]
    access_logged: Literal[True]
    trained_staff: Literal[True]
    breach_notice_hours: int = Field(ge=1, le=_MOST_HOURS, strict=True)


class Assessment(_Part):
    """What was found about the place that data go to.

    Attributes:
        finding: What was found, in a sentence.
        by: Who assessed it: a function, no name.
        on: The day.
        review_by: The last day on which it counts.
    """

    finding: _Said
    by: _Said
    on: date
    review_by: date


class Authorisation(_Part):
    """A supervisory authority's leave for a corridor.

    Attributes:
        authority: Which authority.
        reference: By what the authority knows it.
        valid_from: Its first day.
        valid_until: Its last day.
    """

    authority: _Said
    reference: _Said
    valid_from: date
    valid_until: date


class CorridorTerms(_Part):
    """On which terms data may go from one society to another.

    Attributes:
        from_society: Whose data.
        to_society: To whom.
        conditions: For each of `CONDITIONS` how it is met, or why it does not apply.
        destination: The assessment of the destination.
        authorisation: The supervisory authority's, where one is needed.
        authorisation_not_needed: Why none is needed; given exactly where `authorisation` is not.
    """

    from_society: Slug
    to_society: Slug
    conditions: dict[Literal["a", "b", "c", "d", "e", "f", "g"], _Said]
    destination: Assessment
    authorisation: Authorisation | None = Field(default=None, exclude_if=lambda one: one is None)
    authorisation_not_needed: _Said | None = Field(default=None, exclude_if=lambda one: one is None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.conditions) != len(CONDITIONS):
            raise ValueError("'conditions' must answer each of a to g")
        if (self.authorisation is None) == (self.authorisation_not_needed is None):
            raise ValueError("must have 'authorisation', or 'authorisation_not_needed' with why")
        return self

    @property
    def pair(self) -> tuple[str, str]:
        """From whom to whom."""
        return self.from_society, self.to_society

    @property
    def first_day(self) -> date:
        """The first day on which data may go there."""
        leave = self.authorisation
        return self.destination.on if leave is None else max(self.destination.on, leave.valid_from)

    @property
    def last_day(self) -> date:
        """The last day on which data may go there."""
        leave, ends = self.authorisation, self.destination.review_by
        return ends if leave is None else min(ends, leave.valid_until)


class Terms(_Part):
    """All data-protection terms of an agreement.

    Attributes:
        format: Format name and version.
        purposes: What each purpose of the agreement is.
        no_onward_transfer: Nobody passes on what it gets.
        ownership: Whose the derived data are: candidates, evidence, statistics.
        security: What every party undertakes.
        corridors: The terms of each corridor of the agreement.
    """

    format: Literal["kinmatch-terms/1"] = FORMAT
    purposes: Annotated[tuple[PurposeTerms, ...], Field(min_length=1)]
    no_onward_transfer: Literal[True]
    ownership: _Said
    security: Undertakings
    corridors: Annotated[tuple[CorridorTerms, ...], Field(min_length=1)]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read terms from a TOML file.

        Raises:
            AgreementError: The file can't be read or is no file of terms.
            GateError: Terms are missing or not what they must be; the message names all of them.
        """
        fields = parse_toml(path, "the terms of an agreement")
        if fields.get("format") != FORMAT:
            raise AgreementError(f"{path}: no terms of an agreement; this release reads {FORMAT}.")
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            gaps = ", ".join(f"'{name}'" for name in gaps_of(error))
        raise refuse("agreement.terms-complete", f"{path}: {gaps} must be answered.")

    def write(self, path: Path) -> None:
        """Write the terms as a TOML file.

        Raises:
            OutputError: The file can't be written.
        """
        with written_whole(path) as aside:
            aside.write_text(tomli_w.dumps(self.model_dump()), encoding="utf-8", newline="\n")

    def of(self, corridor: tuple[str, str]) -> CorridorTerms | None:
        """Give the terms of a corridor; None if there are none."""
        return next((one for one in self.corridors if one.pair == corridor), None)

    @classmethod
    def of_fiction(
        cls,
        corridors: Iterable[tuple[str, str]],
        purposes: Iterable[str],
        first_day: date,
        last_day: date,
    ) -> Self:
        """Make the terms of an agreement about people who do not exist: demonstrations and tests.

        Args:
            corridors: The agreement's corridors.
            purposes: Its purposes.
            first_day: Its first day, on which all is assessed.
            last_day: Its last day, until which it counts.
        """
        nobody = "fictional people alone"
        return cls(
            purposes=tuple(
                PurposeTerms(name=name, benefit=f"none: {nobody}", recipients=("readers",))
                for name in purposes
            ),
            no_onward_transfer=True,
            ownership=nobody,
            security=Undertakings(
                encrypted=True, access_logged=True, trained_staff=True,
                breach_notice_hours=_MOST_HOURS,
            ),
            corridors=tuple(
                CorridorTerms(
                    from_society=start,
                    to_society=end,
                    conditions=dict.fromkeys(CONDITIONS, nobody),
                    destination=Assessment(
                        finding=nobody, by="demonstration", on=first_day, review_by=last_day
                    ),
                    authorisation_not_needed=nobody,
                )
                for start, end in corridors
            ),
        )  # fmt: skip


def gaps_of(error: ValidationError) -> list[str]:
    """The fields at fault, each once, as `corridors.0.conditions.g`."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return list(dict.fromkeys(".".join(map(str, one["loc"])) or "terms" for one in problems))


def write_blank(path: Path, corridors: Iterable[tuple[str, str]], purposes: Iterable[str]) -> None:
    """Write a form of terms to fill in: as it is, it is refused.

    Args:
        path: The TOML file to write.
        corridors: The corridors that the agreement will have.
        purposes: Its purposes.

    Raises:
        OutputError: The file can't be written.
    """
    with written_whole(path) as aside:
        text = _HEAD + tomli_w.dumps(_blank(corridors, purposes))
        aside.write_text(text, encoding="utf-8", newline="\n")


_HEAD = """\
# Terms of an agreement between societies. Fill in every "" and set every false to true once it is
# so; dates are like 2026-12-31. Conditions a to g are those of article 17 of the RET rules on
# personal data protection: for each how it is met, or why it does not apply. Where no supervisory
# authority has to allow a corridor, say why. Where one has, put in its place:
#   [corridors.authorisation]
#   authority = ""
#   reference = ""
#   valid_from = 2026-01-01
#   valid_until = 2026-12-31

"""


def _blank(corridors: Iterable[tuple[str, str]], purposes: Iterable[str]) -> Mapping[str, Any]:
    return {
        "format": FORMAT,
        "no_onward_transfer": False,
        "ownership": "",
        "purposes": [{"name": name, "benefit": "", "recipients": [""]} for name in purposes],
        "security": {
            "encrypted": False,
            "access_logged": False,
            "trained_staff": False,
            "breach_notice_hours": _MOST_HOURS,
        },
        "corridors": [
            {
                "from_society": start,
                "to_society": end,
                "authorisation_not_needed": "",
                "conditions": dict.fromkeys(CONDITIONS, ""),
                "destination": {"finding": "", "by": "", "on": "", "review_by": ""},
            }
            for start, end in corridors
        ],
    }


def require_terms(agreement: "Agreement") -> Terms:
    """Let an agreement pass that has all its terms; give them.

    Raises:
        GateError: It has none, a purpose is not specific, or a legal basis is none.
    """
    if agreement.terms is None:
        raise refuse(
            "agreement.terms-complete", f"Agreement {agreement.agreement_id} has no terms."
        )
    require_specific(agreement.terms.purposes)
    require_known_bases(agreement.legal_bases)
    return agreement.terms


def require_corridor(agreement: "Agreement", society: str, on: date) -> None:
    """Let a society's records pass where a corridor from or to it is open.

    Args:
        agreement: The agreement.
        society: Whose records.
        on: The day.

    Raises:
        GateError: None is open that day.
    """
    if not any(society in corridor for corridor in agreement.open_corridors(on)):
        raise refuse(
            "corridor.open",
            f"Agreement {agreement.agreement_id} has no corridor from or to {society} that is "
            f"open on {on}.",
        )


def require_specific(purposes: Iterable[PurposeTerms]) -> None:
    """Let purposes pass that say what is done for whom.

    Raises:
        GateError: A purpose's name or benefit is too broad or vague to say so.
    """
    for one in purposes:
        named = one.name.replace("-", " ")
        # A benefit may speak of others; a purpose that is called so is none.
        if "other" in named.split() or is_loose(f"{named} {one.benefit}"):
            raise refuse("agreement.purpose-specific", f"Purpose '{one.name}' is too broad.")


def require_known_bases(bases: Iterable[str]) -> None:
    """Let legal bases pass that the rules know.

    Raises:
        GateError: One is not known.
    """
    for basis in bases:
        if basis not in LEGAL_BASES:
            raise refuse(
                "agreement.basis-known",
                f"'{basis}' is none of the legal bases: {', '.join(LEGAL_BASES)}.",
            )
