"""Integrations by technicians: further versions of what was found in a run, each with its reason.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OLD = "uq_run_profile_spectrum_id_programme_programme_version"
_NEW = "uq_run_profile_spectrum_id_programme_programme_version_version"


def upgrade() -> None:
    """What is there already is the first version of its run."""
    op.add_column(
        "run_profile",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        schema="classifier",
    )
    op.add_column("run_profile", sa.Column("reason", sa.Text(), nullable=True), schema="classifier")
    op.add_column(
        "run_profile",
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="classifier",
    )
    op.add_column("run_profile", sa.Column("integrated_by", sa.Text(), nullable=True), schema="classifier")
    op.add_column("run_profile", sa.Column("digest", sa.Text(), nullable=True), schema="classifier")
    op.drop_constraint(_OLD, "run_profile", schema="classifier")
    op.create_unique_constraint(
        op.f(_NEW),
        "run_profile",
        ["spectrum_id", "programme", "programme_version", "version"],
        schema="classifier",
    )
    op.create_index(
        "ix_spectrum_sequence", "spectrum", ["instrument", "method", "run_role"], schema="classifier"
    )


def downgrade() -> None:
    """Only where nothing was integrated by hand: the first versions stay."""
    op.drop_index("ix_spectrum_sequence", "spectrum", schema="classifier")
    op.drop_constraint(_NEW, "run_profile", schema="classifier")
    op.create_unique_constraint(
        op.f(_OLD), "run_profile", ["spectrum_id", "programme", "programme_version"], schema="classifier"
    )
    for name in ("digest", "integrated_by", "changes", "reason", "version"):
        op.drop_column("run_profile", name, schema="classifier")
