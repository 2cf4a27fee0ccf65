"""What is overdue tells both times where a correction counts; a look at the limits keeps the calendar that it counted by.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"


def upgrade() -> None:
    """Adds the columns, empty: what was overdue so far ran from what the acts said."""
    written = sa.Column("since_written", sa.DateTime(timezone=True), nullable=True)
    op.add_column("overdue", written, schema=_SCHEMA)
    calendar = sa.Column("calendar", postgresql.JSONB(), nullable=True)
    op.add_column("limit_checks", calendar, schema=_SCHEMA)


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
