"""Holds cover what came from an item; disposals can be withdrawn, and who authorises is held apart by the database (E17).

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

from shared.db.migration import APPEND, forbid_changes, grant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"


def upgrade() -> None:
    """Adds what holds cover (so far the item alone) and the columns and rules of disposals."""
    op.create_table(
        "hold_items",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hold_id"], ["chain_of_custody.holds.id"], name="fk_hold_items_hold_id"),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_hold_items_item_id"),
        sa.PrimaryKeyConstraint("hold_id", "item_id", name="pk_hold_items"),
        schema=_SCHEMA,
    )
    op.create_index("ix_hold_items_item_id", "hold_items", ["item_id"], unique=False, schema=_SCHEMA)
    op.execute(
        "INSERT INTO chain_of_custody.hold_items (hold_id, item_id) SELECT id, item_id FROM chain_of_custody.holds"
    )
    grant(APPEND, "hold_items")
    forbid_changes("hold_items")
    for column in (
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
    ):
        op.add_column("disposals", column, schema=_SCHEMA)
    op.create_index(
        "uq_disposals_open",
        "disposals",
        ["item_id"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("state IN ('requested', 'authorised')"),
    )
    for name, rule in (
        ("authoriser", "authorised_by <> requested_by"),
        ("executor", "executed_by <> authorised_by"),
        ("witness", "witness <> executed_by AND witness <> authorised_by"),
    ):
        op.create_check_constraint(f"ck_disposals_{name}", "disposals", rule, schema=_SCHEMA)


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
