"""How often candidates were asked about without an answer: such are asked again ever later."""

from alembic import op

revision = "0012"
down_revision = "0011"

UP = """
CREATE TABLE kinmatch.unanswered (
  candidate_id BYTEA NOT NULL,
  version INTEGER NOT NULL,
  times INTEGER NOT NULL,
  ask_on DATE,
  CONSTRAINT pk_unanswered PRIMARY KEY (candidate_id),
  CONSTRAINT fk_unanswered_candidate_id
    FOREIGN KEY (candidate_id) REFERENCES kinmatch.candidates (id) ON DELETE CASCADE
);
ALTER TABLE kinmatch.unanswered ENABLE ROW LEVEL SECURITY;
CREATE POLICY unit ON kinmatch.unanswered TO kinmatch_unit USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON kinmatch.unanswered TO kinmatch_unit;
"""


def upgrade() -> None:
    """Make the table; no society reads it."""
    op.execute(UP)


def downgrade() -> None:
    """Take it away; what went unanswered is asked about as if for the first time."""
    op.execute("DROP TABLE kinmatch.unanswered")
