"""Heads that cannot fork, events that queue themselves, and what witnesses, authorities and copies say about heads.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

from shared.db.migration import APPEND, CHANGE, forbid_changes, grant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "chain_of_custody"
EVIDENCE = ("log_cosignatures", "log_timestamps", "log_copies")


def upgrade() -> None:
    """Adds the compare-and-set to heads, the trigger to events, and four tables."""
    op.add_column("log_checkpoints", sa.Column("grew_from", sa.BigInteger()), schema=SCHEMA)
    op.create_unique_constraint(
        "uq_log_checkpoints_grew_from", "log_checkpoints", ["grew_from"], schema=SCHEMA
    )
    _queue_events()
    op.create_table(
        "log_cosignatures",
        _size(),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("cosigned_at", sa.DateTime(timezone=True), nullable=False),
        _head("log_cosignatures"),
        sa.PrimaryKeyConstraint("size", "witness", name="pk_log_cosignatures"),
        schema=SCHEMA,
    )
    op.create_table(
        "log_timestamps",
        _size(),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        _head("log_timestamps"),
        sa.PrimaryKeyConstraint("size", "authority", name="pk_log_timestamps"),
        schema=SCHEMA,
    )
    op.create_table(
        "log_copies",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        _size(),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("copied_at", sa.DateTime(timezone=True), nullable=False),
        _head("log_copies"),
        sa.PrimaryKeyConstraint("number", name="pk_log_copies"),
        schema=SCHEMA,
    )
    op.create_table(
        "log_attempts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_log_attempts"),
        schema=SCHEMA,
    )
    grant(APPEND, *EVIDENCE)
    grant(CHANGE, "log_attempts")
    forbid_changes(*EVIDENCE)


def _queue_events() -> None:
    """An event that is stored is in the sequencer's queue, whoever stored it, one statement for all of one insert."""
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.queue_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"INSERT INTO {SCHEMA}.pending_events (seq, event_id) SELECT seq, id FROM stored; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER events_queued AFTER INSERT ON {SCHEMA}.events REFERENCING NEW TABLE AS stored "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.queue_events()"
    )


def _size() -> sa.Column[int]:
    return sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False)


def _head(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["size"], [f"{SCHEMA}.log_checkpoints.size"], name=f"fk_{table}_size")


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
