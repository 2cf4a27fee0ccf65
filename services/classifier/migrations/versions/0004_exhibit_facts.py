"""Where and when exhibits were seized, for statistics.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

from shared.db.migration import APPEND, grant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; it fills itself from intake."""
    op.create_table(
        "exhibit_facts",
        sa.Column("exhibit_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seized_on", sa.Date(), nullable=True),
        sa.Column("seized_country", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("exhibit_id", name=op.f("pk_exhibit_facts")),
        schema="classifier",
    )
    grant(APPEND, "exhibit_facts")


def downgrade() -> None:
    """Derived, and can be asked for again."""
    op.drop_table("exhibit_facts", schema="classifier")
