"""Messages that their receiver refused are parked with the answer, so that others go on.

Revision ID: 0002
"""

from shared.db.migration import add_outbox_refusals

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns where the outbox is older than they are."""
    add_outbox_refusals()


def downgrade() -> None:
    """The columns may stay: an older version does not look at them."""
