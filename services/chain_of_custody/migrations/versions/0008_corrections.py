"""Which event corrects which (E11).

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

from shared.db.migration import APPEND, forbid_changes, grant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"


def upgrade() -> None:
    """Makes the table, insert-only from the first row on."""
    op.create_table(
        "corrections",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["chain_of_custody.events.id"], name="fk_corrections_event_id"),
        sa.ForeignKeyConstraint(["corrects"], ["chain_of_custody.events.id"], name="fk_corrections_corrects"),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_corrections_item_id"),
        sa.PrimaryKeyConstraint("event_id", name="pk_corrections"),
        schema=_SCHEMA,
    )
    op.create_index("ix_corrections_corrects", "corrections", ["corrects"], unique=False, schema=_SCHEMA)
    grant(APPEND, "corrections")
    forbid_changes("corrections")


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
