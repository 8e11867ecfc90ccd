"""Which versions of an agreement allowed more than it does now: their batches are taken no more."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column; of what was amended before nothing is known, and it was compared since."""
    op.execute("ALTER TABLE kinmatch.agreements ADD COLUMN outgrown TEXT[] DEFAULT '{}' NOT NULL")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE kinmatch.agreements DROP COLUMN outgrown")
