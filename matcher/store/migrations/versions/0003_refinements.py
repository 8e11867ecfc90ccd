"""Refinements by parts of many candidates, with the letters that two societies are sent."""

from alembic import op

revision = "0003"
down_revision = "0002"

OWN = "society = (SELECT kinmatch.current_society())"
TABLES = ("refinements", "refined_candidates", "refinement_files")

UP = """
DROP TABLE kinmatch.refinements;
CREATE TABLE kinmatch.refinements (
  id UUID DEFAULT gen_random_uuid() NOT NULL,
  agreement TEXT NOT NULL,
  run TEXT NOT NULL,
  part INTEGER NOT NULL,
  key_epoch INTEGER NOT NULL,
  left_society TEXT NOT NULL,
  right_society TEXT NOT NULL,
  state TEXT NOT NULL,
  first_released_by TEXT,
  expires_on DATE NOT NULL,
  outcome JSONB DEFAULT '{}' NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_refinements PRIMARY KEY (id),
  CONSTRAINT uq_refinements_agreement_run_part UNIQUE (agreement, run, part),
  CONSTRAINT fk_refinements_agreement
    FOREIGN KEY (agreement) REFERENCES kinmatch.agreements (agreement_id),
  CONSTRAINT fk_refinements_left_society
    FOREIGN KEY (left_society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_refinements_right_society
    FOREIGN KEY (right_society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_refinements_first_released_by
    FOREIGN KEY (first_released_by) REFERENCES kinmatch.societies (name)
);
CREATE TABLE kinmatch.refined_candidates (
  refinement_id UUID NOT NULL,
  candidate_id BYTEA NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT pk_refined_candidates PRIMARY KEY (refinement_id, candidate_id),
  CONSTRAINT fk_refined_candidates_refinement_id
    FOREIGN KEY (refinement_id) REFERENCES kinmatch.refinements (id) ON DELETE CASCADE,
  CONSTRAINT fk_refined_candidates_candidate_id
    FOREIGN KEY (candidate_id) REFERENCES kinmatch.candidates (id) ON DELETE CASCADE
);
CREATE INDEX ix_refined_candidates_candidate_id ON kinmatch.refined_candidates (candidate_id);
CREATE TABLE kinmatch.refinement_files (
  refinement_id UUID NOT NULL,
  society TEXT NOT NULL,
  agreement TEXT NOT NULL,
  run TEXT NOT NULL,
  part INTEGER NOT NULL,
  candidates INTEGER NOT NULL,
  requests BYTEA,
  requests_digest TEXT NOT NULL,
  requests_seal TEXT NOT NULL,
  size INTEGER NOT NULL,
  expires_on DATE NOT NULL,
  answer BYTEA,
  answer_digest TEXT,
  CONSTRAINT pk_refinement_files PRIMARY KEY (refinement_id, society),
  CONSTRAINT fk_refinement_files_refinement_id
    FOREIGN KEY (refinement_id) REFERENCES kinmatch.refinements (id) ON DELETE CASCADE,
  CONSTRAINT fk_refinement_files_society
    FOREIGN KEY (society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_refinement_files_agreement
    FOREIGN KEY (agreement) REFERENCES kinmatch.agreements (agreement_id)
);
CREATE INDEX ix_refinement_files_society ON kinmatch.refinement_files (society);
ALTER TABLE kinmatch.candidates
  ADD COLUMN refined_outcomes INTEGER[],
  ADD COLUMN refined_score DOUBLE PRECISION,
  ADD COLUMN refined_band SMALLINT;
ALTER TABLE kinmatch.candidate_sides
  ADD COLUMN refinement TEXT,
  ADD COLUMN attributes INTEGER[];
"""

DOWN = """
ALTER TABLE kinmatch.candidate_sides DROP COLUMN refinement, DROP COLUMN attributes;
ALTER TABLE kinmatch.candidates
  DROP COLUMN refined_outcomes, DROP COLUMN refined_score, DROP COLUMN refined_band;
DROP TABLE kinmatch.refinement_files;
DROP TABLE kinmatch.refined_candidates;
DROP TABLE kinmatch.refinements;
CREATE TABLE kinmatch.refinements (
  id UUID DEFAULT gen_random_uuid() NOT NULL,
  candidate_id BYTEA NOT NULL,
  state TEXT NOT NULL,
  first_released_by TEXT,
  expires_on DATE NOT NULL,
  outcome JSONB DEFAULT '{}' NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_refinements PRIMARY KEY (id),
  CONSTRAINT fk_refinements_candidate_id
    FOREIGN KEY (candidate_id) REFERENCES kinmatch.candidates (id) ON DELETE CASCADE,
  CONSTRAINT fk_refinements_first_released_by
    FOREIGN KEY (first_released_by) REFERENCES kinmatch.societies (name)
);
CREATE INDEX ix_refinements_candidate_id ON kinmatch.refinements (candidate_id);
"""

OLD_RULE = (
    "EXISTS (SELECT FROM kinmatch.candidate_sides AS side"
    f" WHERE side.candidate_id = refinements.candidate_id AND side.{OWN})"
)


def upgrade() -> None:
    """Make the tables and their rules: a society reads what it is asked, and nothing else."""
    op.execute(UP)
    for table in TABLES:
        _guard(table)
    op.execute(
        f"CREATE POLICY service ON kinmatch.refinement_files TO kinmatch_service USING ({OWN})"
    )
    op.execute("GRANT SELECT ON kinmatch.refinement_files TO kinmatch_service")


def _guard(table: str) -> None:
    op.execute(f"ALTER TABLE kinmatch.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY unit ON kinmatch.{table} TO kinmatch_unit USING (true) WITH CHECK (true)"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON kinmatch.{table} TO kinmatch_unit")


def downgrade() -> None:
    """Take them away; refinements that were under way are asked for again."""
    op.execute(DOWN)
    _guard("refinements")
    op.execute(
        f"CREATE POLICY service ON kinmatch.refinements TO kinmatch_service USING ({OLD_RULE})"
        f" WITH CHECK ({OLD_RULE})"
    )
    op.execute("GRANT SELECT ON kinmatch.refinements TO kinmatch_service")
