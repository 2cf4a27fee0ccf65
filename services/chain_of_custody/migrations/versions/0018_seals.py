"""Whether a seal was ever used is looked up, however many items and acts of sealing there are (E3).

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"


def upgrade() -> None:
    """An index of the seals that items bear, and one for each seal that an act of sealing names."""
    op.create_index("ix_items_seal_number", "items", ["seal_number"], schema=_SCHEMA)
    for name in ("seal_number", "previous_seal_number"):
        op.create_index(
            f"ix_events_{name}",
            "events",
            [sa.text(f"(record::jsonb #>> '{{details,{name}}}')")],
            schema=_SCHEMA,
            postgresql_where=sa.text("type = 'sealed'"),
        )
    op.drop_index("ix_events_sealed", "events", schema=_SCHEMA)


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
