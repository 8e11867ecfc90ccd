"""Refinement as a job: after a night is published, and once both societies have answered."""

from alembic import op

revision = "0008"
down_revision = "0007"

REFINE_LATER = """
CREATE FUNCTION kinmatch.refine_later() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = kinmatch_jobs, pg_catalog AS $$
BEGIN
  INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args)
  VALUES ('kinmatch', 'refine', 'refine', '{}');
  RETURN NEW;
END $$
"""
TRIGGERS = {"refinements": "released", "runs": "published"}


def upgrade() -> None:
    """Make the triggers."""
    op.execute(REFINE_LATER)
    op.execute("REVOKE ALL ON FUNCTION kinmatch.refine_later FROM PUBLIC")
    for table, state in TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER refine_later AFTER UPDATE OF state ON kinmatch.{table} FOR EACH ROW"
            f" WHEN (NEW.state = '{state}' AND OLD.state <> '{state}')"
            " EXECUTE FUNCTION kinmatch.refine_later()"
        )


def downgrade() -> None:
    """Take them away."""
    for table in TRIGGERS:
        op.execute(f"DROP TRIGGER refine_later ON kinmatch.{table}")
    op.execute("DROP FUNCTION kinmatch.refine_later()")
