"""The entry of a released result is found by the result's id, by anybody who reads it off a report (E19).

Revision ID: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index of the results that acts of release name."""
    op.create_index(
        "ix_events_released_result",
        "events",
        [sa.text("(record::jsonb #>> '{details,result_id}')")],
        schema="chain_of_custody",
        postgresql_where=sa.text("type = 'result_released'"),
    )


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
