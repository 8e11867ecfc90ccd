"""Evidence goes by the names of the passes under which it was found, whatever the scheme is now."""

from datetime import timedelta
from pathlib import Path

from calling import NOW, bearing, serve, token_for
from lenient_gates import InForce
from people import (
    ONE,
    SCHEME,
    TODAY,
    TWO,
    add,
    draw_agreement,
    reference,
    registered,
    sought,
    submit,
    write,
)
from sqlalchemy import select
from starlette.testclient import TestClient

from matcher.formats.agreement import Agreement
from matcher.formats.scheme import Scheme
from matcher.nightly.night import Limits, run_night
from matcher.store import Store, candidates
from matcher.store.models import CandidateSide

NEWER = Scheme.published("standard/2")
LIMITS = Limits(10**6, 10**6)


def send(store: Store, folder: Path, agreement: Agreement, unlike: float) -> None:
    """Two people of each society; the second one's fingerprints differ by some share."""
    for society, people in ((ONE, sought(1, 2)), (TWO, registered(1, 2))):
        path = folder / f"{agreement.scheme.version}-{society}"
        noise = {2: unlike if society == ONE else 0.05}
        submit(store, write(path, agreement, society, people, noise=noise), agreement, society)


def names(client: TestClient) -> dict[int, list[str]]:
    """By which names the evidence of each person's candidate goes."""
    people = {reference(ONE, person).hex(): person for person in (1, 2)}
    listed = client.get("/v1/candidates").json()["items"]
    return {people[one["reference"]]: [told["pass"] for told in one["evidence"]] for one in listed}


def test_the_scheme_is_amended_and_evidence_keeps_its_names(store: Store, tmp_path: Path) -> None:
    agreement = add(store, draw_agreement())
    now = [NOW]
    client = serve(store, clock=lambda: now[0])
    client.headers.update(bearing(token_for(store, ONE)))
    send(store, tmp_path, agreement, 0.05)
    run_night(store, on=TODAY, limits=LIMITS, top=10, threads=1)
    with store.as_unit() as session:
        second = select(CandidateSide.candidate_id).where(
            CandidateSide.reference == reference(ONE, 2)
        )
        candidate = session.scalars(second).one()
        for society in (ONE, TWO):
            candidates.decide(
                session, candidate, society=society, verdict="confirm", version=1,
                gates=InForce(TODAY),
            )  # fmt: skip
    older = [part.name for part in SCHEME.passes]
    newer = [part.name for part in NEWER.passes]
    assert names(client) == {1: older, 2: older}

    amended = agreement.model_copy(update={"scheme": NEWER, "amends": (agreement.digest,)})
    add(store, amended)
    assert names(client) == {1: older, 2: older}

    # The second pair is not found again, but stays, since both have confirmed it.
    send(store, tmp_path, amended, 0.5)
    (night,) = run_night(store, on=TODAY + timedelta(days=1), limits=LIMITS, top=10, threads=1)
    assert night.refused is None
    now[0] += timedelta(days=1)
    assert names(client) == {1: newer, 2: older}
