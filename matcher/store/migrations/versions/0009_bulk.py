"""References that nothing can break are not checked for every candidate that a night writes.

A night writes candidates and their sides from the records alone, whose societies, agreements and
runs are there and are never deleted; checking millions of them one by one took longer than writing
them. What is deleted along, by record and by candidate, stays.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

REFERENCES = {
    ("candidates", "agreement"): "agreements (agreement_id)",
    ("candidates", "found_in"): "runs (id)",
    ("candidate_sides", "society"): "societies (name)",
    ("candidate_sides", "agreement"): "agreements (agreement_id)",
}


def upgrade() -> None:
    """Drop the references."""
    for table, column in REFERENCES:
        op.execute(f"ALTER TABLE kinmatch.{table} DROP CONSTRAINT fk_{table}_{column}")


def downgrade() -> None:
    """Make them again."""
    for (table, column), target in REFERENCES.items():
        op.execute(
            f"ALTER TABLE kinmatch.{table} ADD CONSTRAINT fk_{table}_{column}"
            f" FOREIGN KEY ({column}) REFERENCES kinmatch.{target}"
        )
