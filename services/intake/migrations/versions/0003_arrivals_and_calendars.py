"""Arrivals of parcels, and calendars of working days; both insert-only (E2, E12, E26)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db.migration import APPEND, forbid_changes, grant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    time = sa.DateTime(timezone=True)
    words = ("received_by", "received_by_name", "delivered_by", "seal_condition", "remarks")
    op.create_table(
        "arrival",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("arrived_at", time, nullable=False),
        sa.Column("recorded_at", time, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in words),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["intake.submission.id"], name=op.f("fk_arrival_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("seq", name=op.f("uq_arrival_seq")),
        schema="intake",
    )
    op.create_index(op.f("ix_arrival_submission_id"), "arrival", ["submission_id"], schema="intake")
    op.create_table(
        "calendar",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("weekend", postgresql.JSONB(), nullable=False),
        sa.Column("holidays", postgresql.JSONB(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", time, nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_calendar")),
        schema="intake",
    )
    grant(APPEND, "arrival", "calendar")
    forbid_changes("arrival", "calendar")


def downgrade() -> None:
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
