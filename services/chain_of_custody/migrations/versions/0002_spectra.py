"""Uploads and spectra. What a spectrum is and where it lies never changes; what was found of it since is filled in.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db.migration import ALL, APPEND, CHANGE, grant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "chain_of_custody"

#: Columns of a spectrum that are filled in after it was stored.
FOUND_SINCE = (
    "state", "reason", "sha256", "format", "summary", "legal_hold", "checked_at", "read_at",
)  # fmt: skip


def upgrade() -> None:
    """Makes the tables; rows of uploads and spectra stay for ever (E12)."""
    _make_uploads()
    _make_spectra()
    grant(CHANGE, "uploads")
    grant(APPEND, "upload_parts")
    grant(ALL, "upload_tails")
    grant(f"{APPEND}, UPDATE ({', '.join(FOUND_SINCE)})", "spectra")


def _make_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("spectrum_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("technique", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("run_role", sa.Text(), nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("store_upload_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            'stored >= 0 AND stored <= "offset" AND "offset" <= size', name="ck_uploads_offset_within_size"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_uploads_item_id"),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        sa.UniqueConstraint("spectrum_id", name="uq_uploads_spectrum_id"),
        schema=SCHEMA,
    )
    op.create_index("ix_uploads_item_id", "uploads", ["item_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_uploads_unfinished",
        "uploads",
        ["touched_at"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("state IN ('open', 'received')"),
    )
    op.create_table(
        "upload_parts",
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["chain_of_custody.uploads.id"], name="fk_upload_parts_upload_id"
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name="pk_upload_parts"),
        schema=SCHEMA,
    )
    op.create_table(
        "upload_tails",
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["chain_of_custody.uploads.id"], name="fk_upload_tails_upload_id"
        ),
        sa.PrimaryKeyConstraint("upload_id", "start", name="pk_upload_tails"),
        schema=SCHEMA,
    )


def _make_spectra() -> None:
    op.create_table(
        "spectra",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("declared_sha256", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("technique", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("run_role", sa.Text(), nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("summary", postgresql.JSONB(), nullable=True),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("retain_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("legal_hold", sa.Boolean(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_spectra_item_id"),
        sa.ForeignKeyConstraint(["upload_id"], ["chain_of_custody.uploads.id"], name="fk_spectra_upload_id"),
        sa.PrimaryKeyConstraint("id", name="pk_spectra"),
        sa.UniqueConstraint("seq", name="uq_spectra_seq"),
        sa.UniqueConstraint("upload_id", name="uq_spectra_upload_id"),
        schema=SCHEMA,
    )
    op.create_index("ix_spectra_checked_at", "spectra", ["checked_at"], unique=False, schema=SCHEMA)
    op.create_index("ix_spectra_item_id", "spectra", ["item_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_spectra_uploaded_by", "spectra", ["uploaded_by"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_spectra_verifying",
        "spectra",
        ["uploaded_at"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'verifying'"),
    )


def downgrade() -> None:
    """Refuses: evidence is not taken back."""
    raise RuntimeError("custody's records are never removed; restore a backup instead")
