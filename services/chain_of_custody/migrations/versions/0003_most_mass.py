"""The most that can be in an item, whatever a balance says: the gross mass received, or what was taken for an aliquot."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"


def upgrade() -> None:
    """Adds the column; exhibits that are there already are bounded by their gross mass."""
    op.add_column("items", sa.Column("most_mg", sa.Numeric(24, 9)), schema=_SCHEMA)
    op.execute(f"UPDATE {_SCHEMA}.items SET most_mg = gross_mass_mg")


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
