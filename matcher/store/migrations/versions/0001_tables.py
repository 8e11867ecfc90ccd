"""The tables, as `0001_tables.sql` makes them."""

import re
from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

_SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


def upgrade() -> None:
    """Make the tables."""
    op.execute(_SQL)


def downgrade() -> None:
    """Drop them, the last one first."""
    for table in reversed(re.findall(r"^CREATE TABLE (\S+)", _SQL, re.MULTILINE)):
        op.execute(f"DROP TABLE {table}")
