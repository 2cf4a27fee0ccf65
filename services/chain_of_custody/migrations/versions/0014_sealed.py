"""Acts of sealing are found without reading all others: a seal is used once.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the index."""
    op.create_index(
        "ix_events_sealed",
        "events",
        ["item_id"],
        schema="chain_of_custody",
        postgresql_where=sa.text("type = 'sealed'"),
    )


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
