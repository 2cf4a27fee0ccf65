"""Discrepancies that were found after the receipt, on an item in custody; refused messages of the outbox.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

from shared.db.migration import add_outbox_refusals

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A discrepancy may be of no receipt; then it names the item. What it says stays fixed, by the database too (E11)."""
    add_outbox_refusals()
    op.alter_column("discrepancy", "receipt_id", nullable=True, schema="intake")
    for name in ("item_id", "item_number", "opened_by", "opened_by_name"):
        op.add_column("discrepancy", sa.Column(name, sa.Text(), nullable=True), schema="intake")
    fixed = (
        "id", "code", "office", "submission_id", "receipt_id", "line", "detail", "opened_at", "item_id", "item_number",
        "opened_by", "opened_by_name",
    )  # fmt: skip
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in fixed)
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION intake.keep_discrepancy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' OR OLD.state = 'resolved' OR NOT ({same}) THEN
            RAISE EXCEPTION 'discrepancy % cannot be changed so', OLD.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW; END $$
        """
    )


def downgrade() -> None:
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
