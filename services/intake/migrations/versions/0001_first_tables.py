"""Intake's first tables. Receipts and manifests are insert-only; of an exhibit only custody's id is filled in later."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db.migration import ALL, APPEND, CHANGE, create_kit_tables, forbid_changes, grant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_counter")),
        schema="intake",
    )
    op.create_table(
        "known_programme",
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_programme")),
        schema="intake",
    )
    op.create_table(
        "office",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_office")),
        sa.UniqueConstraint("seq", name=op.f("uq_office_seq")),
        schema="intake",
    )
    op.create_table(
        "office_total",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["office"], ["intake.office.code"], name=op.f("fk_office_total_office")),
        sa.PrimaryKeyConstraint("office", "period_from", "period_to", name=op.f("pk_office_total")),
        schema="intake",
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("courier", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("seal_numbers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_by", sa.Text(), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["office"], ["intake.office.code"], name=op.f("fk_submission_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("number", name=op.f("uq_submission_number")),
        sa.UniqueConstraint("seq", name=op.f("uq_submission_seq")),
        schema="intake",
    )
    op.create_index(
        "ix_submission_office_seq", "submission", ["office", "seq"], unique=False, schema="intake"
    )
    op.create_index(op.f("ix_submission_state"), "submission", ["state"], unique=False, schema="intake")
    op.create_table(
        "line",
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("physical_form", sa.Text(), nullable=False),
        sa.Column("gross_mass_g", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("seal_number", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=True),
        sa.Column("seized_on", sa.Date(), nullable=True),
        sa.Column("seized_country", sa.Text(), nullable=True),
        sa.Column("authentic", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("seizure", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("handling", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["intake.submission.id"],
            name=op.f("fk_line_submission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("submission_id", "line", name=op.f("pk_line")),
        schema="intake",
    )
    op.create_table(
        "manifest",
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["intake.submission.id"], name=op.f("fk_manifest_submission_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_manifest")),
        schema="intake",
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("received_by_name", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["intake.submission.id"], name=op.f("fk_receipt_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("number", name=op.f("uq_receipt_number")),
        sa.UniqueConstraint("seq", name=op.f("uq_receipt_seq")),
        schema="intake",
    )
    op.create_index(
        op.f("ix_receipt_submission_id"), "receipt", ["submission_id"], unique=False, schema="intake"
    )
    op.create_table(
        "exhibit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("physical_form", sa.Text(), nullable=False),
        sa.Column("gross_mass_g", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("seal_number", sa.Text(), nullable=True),
        sa.Column("seal_condition", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=True),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["intake.receipt.id"], name=op.f("fk_exhibit_receipt_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["intake.submission.id"], name=op.f("fk_exhibit_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exhibit")),
        sa.UniqueConstraint("number", name=op.f("uq_exhibit_number")),
        sa.UniqueConstraint("seq", name=op.f("uq_exhibit_seq")),
        sa.UniqueConstraint("submission_id", "line", name=op.f("uq_exhibit_submission_id_line")),
        schema="intake",
    )
    op.create_index(op.f("ix_exhibit_item_id"), "exhibit", ["item_id"], unique=False, schema="intake")
    op.create_index("ix_exhibit_office_seq", "exhibit", ["office", "seq"], unique=False, schema="intake")
    op.create_index(op.f("ix_exhibit_programme"), "exhibit", ["programme"], unique=False, schema="intake")
    op.create_index(op.f("ix_exhibit_receipt_id"), "exhibit", ["receipt_id"], unique=False, schema="intake")
    op.create_index(
        op.f("ix_exhibit_submission_id"), "exhibit", ["submission_id"], unique=False, schema="intake"
    )
    op.create_table(
        "receipt_line",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("gross_mass_g", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("seal_condition", sa.Text(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["intake.receipt.id"], name=op.f("fk_receipt_line_receipt_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_line")),
        sa.UniqueConstraint("seq", name=op.f("uq_receipt_line_seq")),
        schema="intake",
    )
    op.create_index(
        op.f("ix_receipt_line_receipt_id"), "receipt_line", ["receipt_id"], unique=False, schema="intake"
    )
    op.create_index(
        op.f("ix_receipt_line_submission_id"),
        "receipt_line",
        ["submission_id"],
        unique=False,
        schema="intake",
    )
    op.create_table(
        "discrepancy",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("exhibit_id", sa.Text(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_by_name", sa.Text(), nullable=True),
        sa.Column("signed_by_method", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["exhibit_id"], ["intake.exhibit.id"], name=op.f("fk_discrepancy_exhibit_id")
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["intake.receipt.id"], name=op.f("fk_discrepancy_receipt_id")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["intake.submission.id"], name=op.f("fk_discrepancy_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy")),
        sa.UniqueConstraint("seq", name=op.f("uq_discrepancy_seq")),
        schema="intake",
    )
    op.create_index(
        op.f("ix_discrepancy_exhibit_id"), "discrepancy", ["exhibit_id"], unique=False, schema="intake"
    )
    op.create_index(op.f("ix_discrepancy_state"), "discrepancy", ["state"], unique=False, schema="intake")
    op.create_index(
        op.f("ix_discrepancy_submission_id"), "discrepancy", ["submission_id"], unique=False, schema="intake"
    )
    create_kit_tables()
    grant(APPEND, "manifest", "receipt", "receipt_line", "known_programme")
    forbid_changes("manifest", "receipt", "receipt_line")
    grant(CHANGE, "office", "office_total", "counter", "submission", "discrepancy")
    grant(ALL, "line")
    grant(APPEND + ", UPDATE (item_id)", "exhibit")


def downgrade() -> None:
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
