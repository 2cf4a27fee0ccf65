"""Places can be closed.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the flag; every place there is stays open."""
    op.add_column(
        "locations",
        sa.Column("closed", sa.Boolean(), server_default="false", nullable=False),
        schema="chain_of_custody",
    )


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
