"""Items, their holders and quantities; events and the log that proves them.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db.migration import (
    ALL,
    APPEND,
    CHANGE,
    create_job_tables,
    create_kit_tables,
    forbid_changes,
    grant,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "chain_of_custody"
EVIDENCE = ("events", "log_entries", "log_hashes", "log_checkpoints", "verifications")

#: Places that every laboratory has; an administrator adds its own.
PLACES = (
    ("laboratory", None, "Laboratory"),
    ("vault", "laboratory", "Vault"),
    ("vault-a", "vault", "Cabinet A"),
    ("vault-a-1", "vault-a", "Shelf A1"),
    ("vault-a-2", "vault-a", "Shelf A2"),
    ("cold-room", "laboratory", "Cold room"),
    ("cold-room-1", "cold-room", "Freezer 1"),
)


def upgrade() -> None:
    """Makes the tables; evidence is insert-only from the first row on (E12)."""
    op.create_table(
        "handovers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("giver_name", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("receiver_name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_handovers"),
        sa.UniqueConstraint("seq", name="uq_handovers_seq"),
        schema=SCHEMA,
    )
    op.create_index("ix_handovers_giver", "handovers", ["giver"], unique=False, schema=SCHEMA)
    op.create_index("ix_handovers_receiver", "handovers", ["receiver"], unique=False, schema=SCHEMA)
    op.create_index("ix_handovers_state", "handovers", ["state"], unique=False, schema=SCHEMA)
    op.create_table(
        "items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("root_id", sa.Text(), nullable=False),
        sa.Column("exhibit_id", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("submission_number", sa.Text(), nullable=False),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("physical_form", sa.Text(), nullable=False),
        sa.Column("gross_mass_mg", sa.Numeric(precision=24, scale=9), nullable=True),
        sa.Column("seal_number", sa.Text(), nullable=True),
        sa.Column("seal_condition", sa.Text(), nullable=True),
        sa.Column("seizure_id", sa.Text(), nullable=True),
        sa.Column("holder_kind", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("open_holds", sa.Integer(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("remaining_mg", sa.Numeric(precision=24, scale=9), nullable=True),
        sa.Column("uncertainty_mg", sa.Numeric(precision=24, scale=9), nullable=True),
        sa.Column("aliquots", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("last_digest", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["chain_of_custody.items.id"], name="fk_items_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint("number", name="uq_items_number"),
        sa.UniqueConstraint("seq", name="uq_items_seq"),
        schema=SCHEMA,
    )
    op.create_index("ix_items_exhibit_id", "items", ["exhibit_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_items_holder", "items", ["holder_kind", "holder"], unique=False, schema=SCHEMA)
    op.create_index("ix_items_office", "items", ["office"], unique=False, schema=SCHEMA)
    op.create_index("ix_items_parent_id", "items", ["parent_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_items_root_id", "items", ["root_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_items_state", "items", ["state"], unique=False, schema=SCHEMA)
    op.create_index("ix_items_submission_id", "items", ["submission_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "uq_items_exhibit",
        "items",
        ["exhibit_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("parent_id IS NULL"),
    )
    op.create_table(
        "locations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["chain_of_custody.locations.id"], name="fk_locations_parent_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_locations"),
        sa.UniqueConstraint(
            "parent_id", "name", name="uq_locations_parent_id_name", postgresql_nulls_not_distinct=True
        ),
        sa.UniqueConstraint("seq", name="uq_locations_seq"),
        schema=SCHEMA,
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_log_checkpoints"),
        schema=SCHEMA,
    )
    op.create_table(
        "log_hashes",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name="pk_log_hashes"),
        schema=SCHEMA,
    )
    op.create_table(
        "pending_events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_pending_events"),
        schema=SCHEMA,
    )
    op.create_table(
        "people",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("login", name="pk_people"),
        schema=SCHEMA,
    )
    op.create_table(
        "verifications",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_verifications"),
        schema=SCHEMA,
    )
    op.create_table(
        "disposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authorised_by", sa.Text(), nullable=True),
        sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("executed_by", sa.Text(), nullable=True),
        sa.Column("witness", sa.Text(), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_disposals_item_id"),
        sa.PrimaryKeyConstraint("id", name="pk_disposals"),
        sa.UniqueConstraint("seq", name="uq_disposals_seq"),
        schema=SCHEMA,
    )
    op.create_index("ix_disposals_item_id", "disposals", ["item_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_events_item_id"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("item_id", "sequence", name="uq_events_item_id_sequence"),
        sa.UniqueConstraint("seq", name="uq_events_seq"),
        schema=SCHEMA,
    )
    op.create_table(
        "handover_items",
        sa.Column("handover_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["chain_of_custody.handovers.id"], name="fk_handover_items_handover_id"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_handover_items_item_id"),
        sa.PrimaryKeyConstraint("handover_id", "item_id", name="pk_handover_items"),
        schema=SCHEMA,
    )
    op.create_index("ix_handover_items_item_id", "handover_items", ["item_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "uq_handover_items_pending",
        "handover_items",
        ["item_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("pending"),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_holds_item_id"),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
        sa.UniqueConstraint("seq", name="uq_holds_seq"),
        schema=SCHEMA,
    )
    op.create_index("ix_holds_item_id", "holds", ["item_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "log_entries",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["chain_of_custody.events.id"], name="fk_log_entries_event_id"),
        sa.PrimaryKeyConstraint("index", name="pk_log_entries"),
        sa.UniqueConstraint("event_id", name="uq_log_entries_event_id"),
        schema=SCHEMA,
    )
    _seed_places()
    create_kit_tables()
    create_job_tables()
    grant(CHANGE, "people", "locations", "items", "handovers", "handover_items", "holds", "disposals")
    grant(ALL, "pending_events")
    grant(APPEND, *EVIDENCE)
    forbid_changes(*EVIDENCE)


def _seed_places() -> None:
    names = {place: name for place, _, name in PLACES}
    parents = {place: parent for place, parent, _ in PLACES}
    rows = []
    for place, parent, name in PLACES:
        path, above = [name], parent
        while above is not None:
            path.insert(0, names[above])
            above = parents[above]
        rows.append({"id": place, "parent_id": parent, "name": name, "path": " / ".join(path)})
    columns: list[sa.ColumnClause[str]] = [sa.column(name) for name in ("id", "parent_id", "name", "path")]
    op.bulk_insert(sa.table("locations", *columns, schema=SCHEMA), rows)


def downgrade() -> None:
    """Refuses: evidence is not taken back."""
    raise RuntimeError("custody's records are never removed; restore a backup instead")
