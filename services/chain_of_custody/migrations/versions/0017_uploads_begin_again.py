"""Parts that the store has lost are forgotten, so that their upload can begin again.

Revision ID: 0017
"""

from shared.db.migration import ALL, grant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Parts of an upload are no evidence: what is, is told by the object that is made of them."""
    grant(ALL, "upload_parts")


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
