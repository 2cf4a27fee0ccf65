"""A model's life: every act upon it, and what challengers said beside champions.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db.migration import APPEND, forbid_changes, grant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SCHEMA = "classifier"


def upgrade() -> None:
    """Adds both tables; models of before have no acts but what their rows tell."""
    op.create_table(
        "model_act",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("replaced", sa.Text(), nullable=True),
        sa.Column("model_digest", sa.Text(), nullable=False),
        sa.Column("acted_by", sa.Text(), nullable=False),
        sa.Column("acted_by_name", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["classifier.model.id"], name=op.f("fk_model_act_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_act")),
        sa.UniqueConstraint("seq", name=op.f("uq_model_act_seq")),
        schema=_SCHEMA,
    )
    op.create_index(op.f("ix_model_act_model_id"), "model_act", ["model_id"], schema=_SCHEMA)
    op.create_index("ix_model_act_programme", "model_act", ["programme", "seq"], schema=_SCHEMA)
    op.create_index(
        "uq_model_act_previous", "model_act", ["programme", "previous"], unique=True, schema=_SCHEMA
    )
    op.create_table(
        "shadow_conclusion",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("result_id", sa.Text(), nullable=False),
        sa.Column("champion_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("item_number", sa.Text(), nullable=False),
        sa.Column("conclusions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["classifier.model.id"], name=op.f("fk_shadow_conclusion_model_id")
        ),
        sa.ForeignKeyConstraint(
            ["result_id"], ["classifier.result.id"], name=op.f("fk_shadow_conclusion_result_id")
        ),
        sa.PrimaryKeyConstraint("model_id", "result_id", name=op.f("pk_shadow_conclusion")),
        schema=_SCHEMA,
    )
    op.execute(f"CREATE INDEX ix_result_model ON {_SCHEMA}.result ((model ->> 'id'), seq)")
    grant(APPEND, "model_act", "shadow_conclusion")
    forbid_changes("model_act", "shadow_conclusion")


def downgrade() -> None:
    """Acts upon models are records: whoever steps back keeps a copy first."""
    op.execute(f"DROP INDEX {_SCHEMA}.ix_result_model")
    op.drop_table("shadow_conclusion", schema=_SCHEMA)
    op.drop_table("model_act", schema=_SCHEMA)
