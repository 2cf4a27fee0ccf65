"""What is or was beyond its time limit (E26); rows are opened and closed, never taken away, and a closed one never changes."""

import sqlalchemy as sa
from alembic import op

from shared.db.migration import CHANGE, grant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"
_FIXED = ("id", "kind", "subject_id", "office", "since", "opened_at")


def upgrade() -> None:
    """Makes the tables, and the trigger that holds for the owner too."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "overdue",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "subject_id", "number", "office")),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("item_id", "submission_id", "responsible", "responsible_name")
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        *(sa.Column(name, time, nullable=False) for name in ("since", "due_at", "opened_at")),
        sa.Column("closed_at", time, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_overdue"),
        sa.UniqueConstraint("seq", name="uq_overdue_seq"),
        schema=_SCHEMA,
    )
    op.create_index(
        "uq_overdue_open",
        "overdue",
        ["kind", "subject_id"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "limit_checks",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("checked_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_limit_checks"),
        schema=_SCHEMA,
    )
    grant(CHANGE, "overdue", "limit_checks")
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _FIXED)
    op.execute(
        f"CREATE FUNCTION {_SCHEMA}.keep_overdue() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' OR OLD.closed_at IS NOT NULL OR NOT ({same}) THEN "
        "RAISE EXCEPTION 'what was overdue stays on record' USING ERRCODE = 'insufficient_privilege'; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER overdue_kept BEFORE UPDATE OR DELETE ON {_SCHEMA}.overdue "
        f"FOR EACH ROW EXECUTE FUNCTION {_SCHEMA}.keep_overdue()"
    )


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
