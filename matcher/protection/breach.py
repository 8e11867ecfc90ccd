"""A breach: whose and what data, by society; the risks, who must be told, and what to do now.

The figures come from the store as it is. What has been destroyed since, with its batch or by its
society's notice, is told by the number of records alone, since nothing else is left of it. Risks,
ways and exceptions are in `breach.toml`; they follow articles 33 and 34 of the General Data
Protection Regulation where they name it, and are for people to decide on.
"""

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, ParameterError
from matcher.formats.files import make_folder, written_whole
from matcher.formats.vocabulary import ROLES

Kind = Literal["token", "society", "machine", "batch", "key"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""What can be lost."""

_ROWS: Final = 10_000  # of a file of people at once


@dataclass(frozen=True)
class Incident:
    """What was lost, and when it may have been used.

    Attributes:
        kind: One of `KINDS`.
        subject: Which, as `breach.toml` says for the kind.
        start: The first day of the window.
        end: The last one.
    """

    kind: Kind
    subject: str
    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ParameterError("The window ends before it begins; give it as --from and --to.")


@dataclass(frozen=True)
class Concerned:
    """What of one society's was within reach.

    Attributes:
        society: The society.
        people: Persons whose records were.
        roles: How many of them in each role.
        batches: Batches they lie in.
        candidates: Candidates with evidence of them.
        disclosed: Of how many another society was told who they are.
        gone: Records that were within reach and are destroyed now, with their batch or by a
            notice; they are no more than a number, and counted twice where both happened.
    """

    society: str
    people: int
    roles: Mapping[str, int]
    batches: int
    candidates: int
    disclosed: int
    gone: int


@dataclass(frozen=True)
class Inventory:
    """All that follows from an incident.

    Attributes:
        incident: The incident.
        societies: By society, those whose people are concerned.
        acts: How often what was done by whom was lost, in the window; with a token alone.
        risks: Sentences.
        told: Whom to tell, how, and within what time.
        exceptions: When people need not be told, and what then.
        plan: What to do, in order.
        encode_anew: How many records each party has to encode anew; nobody if no key was lost.
    """

    incident: Incident
    societies: tuple[Concerned, ...]
    acts: Mapping[str, int]
    risks: tuple[str, ...]
    told: tuple[Mapping[str, str], ...]
    exceptions: tuple[Mapping[str, str], ...]
    plan: tuple[str, ...]
    encode_anew: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The inventory for a program."""
        found = asdict(self)
        found["incident"] |= {"start": str(self.incident.start), "end": str(self.incident.end)}
        return found


def inventory(session: Session, incident: Incident) -> Inventory:
    """Say whose and what data an incident concerns, and what follows from it.

    Args:
        session: A transaction `as_unit`.
        incident: The incident.

    Raises:
        ParameterError: The subject is none of its kind.
        AbsentError: There is no such token, society, batch or agreement.
    """
    rule, given = _within_reach(session, incident)
    is_store = incident.kind == "key" and incident.subject == "store"
    said = _said("store-key" if is_store else incident.kind)
    societies = tuple(_concerned(session, rule, given, _gone(session, incident.kind, given)))
    renewed = incident.kind in ("society", "machine", "key") and not is_store
    return Inventory(
        incident=incident,
        societies=societies,
        acts=_acts(session, incident) if incident.kind == "token" else {},
        risks=tuple(said["risks"]),
        told=tuple(_TABLE["told"]),
        exceptions=tuple(_TABLE["exceptions"]),
        plan=tuple(said["plan"]),
        encode_anew=_under_the_same_keys(session, rule, given) if renewed else {},
    )


def write_people(session: Session, incident: Incident, folder: Path) -> list[Path]:
    """Write for each society the references of its people who are concerned, a CSV file each.

    The society finds its records by its reference files. Rows ascend by reference.

    Args:
        session: A transaction `as_unit`.
        incident: The incident.
        folder: Where to; made where it is not there.

    Returns:
        The files, in the order of the societies.

    Raises:
        OutputError: A file can't be written.
    """
    rule, given = _within_reach(session, incident)
    make_folder(folder)
    names = session.scalars(
        text(f"SELECT DISTINCT record.society {_REACHED.format(rule=rule)} ORDER BY 1"),
        given,
    ).all()
    paths = []
    for name in names:
        path = folder / f"concerned-{name}.csv"
        rows = session.execute(
            text(
                "SELECT encode(record.reference, 'hex'), record.agreement, record.key_epoch,"
                f" record.role {_REACHED.format(rule=rule)} AND record.society = :of_society"
                " ORDER BY record.reference, record.agreement, record.key_epoch"
            ),
            {**given, "of_society": name},
            execution_options={"yield_per": _ROWS},
        )
        with written_whole(path, private=True) as aside, aside.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["reference", "agreement", "key_epoch", "role"])
            writer.writerows((*row[:3], ROLES[row[3]]) for row in rows)
        paths.append(path)
    return paths


_REACHED = """
FROM kinmatch.records AS record JOIN kinmatch.batches AS batch ON batch.id = record.batch_id
WHERE batch.received_on <= :end AND ({rule})
"""


def _within_reach(session: Session, incident: Incident) -> tuple[str, dict[str, Any]]:
    """What makes a record one that is concerned, as a condition, with its parameters."""
    given: dict[str, Any] = {
        "end": incident.end, "start": incident.start, "subject": incident.subject
    }  # fmt: skip
    match incident.kind:
        case "token":
            return _of_token(session, incident, given)
        case "society":
            _require(session, text("SELECT 1 FROM kinmatch.societies WHERE name = :subject"), given)
            return f"record.society = :subject OR {_DISCLOSED_TO}", given
        case "machine":
            if incident.subject != "linkage-unit":
                raise ParameterError(
                    "The machine must be 'linkage-unit'; for a society's, give the society."
                )
            return "true", given
        case "batch":
            given["batch"] = _id(incident)
            _require(session, text("SELECT 1 FROM kinmatch.batches WHERE id = :batch"), given)
            return "batch.id = :batch", given
        case "key":
            return _of_key(session, incident, given)


def _of_token(
    session: Session, incident: Incident, given: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """What a token let its bearer see: nothing of anybody unless it may show candidates."""
    given["token"] = _id(incident)
    _require(session, text("SELECT 1 FROM kinmatch.api_tokens WHERE id = :token"), given)
    society, shows, was_good = session.execute(
        text("""
        SELECT society, 'candidates' = ANY(scopes),
          created_at < CAST(:end AS date) + 1 AND least(revoked_at, expires_at) >= :start
        FROM kinmatch.api_tokens WHERE id = :token
        """),
        {name: given[name] for name in ("token", "start", "end")},
    ).one()
    given["subject"] = society
    return _SHOWN_TO if society and shows and was_good else "false", given


_DISCLOSED_TO = """EXISTS (
  SELECT FROM kinmatch.disclosures AS told WHERE told.society = :subject
    AND told.other_society = record.society AND told.other_reference = record.reference
)"""
_SHOWN_TO = f"""record.society = :subject AND EXISTS (
  SELECT FROM kinmatch.candidate_sides AS side
  WHERE side.society = :subject AND side.reference = record.reference
) OR {_DISCLOSED_TO}"""


def _of_key(
    session: Session, incident: Incident, given: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    if incident.subject == "store":
        return "true", given
    agreement, _, epoch = incident.subject.partition(":")
    if epoch and not epoch.isdecimal():
        raise ParameterError("A key is 'store', or an agreement's id, or ID:EPOCH.")
    given["subject"] = agreement
    _require(
        session, text("SELECT 1 FROM kinmatch.agreements WHERE agreement_id = :subject"), given
    )
    if not epoch:
        return "record.agreement = :subject", given
    return "record.agreement = :subject AND record.key_epoch = :epoch", {
        **given, "epoch": int(epoch)
    }  # fmt: skip


def _id(incident: Incident) -> UUID:
    try:
        return UUID(incident.subject)
    except ValueError:
        raise ParameterError(f"A {incident.kind} is named by its id, as lists show it.") from None


def _require(session: Session, query: TextClause, given: Mapping[str, Any]) -> Any:
    found = session.scalar(query, {name: given[name] for name in query.compile().params})
    if found is None:
        raise AbsentError("There is no such token, society, batch or agreement here.")
    return found


def _concerned(
    session: Session, rule: str, given: Mapping[str, Any], gone: Mapping[str, int]
) -> Iterator[Concerned]:
    reached = _REACHED.format(rule=rule)
    session.execute(
        text(
            "CREATE TEMPORARY TABLE reached ON COMMIT DROP AS"
            " SELECT record.id, record.society, record.reference, record.role,"
            f" batch.id AS batch {reached}"
        ),
        given,
    )
    session.execute(text("CREATE INDEX ON reached (id)"))
    session.execute(text("ANALYZE reached"))
    roles = _pairs(
        session, "SELECT society, role, count(DISTINCT reference) FROM reached GROUP BY 1, 2"
    )
    candidates = _counts(
        session,
        """
        SELECT society, count(DISTINCT found) FROM (
          SELECT reached.society, candidates.id AS found FROM reached
          JOIN kinmatch.candidates ON left_record = reached.id
          UNION ALL
          SELECT reached.society, candidates.id FROM reached
          JOIN kinmatch.candidates ON right_record = reached.id
        ) AS both_sides GROUP BY 1
        """,
    )
    disclosed = _counts(
        session,
        """
        SELECT reached.society, count(DISTINCT reached.reference) FROM reached
        JOIN kinmatch.disclosures AS told
          ON told.other_society = reached.society AND told.other_reference = reached.reference
        GROUP BY 1
        """,
    )
    people = session.execute(
        text(
            "SELECT society, count(DISTINCT reference), count(DISTINCT batch) FROM reached"
            " GROUP BY 1 ORDER BY 1"
        )
    )
    held = {society: (count, batches) for society, count, batches in people}
    session.execute(text("DROP TABLE reached"))
    for society in sorted({*held, *gone}):
        count, batches = held.get(society, (0, 0))
        yield Concerned(
            society=society,
            people=count,
            roles={
                ROLES[role]: roles[society, role] for of, role in sorted(roles) if of == society
            },
            batches=batches,
            candidates=candidates.get(society, 0),
            disclosed=disclosed.get(society, 0),
            gone=gone.get(society, 0),
        )


def _gone(session: Session, kind: Kind, given: Mapping[str, Any]) -> dict[str, int]:
    """Records within reach that were destroyed since the window began, by society."""
    rule, of_batch = {
        "token": ("false", ""),
        "society": ("society = :subject", ""),
        "machine": ("true", ""),
        "batch": ("false", "OR id = :batch"),
        "key": (
            "(:subject = 'store' OR agreement = :subject)",
            "AND key_epoch = :epoch" if "epoch" in given else "",
        ),
    }[kind]
    query = text(f"""
    SELECT society, sum(records)::integer FROM (
      SELECT society, records FROM kinmatch.batches
      WHERE state = 'destroyed' AND received_on <= :end AND changed_at >= :start
        AND records IS NOT NULL AND ({rule} {of_batch})
      UNION ALL
      SELECT society, records FROM kinmatch.notices
      WHERE kind IN ('withdraw', 'delete') AND applied_at >= :start AND ({rule})
    ) AS taken_away GROUP BY 1
    """)  # noqa: S608  # all ours
    named = query.compile().params
    return _counts(session, str(query), {name: given[name] for name in named})


def _counts(session: Session, query: str, given: Mapping[str, Any] | None = None) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(text(query), given or {})}


def _pairs(session: Session, query: str) -> dict[tuple[str, int], int]:
    return {(name, code): count for name, code, count in session.execute(text(query))}


def _under_the_same_keys(session: Session, rule: str, given: Mapping[str, Any]) -> dict[str, int]:
    """How many records lie under the agreements that are concerned, by society."""
    return _counts(
        session,
        f"""
        SELECT society, count(*) FROM kinmatch.records WHERE agreement IN (
          SELECT record.agreement {_REACHED.format(rule=rule)}
        ) GROUP BY 1 ORDER BY 1
        """,  # noqa: S608  # all ours
        given,
    )


def _acts(session: Session, incident: Incident) -> dict[str, int]:
    """What the token's user did in the window, by action; from the audit log."""
    return _counts(
        session,
        """
        SELECT action, count(*) FROM kinmatch.audit_entries
        WHERE actor = (SELECT user_id::text FROM kinmatch.api_tokens WHERE id = :token)
          AND at >= :start AND at < CAST(:end AS date) + 1
        GROUP BY 1 ORDER BY 1
        """,
        {"token": _id(incident), "start": incident.start, "end": incident.end},
    )


def _read() -> dict[str, Any]:
    content = files("matcher.protection").joinpath("breach.toml").read_text(encoding="utf-8")
    return tomllib.loads(content)


_TABLE: Final = _read()


def _said(kind: str) -> dict[str, Any]:
    return next(one for one in _TABLE["kinds"] if one["name"] == kind)
