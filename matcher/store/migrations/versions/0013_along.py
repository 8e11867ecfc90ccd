"""Candidates leave along with their records, and sides along with candidates, by the statement.

A night writes both by the million from records that can't leave meanwhile: whoever deletes records
or candidates holds their agreement, as the night does. Checking each row against its record, and
locking the record for it, took as long as writing the row. What is deleted still takes along what
hangs on it, for all rows of a statement at once.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

# Table and column, of which table they are, and that table's trigger.
REFERENCES = {
    ("candidates", "left_record"): "records",
    ("candidates", "right_record"): "records",
    ("candidate_sides", "candidate_id"): "candidates",
}

TAKE_ALONG = {
    "records": """
  DELETE FROM kinmatch.candidates USING gone WHERE left_record = gone.id;
  DELETE FROM kinmatch.candidates USING gone WHERE right_record = gone.id;
""",
    "candidates": """
  DELETE FROM kinmatch.candidate_sides USING gone WHERE candidate_id = gone.id;
""",
}


def upgrade() -> None:
    """Make the triggers, and drop the references."""
    for table, deletions in TAKE_ALONG.items():
        op.execute(f"""
CREATE FUNCTION kinmatch.take_along_of_{table}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN{deletions}  RETURN NULL;
END $$
""")
        op.execute(f"REVOKE ALL ON FUNCTION kinmatch.take_along_of_{table} FROM PUBLIC")
        op.execute(
            f"CREATE TRIGGER take_along AFTER DELETE ON kinmatch.{table}"
            " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT"
            f" EXECUTE FUNCTION kinmatch.take_along_of_{table}()"
        )
    for table, column in REFERENCES:
        op.execute(f"ALTER TABLE kinmatch.{table} DROP CONSTRAINT fk_{table}_{column}")


def downgrade() -> None:
    """Make the references again."""
    for table in TAKE_ALONG:
        op.execute(f"DROP TRIGGER take_along ON kinmatch.{table}")
        op.execute(f"DROP FUNCTION kinmatch.take_along_of_{table}")
    for (table, column), target in REFERENCES.items():
        op.execute(
            f"ALTER TABLE kinmatch.{table} ADD CONSTRAINT fk_{table}_{column}"
            f" FOREIGN KEY ({column}) REFERENCES kinmatch.{target} (id) ON DELETE CASCADE"
        )
