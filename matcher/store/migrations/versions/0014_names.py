"""By which names a candidate's evidence goes, and from which day a refinement shows.

Evidence stays what it was when a scheme is amended, until a night finds the candidate again: of
what people have decided that may be never. So each side says under which passes it was found.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

UP = """
CREATE TABLE kinmatch.pass_names (
  agreement TEXT NOT NULL,
  number SMALLINT NOT NULL,
  passes TEXT[] NOT NULL,
  CONSTRAINT pk_pass_names PRIMARY KEY (agreement, number),
  CONSTRAINT fk_pass_names_agreement
    FOREIGN KEY (agreement) REFERENCES kinmatch.agreements (agreement_id)
);
INSERT INTO kinmatch.pass_names (agreement, number, passes)
SELECT agreement_id, 1, ARRAY(
  SELECT one ->> 'name' FROM jsonb_array_elements(document -> 'scheme' -> 'passes')
    WITH ORDINALITY AS passes (one, place) ORDER BY place
)
FROM kinmatch.agreements;
ALTER TABLE kinmatch.candidate_sides ADD COLUMN passes SMALLINT DEFAULT 1 NOT NULL;
ALTER TABLE kinmatch.refinement_files ADD COLUMN asked_on DATE;
UPDATE kinmatch.refinement_files SET asked_on = least(expires_on, CURRENT_DATE) - 1;
ALTER TABLE kinmatch.refinement_files ALTER COLUMN asked_on SET NOT NULL;
ALTER TABLE kinmatch.pass_names ENABLE ROW LEVEL SECURITY;
CREATE POLICY unit ON kinmatch.pass_names TO kinmatch_unit USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON kinmatch.pass_names TO kinmatch_unit;
CREATE POLICY service ON kinmatch.pass_names TO kinmatch_service USING (
  EXISTS (
    SELECT FROM kinmatch.agreement_parties AS party
    WHERE party.agreement = pass_names.agreement
      AND party.society = (SELECT kinmatch.current_society())
  )
);
GRANT SELECT ON kinmatch.pass_names TO kinmatch_service;
"""

DOWN = """
ALTER TABLE kinmatch.refinement_files DROP COLUMN asked_on;
ALTER TABLE kinmatch.candidate_sides DROP COLUMN passes;
DROP TABLE kinmatch.pass_names;
"""


def upgrade() -> None:
    """Make them; what was found before goes by the names that its agreement has today."""
    op.execute(UP)


def downgrade() -> None:
    """Take them away."""
    op.execute(DOWN)
