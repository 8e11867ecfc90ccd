"""Candidates and entries of the audit log found fast; tables for analysts."""

from alembic import op

revision = "0004"
down_revision = "0003"

# Band, state and agreement lie in the index, so that filters pass over entries and not over rows.
UP = """
DROP INDEX kinmatch.ix_candidate_sides_best_first;
CREATE INDEX ix_candidate_sides_best_first ON kinmatch.candidate_sides
  (society, score DESC, candidate_id, band, state, agreement) WHERE listed;
DROP INDEX kinmatch.ix_audit_entries_society;
CREATE INDEX ix_audit_entries_society_number ON kinmatch.audit_entries (society, number);
CREATE TABLE kinmatch.aggregates (
  agreement TEXT NOT NULL,
  month DATE NOT NULL,
  made_on DATE NOT NULL,
  least INTEGER NOT NULL,
  tables JSONB NOT NULL,
  CONSTRAINT pk_aggregates PRIMARY KEY (agreement, month),
  CONSTRAINT fk_aggregates_agreement
    FOREIGN KEY (agreement) REFERENCES kinmatch.agreements (agreement_id)
);
ALTER TABLE kinmatch.aggregates ENABLE ROW LEVEL SECURITY;
CREATE POLICY unit ON kinmatch.aggregates TO kinmatch_unit USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON kinmatch.aggregates TO kinmatch_unit;
"""

DOWN = """
DROP TABLE kinmatch.aggregates;
DROP INDEX kinmatch.ix_audit_entries_society_number;
CREATE INDEX ix_audit_entries_society ON kinmatch.audit_entries (society);
DROP INDEX kinmatch.ix_candidate_sides_best_first;
CREATE INDEX ix_candidate_sides_best_first ON kinmatch.candidate_sides
  (society, score DESC, candidate_id) WHERE listed;
"""


def upgrade() -> None:
    """Make the table and the indexes."""
    op.execute(UP)


def downgrade() -> None:
    """Take them away; tables of past months are lost."""
    op.execute(DOWN)
