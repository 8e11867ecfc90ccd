"""What the worker needs: envelopes with their epochs, retired epochs, validation as a job.

A batch that is finished has its job in the same transaction, whoever finished it: the service's
role may not write jobs, and the trigger may. The queue is in a schema of its own
(`matcher.store.jobs`).
"""

from alembic import op

revision = "0006"
down_revision = "0005"

OWN = "society = (SELECT kinmatch.current_society())"

UP = """
ALTER TABLE kinmatch.envelopes ADD COLUMN key_epoch INTEGER NOT NULL DEFAULT 1;
ALTER TABLE kinmatch.envelopes ALTER COLUMN key_epoch DROP DEFAULT;
CREATE TABLE kinmatch.retired_epochs (
  agreement TEXT NOT NULL,
  society TEXT NOT NULL,
  key_epoch INTEGER NOT NULL,
  last_day DATE NOT NULL,
  CONSTRAINT pk_retired_epochs PRIMARY KEY (agreement, society, key_epoch),
  CONSTRAINT fk_retired_epochs_agreement
    FOREIGN KEY (agreement) REFERENCES kinmatch.agreements (agreement_id),
  CONSTRAINT fk_retired_epochs_society
    FOREIGN KEY (society) REFERENCES kinmatch.societies (name)
);
CREATE INDEX ix_retired_epochs_society ON kinmatch.retired_epochs (society);
"""

# One lock for a society and agreement: its envelopes are opened one after the other, in the order
# in which they were finished.
VALIDATE_LATER = """
CREATE FUNCTION kinmatch.validate_later() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = kinmatch_jobs, pg_catalog AS $$
BEGIN
  INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args)
  VALUES ('kinmatch', 'validate', 'validate ' || NEW.agreement || ' ' || NEW.society,
          jsonb_build_object('batch', NEW.id));
  RETURN NEW;
END $$
"""
TRIGGER = """
CREATE TRIGGER validate_later AFTER UPDATE OF state ON kinmatch.batches FOR EACH ROW
WHEN (NEW.state = 'validating' AND OLD.state <> 'validating')
EXECUTE FUNCTION kinmatch.validate_later()
"""

GUARDS = (
    "ALTER TABLE kinmatch.retired_epochs ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY unit ON kinmatch.retired_epochs TO kinmatch_unit USING (true) WITH CHECK (true)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON kinmatch.retired_epochs TO kinmatch_unit",
    f"CREATE POLICY service ON kinmatch.retired_epochs TO kinmatch_service USING ({OWN})",
    "GRANT SELECT ON kinmatch.retired_epochs TO kinmatch_service",
)

DOWN = """
DROP TRIGGER validate_later ON kinmatch.batches;
DROP FUNCTION kinmatch.validate_later();
DROP TABLE kinmatch.retired_epochs;
ALTER TABLE kinmatch.envelopes DROP COLUMN key_epoch;
"""


def upgrade() -> None:
    """Make the tables, their rules and the trigger."""
    op.execute(UP)
    for statement in GUARDS:
        op.execute(statement)
    op.execute(VALIDATE_LATER)
    op.execute("REVOKE ALL ON FUNCTION kinmatch.validate_later FROM PUBLIC")
    op.execute(TRIGGER)


def downgrade() -> None:
    """Take them away; a society that retired an epoch has to say so again."""
    op.execute(DOWN)
