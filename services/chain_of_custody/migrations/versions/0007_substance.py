"""Balances, composites, discrepancies that custody finds itself; refused messages of the outbox.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

from shared.db.migration import APPEND, CHANGE, add_outbox_refusals, forbid_changes, grant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"
_MILLIGRAMS = sa.Numeric(24, 9)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables; items that wait for a reviewer already keep waiting."""
    add_outbox_refusals()
    op.create_table(
        "balances",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("readability_mg", _MILLIGRAMS, nullable=False),
        sa.Column("repeatability_mg", _MILLIGRAMS, nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_balances"),
        sa.UniqueConstraint("seq", name="uq_balances_seq"),
        sa.UniqueConstraint("name", name="uq_balances_name"),
        schema=_SCHEMA,
    )
    op.create_table(
        "balance_calibrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("balance_id", sa.Text(), nullable=False),
        sa.Column("calibrated_on", sa.Date(), nullable=False),
        sa.Column("next_due", sa.Date(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["balance_id"], ["chain_of_custody.balances.id"], name="fk_balance_calibrations_balance_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_balance_calibrations"),
        sa.UniqueConstraint("seq", name="uq_balance_calibrations_seq"),
        schema=_SCHEMA,
    )
    _index("balance_calibrations", "balance_id")
    op.create_table(
        "composite_parts",
        sa.Column("composite_id", sa.Text(), nullable=False),
        sa.Column("part_id", sa.Text(), nullable=False),
        sa.Column("net_mass_mg", _MILLIGRAMS, nullable=False),
        sa.Column("uncertainty_mg", _MILLIGRAMS, nullable=False),
        sa.ForeignKeyConstraint(
            ["composite_id"], ["chain_of_custody.items.id"], name="fk_composite_parts_composite_id"
        ),
        sa.ForeignKeyConstraint(
            ["part_id"], ["chain_of_custody.items.id"], name="fk_composite_parts_part_id"
        ),
        sa.PrimaryKeyConstraint("composite_id", "part_id", name="pk_composite_parts"),
        schema=_SCHEMA,
    )
    _index("composite_parts", "part_id")
    op.create_table(
        "discrepancies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("resolved_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_discrepancies_item_id"),
        sa.PrimaryKeyConstraint("id", name="pk_discrepancies"),
        sa.UniqueConstraint("seq", name="uq_discrepancies_seq"),
        schema=_SCHEMA,
    )
    _index("discrepancies", "item_id")
    op.create_index(
        "ix_discrepancies_open",
        "discrepancies",
        ["item_id"],
        schema=_SCHEMA,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.execute(
        f"INSERT INTO {_SCHEMA}.discrepancies (id, item_id, code, detail, opened_at) "
        "SELECT 'receipt:' || exhibit_id, id, 'receipt', 'open since the receipt', created_at "
        f"FROM {_SCHEMA}.items WHERE blocked AND parent_id IS NULL"
    )
    op.create_table(
        "series",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_series"),
        schema=_SCHEMA,
    )
    grant(APPEND, "balances", "balance_calibrations", "composite_parts")
    forbid_changes("balances", "balance_calibrations", "composite_parts")
    grant(CHANGE, "discrepancies", "series")


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column], unique=False, schema=_SCHEMA)
