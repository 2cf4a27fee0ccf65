"""Accounts, sessions, counts of wrong passwords, audit trail, outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.migration import APPEND, CHANGE, create_kit_tables, forbid_changes, grant

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.func.clock_timestamp()


def upgrade() -> None:
    """Makes the tables; accounts and sessions may change but never vanish, the audit trail may only grow."""
    op.create_table(
        "accounts",
        sa.Column("login", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), unique=True, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("office", sa.Text),
        sa.Column("password_hash", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.text("true")),
        sa.Column("created_at", _MOMENT, nullable=False, server_default=_NOW),
        sa.Column("changed_at", _MOMENT, nullable=False, server_default=_NOW),
        sa.CheckConstraint("(role = 'office') = (office IS NOT NULL)", name="office_of_role"),
        schema="gateway",
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), unique=True, nullable=False),
        sa.Column("token_sha256", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("login", sa.Text, sa.ForeignKey("gateway.accounts.login"), nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False, index=True),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        schema="gateway",
    )
    op.create_table(
        "wrong_passwords",
        sa.Column("name_sha256", sa.LargeBinary, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("locked_until", _MOMENT),
        sa.Column("last_at", _MOMENT, nullable=False, index=True),
        schema="gateway",
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False, server_default=""),
        sa.Column("request_id", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
        schema="gateway",
    )
    op.create_index("ix_audit_subject_seq", "audit", ["subject", "seq"], schema="gateway")
    create_kit_tables()
    grant(CHANGE, "accounts", "sessions")
    grant(CHANGE + ", DELETE", "wrong_passwords")
    grant(APPEND, "audit")
    forbid_changes("audit")
