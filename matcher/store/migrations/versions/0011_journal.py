"""The journal holds more than notices: batches withdrawn, epochs retired, agreements admitted.

These have no number of a society's own and no day of writing, and an admission has no society.
What an entry says has a digest, by which the same is known again.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

FREE = ("society", "agreement", "sent", "made_on")


def upgrade() -> None:
    """Let these be null, and add the digest; what was applied before is known by its own."""
    for column in FREE:
        op.execute(f"ALTER TABLE kinmatch.notices ALTER COLUMN {column} DROP NOT NULL")
    op.execute("ALTER TABLE kinmatch.notices ADD COLUMN said TEXT")
    op.execute("UPDATE kinmatch.notices SET said = digest")
    op.execute("ALTER TABLE kinmatch.notices ALTER COLUMN said SET NOT NULL")
    op.execute("CREATE INDEX ix_notices_said ON kinmatch.notices (said)")


def downgrade() -> None:
    """Keep the notices alone; an older release has no other entries."""
    op.execute("ALTER TABLE kinmatch.notices DROP COLUMN said")
    op.execute("DELETE FROM kinmatch.notices WHERE sent IS NULL")
    for column in FREE:
        op.execute(f"ALTER TABLE kinmatch.notices ALTER COLUMN {column} SET NOT NULL")
