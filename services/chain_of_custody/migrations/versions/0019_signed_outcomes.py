"""An outcome of a self-check is signed with the log's key: whoever can write rows cannot say that all is well.

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Earlier outcomes have no signature; the check that runs at every start makes the first that has."""
    op.add_column(
        "verifications", sa.Column("signature", sa.LargeBinary(), nullable=True), schema="chain_of_custody"
    )


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
