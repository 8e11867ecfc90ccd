"""What publishing does in the database, statement by statement, in the order of use.

`found` holds what the run found, `registers` the bands' least scores for the size of the
registers, `meetings` who may meet, in both orders, and until when. A record of the plan whose
`taken_in` is null was changed since.
"""

# Where somebody left a case after the run was planned, the people around its pairs were others: all
# of these pairs are compared again, and so dropped now.
UNSETTLE = """
UPDATE kinmatch.records SET taken_in = NULL, compared_in = NULL FROM found
WHERE records.id IN (found.left_record, found.right_record) AND found.kin IS NOT NULL AND EXISTS (
  SELECT FROM kinmatch.records AS side
  JOIN kinmatch.batches ON batches.id = side.batch_id
  JOIN kinmatch.runs ON runs.id = :run
  WHERE side.id IN (found.left_record, found.right_record) AND people_changed_at >= planned_at
)
"""

# Pairs of records that changed, or whose batch left, since they were compared.
DROP_STALE = """
DELETE FROM found WHERE ctid IN (
  SELECT found.ctid FROM found
  LEFT JOIN kinmatch.records AS one ON one.id = found.left_record AND one.taken_in IS NOT NULL
  LEFT JOIN kinmatch.records AS other
    ON other.id = found.right_record AND other.taken_in IS NOT NULL
  LEFT JOIN kinmatch.batches AS ones ON ones.id = one.batch_id AND ones.state = 'accepted'
  LEFT JOIN kinmatch.batches AS others ON others.id = other.batch_id AND others.state = 'accepted'
  WHERE ones.id IS NULL OR others.id IS NULL
)
"""

# Of two key epochs in which the same two records were found, the newer one counts.
DROP_OLDER = """
DELETE FROM found USING found AS newer
WHERE newer.id = found.id AND newer.key_epoch > found.key_epoch
"""

# A pair of which this run looked at one record or both, and that it did not find again. What
# people have confirmed stays, and what they have rejected while nothing about it changed.
LEAVE = """
DELETE FROM kinmatch.candidates USING kinmatch.records AS one, kinmatch.records AS other
WHERE candidates.agreement = :agreement
  AND one.id = left_record AND other.id = right_record
  AND (one.taken_in = :run OR other.taken_in = :run)
  AND NOT EXISTS (SELECT FROM found WHERE found.id = candidates.id)
  AND (candidates.state IN ('new', 'open')
       OR candidates.state = 'rejected'
          AND (one.digest, other.digest) IS DISTINCT FROM (left_digest, right_digest))
"""

_EVIDENCE = """
  left_record = found.left_record, right_record = found.right_record,
  left_digest = one.digest, right_digest = other.digest,
  distances = found.distances, score = found.score
FROM found
JOIN kinmatch.records AS one ON one.id = found.left_record
JOIN kinmatch.records AS other ON other.id = found.right_record
WHERE candidates.id = found.id"""

# The same record under another key epoch has another digest and did not change for that.
_CHANGED = """
  (candidates.left_record = found.left_record AND candidates.left_digest <> one.digest
   OR candidates.right_record = found.right_record AND candidates.right_digest <> other.digest)"""

CHANGE = f"""
UPDATE kinmatch.candidates SET
  state = 'new', version = candidates.version + 1, found_in = :run,
  refined_outcomes = NULL, refined_score = NULL, refined_band = NULL, {_EVIDENCE}
  AND candidates.state <> 'confirmed' AND {_CHANGED}
"""  # noqa: S608  # nothing in it is anybody's input

MEND = f"""
UPDATE kinmatch.candidates SET {_EVIDENCE} AND candidates.found_in <> :run
  AND found.key_epoch >= (
    SELECT key_epoch FROM kinmatch.records WHERE records.id = candidates.left_record
  )
"""  # noqa: S608  # the same

INSERT = """
INSERT INTO kinmatch.candidates (
  id, agreement, left_record, right_record, left_digest, right_digest, distances, score, band,
  state, found_in
)
SELECT found.id, :agreement, left_record, right_record, one.digest, other.digest, distances, score,
  CASE WHEN score >= strong THEN 0 WHEN score >= possible THEN 1 ELSE 2 END, 'new', :run
FROM found
JOIN kinmatch.records AS one ON one.id = found.left_record
JOIN kinmatch.records AS other ON other.id = found.right_record
JOIN registers ON registers.society = one.society
  AND registers.left_role = one.role AND registers.right_role = other.role
ORDER BY found.id
ON CONFLICT (id) DO NOTHING
"""

UPDATE_SIDES = """
UPDATE kinmatch.candidate_sides SET
  score = coalesce(refined_score, candidates.score), levels = found.levels,
  weights = found.weights, passes = :passes, kin = found.kin,
  state = candidates.state, version = candidates.version,
  since = CASE WHEN candidates.version > candidate_sides.version THEN :on ELSE since END,
  verdict = CASE WHEN candidates.version = candidate_sides.version THEN verdict END,
  refinement = CASE WHEN candidates.version = candidate_sides.version THEN refinement END,
  attributes = CASE WHEN candidates.version = candidate_sides.version THEN attributes END
FROM found JOIN kinmatch.candidates ON candidates.id = found.id
WHERE candidate_id = found.id AND candidates.left_record = found.left_record
"""

ADD_SIDES = """
INSERT INTO kinmatch.candidate_sides (
  candidate_id, society, agreement, reference, role, other_role, score, band, levels, weights,
  passes, kin, state, version, since, listed, barred, shown_until
)
SELECT found.id, side.society, :agreement, side.reference, side.role, side.other_role,
  found.score, standing.band, levels, weights, :passes, found.kin, 'new', 1, :on, listed,
  standing.barred, standing.shown_until
FROM found
JOIN kinmatch.candidates ON candidates.id = found.id AND candidates.found_in = :run
JOIN standing ON standing.id = found.id
JOIN kinmatch.records AS one ON one.id = found.left_record
JOIN kinmatch.records AS other ON other.id = found.right_record
CROSS JOIN LATERAL (VALUES
  (one.society, one.reference, one.role, other.role),
  (other.society, other.reference, other.role, one.role)
) AS side (society, reference, role, other_role)
ORDER BY found.id, side.society
ON CONFLICT (candidate_id, society) DO NOTHING
"""

_MAY_MEET = """
  SELECT FROM meetings WHERE (society, role, other_society, other_role)
    = (one.society, one.role, other.society, other.role)"""

# What this run found for the first time stands as it should already.
_EARLIER = """(candidates.found_in, candidates.version) IS DISTINCT FROM (CAST(:run AS uuid), 1)"""

# Pairs that may not meet any more, because a corridor is closed: undecided ones leave, and of what
# people have decided nothing is shown.
CLOSE = f"""
DELETE FROM kinmatch.candidates USING kinmatch.records AS one, kinmatch.records AS other
WHERE candidates.agreement = :agreement AND candidates.state IN ('new', 'open') AND {_EARLIER}
  AND one.id = left_record AND other.id = right_record AND NOT EXISTS ({_MAY_MEET})
"""  # noqa: S608  # the same

# Bands ask for more as the registers grow, of what earlier nights found too; what was refined has
# its band from that.
REBAND = f"""
WITH banded AS (
  SELECT candidates.id, CASE
    WHEN score >= strong THEN 0 WHEN score >= possible THEN 1 ELSE 2 END AS band
  FROM kinmatch.candidates
  JOIN kinmatch.records AS one ON one.id = left_record
  JOIN kinmatch.records AS other ON other.id = right_record
  JOIN registers ON registers.society = one.society
    AND registers.left_role = one.role AND registers.right_role = other.role
  WHERE candidates.agreement = :agreement AND refined_band IS NULL AND {_EARLIER}
)
UPDATE kinmatch.candidates SET band = banded.band FROM banded WHERE candidates.id = banded.id
  AND candidates.band <> banded.band
"""  # noqa: S608  # the same

# How every candidate stands. Listed are the best of each left record, of equal scores those with
# the lowest right references; what somebody has decided on stays listed whatever better ones come.
# Of a barred record nothing is, nor of two that may not meet any more. A candidate is shown as long
# as both may meet, both records' batches may be kept, and neither is due for review.
STAND = (
    """
CREATE TEMPORARY TABLE standing (
  id bytea, band smallint, place bigint, barred boolean, state text, listed boolean,
  shown_until date
) ON COMMIT DROP
""",
    """
INSERT INTO standing
WITH placed AS (
  SELECT candidates.id, candidates.state, refined_band,
    CASE WHEN refined_band IS NULL THEN band ELSE least(refined_band, 2) END AS band,
    one.barred IS NOT NULL OR other.barred IS NOT NULL AS barred,
    row_number() OVER (
      PARTITION BY left_record
      ORDER BY other.barred IS NOT NULL, coalesce(refined_band, 0) = 3,
        coalesce(refined_score, score) DESC, other.reference
    ) AS place,
    meetings.last_day,
    least(
      meetings.last_day, ones.expires_on - 1, others.expires_on - 1, one.review_on - 1,
      other.review_on - 1
    ) AS shown_until
  FROM kinmatch.candidates
  JOIN kinmatch.records AS one ON one.id = left_record
  JOIN kinmatch.records AS other ON other.id = right_record
  JOIN kinmatch.batches AS ones ON ones.id = one.batch_id
  JOIN kinmatch.batches AS others ON others.id = other.batch_id
  LEFT JOIN meetings ON (meetings.society, meetings.role, other_society, meetings.other_role)
    = (one.society, one.role, other.society, other.role)
  WHERE candidates.agreement = :agreement
)
SELECT id, band, place, barred, state,
  NOT barred AND last_day IS NOT NULL AND (
    state NOT IN ('new', 'open') OR coalesce(refined_band, 0) < 3 AND place <= :top
  ) AS listed,
  CASE WHEN last_day IS NOT NULL THEN shown_until END AS shown_until
FROM placed
""",
    "ANALYZE standing",
)

# Of what nobody has decided on, each left record keeps its best few beyond those that are listed:
# they move up when others leave.
PRUNE = """
DELETE FROM kinmatch.candidates USING standing
WHERE standing.id = candidates.id AND place > :keep AND standing.state IN ('new', 'open')
RETURNING candidates.found_in = :run AND candidates.version = 1
"""

SETTLE = """
UPDATE kinmatch.candidate_sides AS side
SET band = standing.band, listed = standing.listed, barred = standing.barred,
  shown_until = coalesce(standing.shown_until, side.shown_until)
FROM standing
WHERE candidate_id = standing.id AND (
  side.band <> standing.band OR side.listed <> standing.listed OR side.barred <> standing.barred
  OR side.shown_until <> standing.shown_until
)
"""

HOLD = """
UPDATE kinmatch.records SET compared_in = :run
WHERE agreement = :agreement AND taken_in = :run AND compared_in IS DISTINCT FROM :run
"""

UNEVEN = """
SELECT count(*) FROM (
  SELECT candidates.id FROM kinmatch.candidates
  LEFT JOIN kinmatch.candidate_sides ON candidate_id = candidates.id
  WHERE candidates.agreement = :agreement
  GROUP BY candidates.id HAVING count(*) <> 2
) AS uneven
"""
