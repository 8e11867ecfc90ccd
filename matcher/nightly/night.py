"""A night: clear away what is over, then compare and publish agreement by agreement.

Whatever kills it, the next call goes on where it was: tiles that are done are kept as long as
there is still the same to compare, and what is published is never compared again.
"""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from matcher.formats.errors import KinmatchError, StoppedError, StoreError
from matcher.nightly.comparing import Advance, Stopping, compare
from matcher.nightly.leaving import clear_away
from matcher.nightly.planning import NightPlan, plan_night
from matcher.nightly.publishing import age, kept, publish, refresh
from matcher.store import audit
from matcher.store.batches import lock_agreement
from matcher.store.changing import change, locked
from matcher.store.database import Store, alone
from matcher.store.models import AgreementRow, Record, RunRow
from matcher.store.states.runs import RUN, UNFINISHED


@dataclass(frozen=True)
class Limits:
    """What a night may cost; beyond it nothing is compared or published.

    Attributes:
        pairs: Pairs of records compared under one agreement.
        candidates: Candidates found under one agreement.
    """

    pairs: int
    candidates: int


@dataclass(frozen=True)
class Outcome:
    """What a night did under one agreement.

    Attributes:
        agreement: Its id.
        plan: What was compared, as `NightPlan.summary` tells it.
        candidates: How many candidates are new, changed, kept and gone; None where nothing was
            published.
        refused: Why nothing was published, if it was refused.
    """

    agreement: str
    plan: dict[str, Any]
    candidates: dict[str, int] | None
    refused: str | None = None


def run_night(
    store: Store,
    *,
    on: date,
    limits: Limits,
    top: int,
    full: bool = False,
    threads: int | None = None,
    advance: Advance = lambda _: None,
    stopping: Stopping = lambda: False,
) -> list[Outcome]:
    """Do a night's work, under every agreement that is valid on the day.

    Args:
        store: The store.
        on: The day.
        limits: What it may cost under one agreement; an agreement that asks for more is refused,
            the others go on.
        top: Candidates listed for each left record.
        full: Compare all records anew.
        threads: How many threads to use; all processors if None. The result is the same.
        advance: Told how many pairs have been compared since it was last told.
        stopping: Asked before every tile whether the night is to end there.

    Returns:
        One outcome for each agreement under which there was something to compare.

    Raises:
        StateError: Another night is at work.
        StoppedError: It was told to stop; the next call goes on where it was.
        StoreError: The database can't be reached.
    """
    outcomes = []
    with alone(store):
        clear_away(store, on)
        with store.as_unit() as session:
            age(session, on)
        for agreement in _valid(store, on):
            begun = _begin(store, agreement, on, limits, top, full)
            if begun is not None:
                outcomes.append(_finish(store, begun, on, limits, top, threads, advance, stopping))
        _remove_old_work(store)
    return outcomes


def plans_of(store: Store, *, on: date, full: bool = False) -> list[NightPlan]:
    """Give the plans of a night without doing anything, of every agreement with records.

    Batches that the night would clear away first are counted in.
    """
    plans = []
    for agreement in _valid(store, on):
        with store.as_unit() as session:
            row = session.get_one(AgreementRow, agreement)
            plans.append(plan_night(session, row, on=on, full=full))
    return [plan for plan in plans if len(plan.records)]


def _valid(store: Store, on: date) -> list[str]:
    with store.as_unit() as session:
        valid = select(AgreementRow.agreement_id).where(
            AgreementRow.valid_from <= on, AgreementRow.valid_until >= on
        )
        return list(session.scalars(valid.order_by(AgreementRow.agreement_id)))


def _begin(
    store: Store, agreement: str, on: date, limits: Limits, top: int, full: bool
) -> tuple[NightPlan, UUID | None] | None:
    """Plan an agreement's night and take up its run, while nothing can change under it.

    Returns:
        The plan and the run; no run if it is beyond the limits; nothing if nothing is new.
    """
    with store.as_unit() as session:
        lock_agreement(session, agreement)
        under = session.get_one(AgreementRow, agreement)
        plan = plan_night(session, under, on=on, full=full)
        if not plan.new:
            refresh(session, plan, top=top)
            return None
        if plan.pairs > limits.pairs:
            return plan, None
        row = _unfinished(session, plan)
        if row is None:
            row = _new_run(session, plan, on)
        row.on_date = on
        _take(session, plan, row.id)
        if row.state == RUN.first:
            audit.append(session, "run.plan", f"run {row.id}", details={"plan": plan.digest})
        change(session, row, "compare", details={"pairs": plan.pairs, "new": plan.new})
        return plan, row.id


def _finish(
    store: Store,
    begun: tuple[NightPlan, UUID | None],
    on: date,
    limits: Limits,
    top: int,
    threads: int | None,
    advance: Advance,
    stopping: Stopping,
) -> Outcome:
    plan, run = begun
    if run is None:
        return _refused(
            plan,
            f"This night would compare {plan.pairs:,} pairs, and its limit is {limits.pairs:,}. "
            "See whether the new batches are sound; if they are, raise 'most_pairs'.",
        )
    folder = _work(store) / plan.digest.removeprefix("sha256:") / str(top)
    try:
        found = compare(
            plan, store.fingerprints, folder,
            keep=kept(top), most_candidates=limits.candidates, threads=threads, advance=advance,
            stopping=stopping,
        )  # fmt: skip
        with store.as_unit() as session:
            outcome = publish(session, run, plan, found, on=on, top=top)
    except (StoreError, StoppedError):
        raise
    except KinmatchError as error:
        return _refused(plan, str(error))
    shutil.rmtree(folder.parent, ignore_errors=True)
    return Outcome(plan.agreement.agreement_id, plan.summary(), outcome)


def _refused(plan: NightPlan, why: str) -> Outcome:
    return Outcome(plan.agreement.agreement_id, plan.summary(), None, why)


def _unfinished(session: Session, plan: NightPlan) -> RunRow | None:
    """The run that was cut off, if it compares the same; another one is abandoned."""
    unfinished = session.scalars(
        select(RunRow.id).where(
            RunRow.agreement == plan.agreement.agreement_id, RunRow.state.in_(UNFINISHED)
        )
    ).one_or_none()
    if unfinished is None:
        return None
    row = locked(session, RunRow, unfinished)
    if row.plan_digest == plan.digest:
        return row
    session.execute(
        update(Record).where(Record.taken_in == row.id).values(taken_in=Record.compared_in)
    )
    change(session, row, "abandon")
    return None


def _new_run(session: Session, plan: NightPlan, on: date) -> RunRow:
    row = RunRow(
        agreement=plan.agreement.agreement_id,
        state=RUN.first,
        on_date=on,
        is_full=plan.is_full,
        compares_as=plan.compares_as,
        plan=plan.summary(),
        plan_digest=plan.digest,
        pairs=plan.pairs,
    )
    session.add(row)
    session.flush()
    return row


def _take(session: Session, plan: NightPlan, run: UUID) -> None:
    """Mark the plan's new records as this run's; one that changes from now on loses the mark."""
    new = plan.records.ids[~plan.records.held].tolist()
    session.execute(
        text("UPDATE kinmatch.records SET taken_in = :run WHERE id = ANY(:ids)"),
        {"run": run, "ids": new},
    )


def _work(store: Store) -> Path:
    return store.folder / "work"


def _remove_old_work(store: Store) -> None:
    """Remove the tiles of runs that nobody will take up again."""
    with store.as_unit() as session:
        kept = set(
            session.scalars(select(RunRow.plan_digest).where(RunRow.state.in_(UNFINISHED))).all()
        )
    for folder in _work(store).glob("*"):
        if f"sha256:{folder.name}" not in kept:
            shutil.rmtree(folder, ignore_errors=True)
