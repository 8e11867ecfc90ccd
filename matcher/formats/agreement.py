"""The contract under which societies let their fingerprints be compared, as one TOML file.

An agreement says who takes part, by which public keys each is known, for which purposes, on which
legal bases, for how long, under which scheme and key epochs. Keys, batches and candidates all name
it by its id and its digest, so that nothing made under one agreement is ever compared under
another.

A new key epoch amends the agreement: the id stays, the digest is another, and the amended agreement
lists the digests of those it amends, whose batches it covers as long as their epoch lasts.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise, permutations
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from matcher.formats.errors import AgreementError
from matcher.formats.files import written_whole
from matcher.formats.identity import PublicIdentity, Slug
from matcher.formats.scheme import Scheme
from matcher.formats.terms import Terms
from matcher.formats.thresholds import ChosenBands, Thresholds
from matcher.formats.tomlfile import parse_toml
from matcher.formats.validation import problems_of

FORMAT: Final = "kinmatch-agreement/1"
"""The format's name and version, which every agreement file carries."""

_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_Terms = Annotated[tuple[Slug, ...], Field(min_length=1)]
_Ceiling = Annotated[
    float | None,
    Field(gt=0, allow_inf_nan=False, strict=True, exclude_if=lambda ceiling: ceiling is None),
]

_MUST_BE = {
    "format": f"must be '{FORMAT}'",
    "agreement_id": "must be 32 lower-case hexadecimal digits",
    "parties": (
        "must be two or more different society names, each of lower-case letters, digits and "
        "single hyphens, at most 64 characters"
    ),
    "linkage_unit": (
        "must be one name of lower-case letters, digits and single hyphens, at most 64 characters"
    ),
    "purposes": "must be one or more different names such as 'family-tracing'",
    "legal_bases": "must be one or more different names such as 'vital-interest'",
    "valid_from": "must be a date such as 2026-01-31",
    "valid_until": "must be a date such as 2026-12-31",
    "retention_days": "must be a whole number of days from 1 to 36525",
    "exposure_ceiling": "must be a number of records greater than 0, or left out",
    "evidence_ceiling": "must be a number greater than 0, or left out",
    "epochs": (
        "must be one or more key epochs, each with a number from 1 on, the day it begins and the "
        "day it ends: numbers go up by one, an epoch begins later than the one before and at the "
        "latest on the day after that ends, and all lie within the agreement's days"
    ),
    "identities": (
        "must be none, or the public identities of the linkage unit and of every party, each once"
    ),
    "amends": "must be digests of earlier versions of the agreement, each once",
    "corridors": (
        "must be one or more different pairs [from, to] of two different societies that are parties"
    ),
    "terms": (
        "must be complete and speak of the agreement's purposes and corridors, each once; a "
        "rehearsal has none"
    ),
    "thresholds": "must be bands chosen with 'kinmatch tune', for each stage once at most",
}
"""What a field must be, in one sentence; said for whatever rule of the field was broken."""


class KeyEpoch(BaseModel):
    """The days on which batches under one root are accepted and compared.

    Attributes:
        number: Its number, from 1 on.
        valid_from: Its first day.
        valid_until: Its last day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=1, lt=1 << 31, strict=True)
    valid_from: date
    valid_until: date


class Agreement(BaseModel):
    """Parties, purposes, legal bases, retention, scheme and key epochs; equal when all are equal.

    Make one with `Agreement.new` or `Agreement.read`, which explain what is wrong as an
    `AgreementError`.

    Attributes:
        format: Format name and version of the file.
        agreement_id: 128 random bits as 32 hexadecimal digits.
        parties: The societies, at least two.
        linkage_unit: Who compares the fingerprints; not a party, since parties hold keys.
        purposes: What matches may be used for.
        legal_bases: The legal bases that the parties accept.
        valid_from: The first day of the agreement.
        valid_until: The last day of the agreement.
        retention_days: How many days the linkage unit may keep a batch.
        exposure_ceiling: How many other records a record may visibly resemble on average, at the
            number that the linkage unit holds (see `matcher.exposure`); no ceiling if None.
        evidence_ceiling: How much all distances may say of who is who, over what there is to find
            out, at that number: the bound on the share of people who can be named, as long as it
            is below 1; no ceiling if None.
        epochs: The key epochs, in order; the last is the one to encode under.
        corridors: Pairs (from, to): fingerprints of `from` may be compared for `to`.
        identities: The public keys of all parties and the linkage unit, by which envelopes and
            key exchanges are known; none in a rehearsal, where nothing travels.
        amends: Digests of the versions that this one amends.
        terms: The data-protection terms; none in a rehearsal.
        thresholds: Least scores of the bands that the parties chose, in place of a model's own.
        scheme: The whole encoding scheme.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["kinmatch-agreement/1"] = FORMAT
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    parties: Annotated[tuple[Slug, ...], Field(min_length=2)]
    linkage_unit: Slug
    purposes: _Terms
    legal_bases: _Terms
    valid_from: date
    valid_until: date
    retention_days: int = Field(ge=1, le=36_525, strict=True)
    exposure_ceiling: _Ceiling = None
    evidence_ceiling: _Ceiling = None
    epochs: Annotated[tuple[KeyEpoch, ...], Field(min_length=1)]
    corridors: Annotated[tuple[tuple[Slug, Slug], ...], Field(min_length=1)]
    identities: tuple[PublicIdentity, ...] = ()
    amends: tuple[_Digest, ...] = ()
    terms: Terms | None = Field(default=None, exclude_if=lambda terms: terms is None)
    thresholds: tuple[ChosenBands, ...] = Field(default=(), exclude_if=lambda chosen: not chosen)
    scheme: Scheme

    @field_validator("parties", "purposes", "legal_bases", "corridors", "amends")
    @classmethod
    def _all_differ(cls, value: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(value)) != len(value):
            raise ValueError("one entry stands twice")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.valid_until < self.valid_from:
            raise ValueError("'valid_until' must not be before 'valid_from'")
        if self.linkage_unit in self.parties:
            raise ValueError("'linkage_unit' must not be a party, since parties hold keys")
        parties = set(self.parties)
        if not all(start != end and {start, end} <= parties for start, end in self.corridors):
            raise ValueError(f"'corridors' {_MUST_BE['corridors']}")
        if not self._has_sound_epochs():
            raise ValueError(f"'epochs' {_MUST_BE['epochs']}")
        known = [one.name for one in self.identities]
        if known and sorted(known) != sorted([*self.parties, self.linkage_unit]):
            raise ValueError(f"'identities' {_MUST_BE['identities']}")
        stages = [one.stage for one in self.thresholds]
        if len(set(stages)) < len(stages):
            raise ValueError(f"'thresholds' {_MUST_BE['thresholds']}")
        if self.terms is not None and not self._is_spoken_of(self.terms):
            raise ValueError(f"'terms' {_MUST_BE['terms']}")
        return self

    def _is_spoken_of(self, terms: Terms) -> bool:
        return sorted(one.name for one in terms.purposes) == sorted(self.purposes) and sorted(
            one.pair for one in terms.corridors
        ) == sorted(self.corridors)

    def _has_sound_epochs(self) -> bool:
        day = timedelta(days=1)
        return all(
            self.valid_from <= one.valid_from <= one.valid_until <= self.valid_until
            for one in self.epochs
        ) and all(
            later.number == one.number + 1
            and one.valid_from < later.valid_from <= one.valid_until + day
            for one, later in pairwise(self.epochs)
        )

    @classmethod
    def new(
        cls,
        *,
        parties: Iterable[str],
        scheme: Scheme,
        linkage_unit: str,
        purposes: Iterable[str],
        legal_bases: Iterable[str],
        valid_from: date,
        valid_until: date,
        retention_days: int,
        exposure_ceiling: float | None = None,
        evidence_ceiling: float | None = None,
        key_epoch: int = 1,
        corridors: Iterable[tuple[str, str]] | None = None,
        identities: Iterable[PublicIdentity] = (),
        terms: Terms | None = None,
        agreement_id: str | None = None,
    ) -> Self:
        """Draw up an agreement.

        Args:
            parties: The societies, at least two.
            scheme: The encoding scheme.
            linkage_unit: Who compares the fingerprints.
            purposes: What matches may be used for.
            legal_bases: The legal bases that the parties accept.
            valid_from: The first day.
            valid_until: The last day.
            retention_days: How many days the linkage unit may keep a batch.
            exposure_ceiling: How many other records a record may visibly resemble on average.
            evidence_ceiling: How much all distances may say, over what there is to find out.
            key_epoch: Number of its one key epoch, which lasts as long as the agreement.
            corridors: Pairs (from, to) of parties; every ordered pair when not given.
            identities: The public keys of all parties and the linkage unit; none for a rehearsal.
            terms: The data-protection terms; none for a rehearsal.
            agreement_id: 32 hexadecimal digits; drawn at random when not given.

        Raises:
            AgreementError: A field is not what it must be; the message names all that are not.
        """
        parties = tuple(parties)
        return cls._checked(
            {
                "agreement_id": secrets.token_hex(16) if agreement_id is None else agreement_id,
                "parties": parties,
                "linkage_unit": linkage_unit,
                "purposes": tuple(purposes),
                "legal_bases": tuple(legal_bases),
                "valid_from": valid_from,
                "valid_until": valid_until,
                "retention_days": retention_days,
                "exposure_ceiling": exposure_ceiling,
                "evidence_ceiling": evidence_ceiling,
                "epochs": (
                    {"number": key_epoch, "valid_from": valid_from, "valid_until": valid_until},
                ),
                "corridors": tuple(permutations(parties, 2) if corridors is None else corridors),
                "identities": tuple(identities),
                "terms": terms,
                "scheme": scheme,
            },
            origin="The agreement",
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read an agreement from its TOML file; warns where its scheme is unhardened.

        Raises:
            AgreementError: The file can't be read, is no agreement of a version that this
                release knows, or a field is not what it must be.
        """
        fields = parse_toml(path, "an agreement")
        version = fields.get("format")
        if version != FORMAT:
            is_other = isinstance(version, str) and re.fullmatch(
                r"kinmatch-agreement/[0-9]{1,9}", version
            )
            found = f"is '{version}'" if is_other else "is no kinmatch agreement"
            raise AgreementError(f"{path}: the file {found}; this release reads '{FORMAT}'.")
        agreement = cls._checked(fields, origin=str(path))
        agreement.scheme.say_unhardened()
        return agreement

    def write(self, path: Path) -> None:
        """Write the agreement as a TOML file.

        Raises:
            OutputError: The file can't be written.
        """
        with written_whole(path) as aside:
            aside.write_text(tomli_w.dumps(self.model_dump()), encoding="utf-8", newline="\n")

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, as `sha256:` and 64 hexadecimal digits.

        Canonical means keys sorted, no spaces and ASCII only, so that layout and comments of
        the TOML file do not count.
        """
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def key_epoch(self) -> int:
        """The number of the epoch to encode under: the newest."""
        return self.epochs[-1].number

    def version_like(self, digest: str) -> str:
        """Give a digest back if it is of a version that this one amends; else this one's own."""
        return digest if digest in self.amends else self.digest

    def epoch_like(self, number: int) -> int:
        """Give a number back if it is of one of the key epochs, past ones too; else the newest."""
        return number if any(one.number == number for one in self.epochs) else self.key_epoch

    def require_epoch(self, number: int, on: date) -> None:
        """Refuse a key epoch that is not valid on a day.

        Raises:
            AgreementError: It is not begun, is over, or is none of this agreement's.
        """
        found = next((one for one in self.epochs if one.number == number), None)
        if found is None:
            known = ", ".join(str(one.number) for one in self.epochs)
            raise AgreementError(
                f"Agreement {self.agreement_id} has no key epoch {number}; it has {known}."
            )
        if not found.valid_from <= on <= found.valid_until:
            raise AgreementError(
                f"Key epoch {number} of agreement {self.agreement_id} is valid from "
                f"{found.valid_from} to {found.valid_until}, not on {on}. Encode the records anew "
                f"under epoch {self.key_epoch}."
            )

    def with_next_epoch(self, begins: date, overlap_days: int) -> Self:
        """Amend the agreement by a new key epoch.

        Args:
            begins: The first day of the new epoch, which lasts as long as the agreement.
            overlap_days: How many days from then on the old epoch is valid too; 0 ends it on the
                day before, as when its key got out.

        Raises:
            AgreementError: The new epoch would not begin after the old one and within the
                agreement's days, or the overlap is less than 0.
        """
        *earlier, old = self.epochs
        if overlap_days < 0 or not old.valid_from < begins <= self.valid_until:
            raise AgreementError(
                f"A new key epoch of agreement {self.agreement_id} must begin after "
                f"{old.valid_from} and at the latest on {self.valid_until}, and the overlap must "
                "not be less than 0 days."
            )
        ends = min(old.valid_until, begins + timedelta(days=overlap_days - 1))
        new = KeyEpoch(number=old.number + 1, valid_from=begins, valid_until=self.valid_until)
        return self.model_copy(
            update={
                "epochs": (*earlier, old.model_copy(update={"valid_until": ends}), new),
                "amends": (*self.amends, self.digest),
            }
        )

    def with_terms(self, terms: Terms) -> Self:
        """Amend the agreement by other terms, as when an authorisation was renewed.

        Raises:
            AgreementError: They are not of this agreement's purposes and corridors.
        """
        if not self._is_spoken_of(terms):
            raise AgreementError(f"Agreement {self.agreement_id}: 'terms' {_MUST_BE['terms']}.")
        return self.model_copy(update={"terms": terms, "amends": (*self.amends, self.digest)})

    def with_thresholds(self, change: Thresholds) -> Self:
        """Amend the agreement by thresholds that were chosen for it, in place of older ones.

        Raises:
            AgreementError: They were chosen for another agreement, or another version of it.
        """
        if change.agreement_digest != self.digest:
            raise AgreementError(
                f"The thresholds were chosen for another agreement than {self.agreement_id}, or "
                "for another version of it. Choose them anew under this one."
            )
        kept = [one for one in self.thresholds if one.stage != change.chosen.stage]
        chosen = tuple(sorted([*kept, change.chosen], key=lambda one: one.stage))
        return self.model_copy(update={"thresholds": chosen, "amends": (*self.amends, self.digest)})

    def identity_of(self, name: str) -> PublicIdentity:
        """Give the public keys of a party or the linkage unit.

        Raises:
            AgreementError: The agreement has none for it.
        """
        for one in self.identities:
            if one.name == name:
                return one
        raise AgreementError(
            f"Agreement {self.agreement_id} has no public keys of '{name}', so nothing can be "
            "signed or encrypted under it; draw it up with everybody's identities."
        )

    def allows(self, from_society: str, to_society: str) -> bool:
        """Tell whether fingerprints of one society may be compared for another."""
        return (from_society, to_society) in self.corridors

    def open_corridors(self, on: date) -> tuple[tuple[str, str], ...]:
        """Give the corridors through which data may go on a day, in the agreement's order.

        Without terms, as in a rehearsal, all are open as long as the agreement is valid.
        """
        return tuple(
            pair
            for pair in self.corridors
            if self._first_day_of(pair) <= on <= self.last_day_of(pair)
        )

    def last_day_of(self, corridor: tuple[str, str]) -> date:
        """Give the last day on which data may go through one of the agreement's corridors."""
        terms = self.terms and self.terms.of(corridor)
        return min(self.valid_until, terms.last_day) if terms else self.valid_until

    def _first_day_of(self, corridor: tuple[str, str]) -> date:
        terms = self.terms and self.terms.of(corridor)
        return max(self.valid_from, terms.first_day) if terms else self.valid_from

    def require_party(self, society: str) -> None:
        """Refuse a society that is not a party.

        Raises:
            AgreementError: The society is not a party.
        """
        if society not in self.parties:
            raise AgreementError(
                f"Society '{society}' is not a party to agreement {self.agreement_id}; its "
                f"parties are {', '.join(self.parties)}."
            )

    @classmethod
    def _checked(cls, fields: dict[str, object], *, origin: str) -> Self:
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            problems = "; ".join(problems_of(error, _MUST_BE, deep=("scheme", "terms")))
        raise AgreementError(f"{origin}: {problems}.")
