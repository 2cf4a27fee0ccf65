"""Arrivals are signed (E16); earlier ones stay without a signature.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; what is insert-only is not filled afterwards."""
    op.add_column("arrival", sa.Column("signature", postgresql.JSONB(), nullable=True), schema="intake")


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
