"""A store full of candidates that no night found, made in the database at once.

Everything follows from the numbers of rows, so that the same calls make the same store.
"""

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.sharing import answers_of_fiction, walk_given
from matcher.protection.sharing import Decider, record_of_agreement
from matcher.store import admitting

PASSES: Final = 3

_RUN = """
INSERT INTO kinmatch.runs
  (agreement, state, on_date, is_full, compares_as, plan, plan_digest, pairs)
VALUES (:agreement, 'published', :on, true, 'filled', '{}', 'filled', 0)
"""

_BATCHES = """
INSERT INTO kinmatch.batches
  (society, agreement, digest, size, state, registered_on, received_on, expires_on, key_epoch,
   records)
SELECT society, agreement, 'filled ' || agreement, 1, 'accepted', :on, :on,
  CAST(:on AS date) + 300, 1, 2 * :records
FROM kinmatch.agreement_parties WHERE agreement = :agreement
"""

# The first half of a society's records are sought persons, the others registered ones.
_RECORDS = """
INSERT INTO kinmatch.records
  (agreement, society, reference, key_epoch, batch_id, row, role, digest, taken_in, compared_in)
SELECT :agreement, society, decode(md5(society || ' ' || number), 'hex'), 1, batches.id, number,
  CASE WHEN number < :records THEN 1 ELSE 2 END, '\\x00', runs.id, runs.id
FROM kinmatch.batches
JOIN kinmatch.runs USING (agreement), generate_series(0, 2 * :records - 1) AS number
WHERE agreement = :agreement
"""

# `drawn` is even between 0 and 1; the societies on both sides are never the same.
_PAIRS = """
CREATE TEMPORARY TABLE pairs ON COMMIT DROP AS
WITH names AS (
  SELECT society, batches.id AS batch, row_number() OVER (ORDER BY society) - 1 AS place,
    count(*) OVER () AS many
  FROM kinmatch.batches WHERE agreement = :agreement
), drawn AS (
  SELECT number, number / many AS turn, many, number % many AS one,
    (number + 1 + number / many % (many - 1)) % many AS other,
    ('x' || substr(md5('pair ' || number), 1, 8))::bit(32)::bigint / 4294967296.0::float8 AS drawn
  FROM generate_series(0, :candidates - 1) AS number, (SELECT max(many) AS many FROM names) AS n
)
SELECT decode(md5(:agreement || number), 'hex') AS id, one.id AS left_record,
  other.id AS right_record, round((8 - 9 * ln(1 - drawn))::numeric, 3)::float8 AS score,
  CASE WHEN number % 100 < 30 THEN 'new' WHEN number % 100 < 80 THEN 'open'
    WHEN number % 100 < 85 THEN 'half_confirmed' WHEN number % 100 < 88 THEN 'confirmed'
    ELSE 'rejected' END AS state
FROM drawn
JOIN names AS ones ON ones.place = drawn.one JOIN names AS others ON others.place = drawn.other
JOIN kinmatch.records AS one
  ON one.batch_id = ones.batch AND one.row = turn % :records
JOIN kinmatch.records AS other
  ON other.batch_id = others.batch AND other.row = :records + turn * 7 % :records
"""

_PASSES = """
INSERT INTO kinmatch.pass_names (agreement, number, passes)
SELECT agreement_id, 1, ARRAY(
  SELECT one ->> 'name' FROM jsonb_array_elements(document -> 'scheme' -> 'passes')
    WITH ORDINALITY AS passes (one, place) WHERE place <= :passes ORDER BY place
)
FROM kinmatch.agreements WHERE agreement_id = :agreement
"""

_BAND = "CASE WHEN score >= 30 THEN 0 WHEN score >= 17 THEN 1 ELSE 2 END"

_CANDIDATES = f"""
INSERT INTO kinmatch.candidates
  (id, agreement, left_record, right_record, left_digest, right_digest, distances, score, band,
   state, found_in)
SELECT pairs.id, :agreement, left_record, right_record, '\\x00', '\\x00', '{{700,800,-1}}', score,
  {_BAND}, pairs.state, runs.id
FROM pairs, kinmatch.runs WHERE runs.agreement = :agreement
"""  # noqa: S608  # nothing in it is anybody's input

_SIDES = f"""
INSERT INTO kinmatch.candidate_sides
  (candidate_id, society, agreement, reference, role, other_role, score, band, levels, weights, kin,
   state, version, since, listed, verdict)
SELECT pairs.id, record.society, :agreement, record.reference, record.role, 3 - record.role, score,
  {_BAND}, '{{0,1,3}}', ARRAY[score * 0.7, score * 0.3, 0], NULL, pairs.state, 1, :on, true,
  CASE WHEN pairs.state = 'confirmed' THEN 'confirm'
    WHEN pairs.state = 'half_confirmed' AND record.id = left_record THEN 'confirm'
    WHEN pairs.state = 'rejected' AND record.id = right_record THEN 'reject' END
FROM pairs JOIN kinmatch.records AS record ON record.id IN (left_record, right_record)
"""  # noqa: S608  # the same


def fill(
    session: Session, agreement: Agreement, *, candidates: int, records: int, on: date
) -> None:
    """Add an agreement with so many candidates between its parties, all of them published.

    A third of the candidates is new, half of them open; the others are in every other state, with
    verdicts that lead there. Scores fall off from 8 bits on, as those of a night do. Every party
    may submit: it has gone through the sharing decision tree.

    Args:
        session: A transaction `as_unit`.
        agreement: Of at least two parties; one whose scheme has three passes or more.
        candidates: How many, spread evenly over the parties, each as often left as right.
        records: Sought persons of each party, and as many registered ones.
        on: The day of the night that seems to have found them.
    """
    admitting.add_agreement(session, agreement, on=agreement.valid_from)
    given = {
        "agreement": agreement.agreement_id,
        "on": on,
        "records": records,
        "candidates": candidates,
        "passes": PASSES,
    }
    for statement in (_PASSES, _RUN, _BATCHES, _RECORDS, _PAIRS, _CANDIDATES, _SIDES):
        session.execute(text(statement), given)
    way = walk_given(answers_of_fiction("each-record"))
    by = Decider("nobody", "focal-point", on)
    for society in agreement.parties:
        record_of_agreement(session, way, agreement, society=society, by=by)
