"""What societies answered in the sharing decision tree: kept, and held to.

A society goes through the tree (`matcher.formats.sharing`) before its first batch under an
agreement, for all to whom its corridors lead, and for each candidate before it confirms it, since
that lets the other side know whose record it is; the operator does for whatever else is asked.
Whatever the outcome, every answer is kept, with who gave it and when. The newest counts.

Where neither consent, assent nor best interests can be had, an exceptional circumstance may stand
in: for one case, with its risk and its recipient assessed. It never covers more than that case.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AbsentError, GateError, ParameterError
from matcher.formats.rulebook import refuse
from matcher.formats.sharing import EACH_RECORD, EXCEPTIONAL, Way
from matcher.protection.training import DUTIES
from matcher.store import audit
from matcher.store.access import USER_ROLES
from matcher.store.changing import named
from matcher.store.models import AgreementRow, CandidateRow, SharingDecision, Society

OTHER_SIDE: Final = "the other side of the candidate"
"""The recipient where nobody may know yet who it is."""

DECIDERS: Final = (*DUTIES, *USER_ROLES)
"""In which roles people decide: those of the table of rules, and users' own."""

_CASE: Final = re.compile(r"[0-9a-f]{32}")
_LEAST_ASSESSMENT: Final = 20


@dataclass(frozen=True)
class Decider:
    """Who went through the tree.

    Attributes:
        name: A person's name, or a user's id.
        role: In which role.
        on: The day.
        risk: In an exceptional circumstance, the assessment of its risk and of the recipient.
    """

    name: str
    role: str
    on: date
    risk: str = ""


def record(
    session: Session,
    way: Way,
    *,
    society: str,
    subject: str,
    recipient: str,
    by: Decider,
    candidate: CandidateRow | None = None,
) -> SharingDecision:
    """Keep a way through the tree: who went it, when, and each answer.

    Args:
        session: A transaction `as_unit`.
        way: The way.
        society: Whose data it is about.
        subject: The case, as 32 hexadecimal digits: a record's reference; or an agreement's id.
        recipient: Who would get the data: an organisation, no person.
        by: Who decided.
        candidate: The candidate that the subject is the id of, if it is one; in its version.

    Raises:
        GateError: An exceptional circumstance is not of one case, or not assessed.
        AbsentError: There is no such society.
        ParameterError: One case rests on what was decided for each record of a batch; or who
            decided, in which role or for whom is not said.
    """
    if session.get(Society, society) is None:
        raise AbsentError(f"There is no society {society} here.")
    is_many = session.get(AgreementRow, subject) is not None
    # Under an agreement a society may have no recipient at all: it only receives.
    is_said = by.name.strip() and (is_many or recipient.strip())
    if by.role not in DECIDERS or not is_said:
        raise ParameterError(
            "A way through the tree needs who went it, for which recipient, and in which role: one "
            f"of {', '.join(DECIDERS)}."
        )
    if EXCEPTIONAL in way.answers:
        require_one_case(way, subject, by.risk, is_many=is_many)
    if EACH_RECORD in way.answers and not is_many:
        raise ParameterError("What one case rests on must be said; 'each-record' is for batches.")
    row = SharingDecision(
        society=society, subject=subject, recipient=recipient,
        answers={"way": [list(answer) for answer in way.answers], "risk": by.risk},
        outcome=way.outcome, decided_by=by.name, role=by.role, decided_on=by.on,
        candidate_id=None if candidate is None else candidate.id,
        version=None if candidate is None else candidate.version,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.append(
        session, "sharing.decide", f"sharing {row.id}", society=society, actor=by.name,
        details={"outcome": way.outcome, "role": by.role},
    )  # fmt: skip
    return row


def record_of_agreement(
    session: Session, way: Way, agreement: Agreement, *, society: str, by: Decider
) -> SharingDecision:
    """Keep a society's way for what it submits under an agreement, to all its recipients.

    Raises:
        GateError: It rests on an exceptional circumstance.
        AbsentError: The society is no party.
    """
    if society not in agreement.parties:
        raise AbsentError(f"There is no agreement {agreement.agreement_id} of {society}.")
    recipients = ", ".join(sorted(_recipients(agreement, society)))
    return record(
        session, way, society=society, subject=agreement.agreement_id, recipient=recipients, by=by
    )


def record_of_candidate(
    session: Session, way: Way, row: CandidateRow, *, society: str, by: Decider
) -> SharingDecision:
    """Keep a society's way for a candidate, in the version that it is in.

    Raises:
        GateError: An exceptional circumstance is not assessed.
        ParameterError: It rests on what was decided for each record of a batch.
    """
    return record(
        session, way, society=society, subject=row.id.hex(), recipient=OTHER_SIDE, by=by,
        candidate=row,
    )  # fmt: skip


def require_one_case(way: Way, subject: str, risk: str, *, is_many: bool) -> None:
    """Let an exceptional circumstance pass that is of one case, its risk and recipient assessed.

    Raises:
        GateError: It is for more than one case, or nothing was assessed.
    """
    if is_many or ("one-case", "no") in way.answers or not _CASE.fullmatch(subject):
        raise refuse(
            "sharing.exceptional-one-case", "What it is for is not the reference of one case."
        )
    if len(risk.strip()) < _LEAST_ASSESSMENT:
        raise refuse("sharing.exceptional-one-case", "Risk and recipient were not assessed.")


def require_permitted(way: Way) -> None:
    """Let pass what the tree permits.

    Raises:
        GateError: Its outcome is another one, which the message names.
    """
    if way.outcome != "permit":
        name, answer = way.answers[-1]
        raise refuse(
            "sharing.tree-permits", f"The outcome is '{way.outcome}', since '{name}': {answer}."
        )


def require_submission(session: Session, agreement: Agreement, society: str) -> None:
    """Let a batch pass whose society's newest way permits it, to all whom its corridors lead to.

    Args:
        session: A transaction of the society's or the unit's.
        agreement: The agreement that it is submitted under.
        society: Whose batch.

    Raises:
        GateError: It went no way, or one that does not permit it, or not for every recipient.
    """
    subject = agreement.agreement_id
    newest = _newest(session, SharingDecision.subject == subject, society=society)
    _require(
        newest,
        f"Nobody of {society} has gone through it for agreement {subject}: "
        f"'kinmatch sharing answer --agreement {subject}'.",
    )
    known = set() if newest is None else set(newest.recipient.split(", "))
    if missing := sorted(_recipients(agreement, society) - known):
        raise refuse(
            "sharing.tree-permits",
            f"It was not gone through for {', '.join(missing)}: 'kinmatch sharing answer "
            f"--agreement {subject}'.",
        )


def require_confirmation(session: Session, row: CandidateRow, society: str) -> None:
    """Let a confirmation pass where the society's newest way for the candidate permits it.

    Raises:
        GateError: It went no way for it in this version, or one that does not permit it.
    """
    newest = _newest(
        session,
        SharingDecision.candidate_id == row.id,
        SharingDecision.version == row.version,
        society=society,
    )
    _require(
        newest,
        f"Nobody has gone through it for candidate {named(row.id)}: 'kinmatch sharing answer "
        f"{named(row.id)} --version {row.version}'.",
    )


def permits(session: Session, row: CandidateRow, societies: Iterable[str]) -> bool:
    """Tell whether the newest ways of societies for a candidate, in its version, all permit."""
    try:
        for society in societies:
            require_confirmation(session, row, society)
    except GateError:
        return False
    return True


def decisions(session: Session, society: str | None = None) -> list[SharingDecision]:
    """Give the ways that were kept, the newest first; of one society, if it is given."""
    query = select(SharingDecision).order_by(SharingDecision.number.desc())
    if society is not None:
        query = query.where(SharingDecision.society == society)
    return list(session.scalars(query))


def _newest(session: Session, *about: ColumnElement[bool], society: str) -> SharingDecision | None:
    query = select(SharingDecision).where(SharingDecision.society == society, *about)
    return session.scalars(query.order_by(SharingDecision.number.desc()).limit(1)).first()


def _require(newest: SharingDecision | None, missing: str) -> None:
    if newest is None:
        raise refuse("sharing.tree-permits", missing)
    answers = tuple((question, answer) for question, answer in newest.answers["way"])
    require_permitted(Way(answers, newest.outcome))


def _recipients(agreement: Agreement, society: str) -> set[str]:
    return {end for start, end in agreement.corridors if start == society}
