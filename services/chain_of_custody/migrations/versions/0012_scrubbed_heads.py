"""The scrub covers the copies of the log's heads: findings without a spectrum, how far a round is, until when copies are locked.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"


def upgrade() -> None:
    """Adds the columns; a finding has a spectrum and its item, or neither."""
    for name in ("spectrum_id", "item_id"):
        op.alter_column("store_findings", name, existing_type=sa.Text(), nullable=True, schema=_SCHEMA)
    op.create_check_constraint(
        "ck_store_findings_subject",
        "store_findings",
        "(spectrum_id IS NULL) = (item_id IS NULL)",
        schema=_SCHEMA,
    )
    op.create_index(
        "uq_store_findings_open_heads",
        "store_findings",
        ["filename", "store", "kind"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("closed_at IS NULL AND spectrum_id IS NULL"),
    )
    op.add_column(
        "scrub_rounds",
        sa.Column("heads_done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        schema=_SCHEMA,
    )
    op.add_column(
        "log_copies",
        sa.Column("retain_until", sa.DateTime(timezone=True), nullable=True),
        schema=_SCHEMA,
    )


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
