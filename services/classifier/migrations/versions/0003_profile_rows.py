"""Rows by which profiles are searched, and what populations taught about links.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db.migration import APPEND, forbid_changes, grant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both tables; rows of older data are made when they are first needed."""
    op.create_table(
        "profile_row",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("root_id", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("programme_version", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_profile_row")),
        schema="classifier",
    )
    op.create_index("ix_profile_row_programme", "profile_row", ["programme", "seq"], schema="classifier")
    op.create_index("ix_profile_row_item", "profile_row", ["item_id", "programme"], schema="classifier")
    op.create_table(
        "link_population",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("programme_version", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_population")),
        sa.UniqueConstraint("digest", name=op.f("uq_link_population_digest")),
        sa.UniqueConstraint("seq", name=op.f("uq_link_population_seq")),
        schema="classifier",
    )
    op.create_index(
        op.f("ix_link_population_programme"), "link_population", ["programme"], schema="classifier"
    )
    grant(APPEND, "profile_row", "link_population")
    forbid_changes("profile_row", "link_population")


def downgrade() -> None:
    """Both are derived and can be made again."""
    op.drop_table("link_population", schema="classifier")
    op.drop_table("profile_row", schema="classifier")
