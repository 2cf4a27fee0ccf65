"""Work on a programme's whole archive; rows of profiles tell censored analytes and noted quality.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db.migration import APPEND, grant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SCHEMA = "classifier"
_TABLES = ("archive_chunk", "archive_chunk_done", "archive_conclusion")


def upgrade() -> None:
    """Rows that are older than the columns know nothing censored and no quality: they are made again when first needed."""
    op.add_column(
        "profile_row",
        sa.Column("censored", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        schema=_SCHEMA,
    )
    op.add_column(
        "profile_row",
        sa.Column("qc", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        schema=_SCHEMA,
    )
    op.execute(f"ALTER TABLE {_SCHEMA}.profile_row DISABLE TRIGGER USER")
    op.execute(f"DELETE FROM {_SCHEMA}.profile_row")
    op.execute(f"ALTER TABLE {_SCHEMA}.profile_row ENABLE TRIGGER USER")
    op.create_table(
        "archive_chunk",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_archive_chunk")),
        schema=_SCHEMA,
    )
    op.create_table(
        "archive_chunk_done",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("profiles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_archive_chunk_done")),
        schema=_SCHEMA,
    )
    op.create_table(
        "archive_conclusion",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("row_seq", sa.BigInteger(), nullable=False),
        sa.Column("conclusions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("result_id", sa.Text(), nullable=True),
        sa.Column("former", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "item_id", name=op.f("pk_archive_conclusion")),
        schema=_SCHEMA,
    )
    op.create_index(
        "ix_archive_conclusion_differs",
        "archive_conclusion",
        ["job_id", "row_seq"],
        schema=_SCHEMA,
        postgresql_where=sa.text("differs"),
    )
    grant(APPEND, *_TABLES)


def downgrade() -> None:
    """All of it is derived and can be made again."""
    for table in reversed(_TABLES):
        op.drop_table(table, schema=_SCHEMA)
    for column in ("qc", "censored"):
        op.drop_column("profile_row", column, schema=_SCHEMA)
