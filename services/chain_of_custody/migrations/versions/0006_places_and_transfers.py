"""Places have a kind, a capacity and people who may enter; the database keeps the succession of holders (E8).

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db.migration import APPEND, forbid_changes, grant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"
_EVIDENCE = ("transfers", "location_changes")
#: Kinds of the places that are there already, by their depth.
_KINDS = """
UPDATE chain_of_custody.locations SET kind = coalesce(
    (ARRAY['site', 'room', 'safe', 'shelf'])[1 + (length(path) - length(replace(path, ' / ', ''))) / 3], 'box')
"""
#: What the events told so far of who had an item: each of these acts names its receiver in its own way.
_BACKFILL = """
INSERT INTO chain_of_custody.transfers
    (item_id, number, previous, giver_kind, giver, receiver_kind, receiver, event_id)
SELECT item_id, number, number - 1,
    lag(receiver_kind) OVER steps, lag(receiver) OVER steps, receiver_kind, receiver, id
FROM (
    SELECT id, item_id, sequence, row_number() OVER (PARTITION BY item_id ORDER BY sequence) AS number,
        CASE type WHEN 'stored' THEN 'place' ELSE 'person' END AS receiver_kind,
        CASE type
            WHEN 'received' THEN record::jsonb #>> '{details,holder,name}'
            WHEN 'aliquot_made' THEN record::jsonb ->> 'actor'
            WHEN 'stored' THEN record::jsonb #>> '{details,place_id}'
            ELSE record::jsonb #>> '{details,to}'
        END AS receiver
    FROM chain_of_custody.events
    WHERE type IN ('received', 'aliquot_made', 'stored', 'retrieved', 'handed_over', 'returned')
) AS told
WINDOW steps AS (PARTITION BY item_id ORDER BY sequence)
"""
_KNOWN_HOLDERS = """
INSERT INTO chain_of_custody.people (login, name, role, office, active)
SELECT DISTINCT ON (holder) holder, holder_name, 'custodian', NULL, false
FROM chain_of_custody.items WHERE holder_kind = 'person'
ON CONFLICT DO NOTHING
"""
_COUNT = """
CREATE FUNCTION chain_of_custody.count_stored() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.holder_kind = 'place' THEN
        UPDATE chain_of_custody.locations SET stored = stored - 1 WHERE id = OLD.holder;
    END IF;
    IF NEW.holder_kind = 'place' THEN
        UPDATE chain_of_custody.locations SET stored = stored + 1 WHERE id = NEW.holder;
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER items_count_stored AFTER INSERT OR UPDATE OF holder_kind, holder ON chain_of_custody.items
FOR EACH ROW EXECUTE FUNCTION chain_of_custody.count_stored()
"""


def upgrade() -> None:
    """Adds the columns and tables, fills them from what the events tell, and then sets the constraints."""
    _places()
    _transfers()
    _location_changes()
    grant(APPEND, *_EVIDENCE)
    forbid_changes(*_EVIDENCE)


def _places() -> None:
    for column in (
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("stored", sa.Integer(), server_default="0", nullable=False),
        sa.Column("enter_roles", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("enter_logins", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    ):
        op.add_column("locations", column, schema=_SCHEMA)
    op.execute(_KINDS)
    op.alter_column("locations", "kind", nullable=False, schema=_SCHEMA)
    op.execute(
        "UPDATE chain_of_custody.locations AS l SET stored = "
        "(SELECT count(*) FROM chain_of_custody.items AS i WHERE i.holder_kind = 'place' AND i.holder = l.id)"
    )
    op.create_check_constraint(
        "ck_locations_capacity",
        "locations",
        "stored >= 0 AND (capacity IS NULL OR stored <= capacity)",
        schema=_SCHEMA,
    )
    op.execute(_COUNT)
    op.execute(_TRIGGER)


def _transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("previous", sa.Integer(), nullable=False),
        sa.Column("giver_kind", sa.Text(), nullable=True),
        sa.Column("giver", sa.Text(), nullable=True),
        sa.Column("receiver_kind", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["chain_of_custody.items.id"], name="fk_transfers_item_id"),
        sa.ForeignKeyConstraint(["event_id"], ["chain_of_custody.events.id"], name="fk_transfers_event_id"),
        sa.PrimaryKeyConstraint("item_id", "number", name="pk_transfers"),
        sa.UniqueConstraint("event_id", name="uq_transfers_event_id"),
        sa.UniqueConstraint("item_id", "number", "receiver_kind", "receiver", name="uq_transfers_receiver"),
        sa.CheckConstraint("previous = number - 1", name="ck_transfers_previous"),
        sa.CheckConstraint(
            "(number = 1) = (giver IS NULL) AND (giver IS NULL) = (giver_kind IS NULL)",
            name="ck_transfers_first",
        ),
        sa.CheckConstraint(
            "NOT (giver_kind = 'place' AND receiver_kind = 'place')", name="ck_transfers_person_between"
        ),
        schema=_SCHEMA,
    )
    op.execute(_BACKFILL)
    op.create_foreign_key(
        "fk_transfers_giver",
        "transfers",
        "transfers",
        ["item_id", "previous", "giver_kind", "giver"],
        ["item_id", "number", "receiver_kind", "receiver"],
        source_schema=_SCHEMA,
        referent_schema=_SCHEMA,
    )
    _holders()


def _holders() -> None:
    op.add_column(
        "items", sa.Column("transfers", sa.Integer(), server_default="0", nullable=False), schema=_SCHEMA
    )
    op.execute(
        "UPDATE chain_of_custody.items AS i SET transfers = "
        "(SELECT count(*) FROM chain_of_custody.transfers AS t WHERE t.item_id = i.id)"
    )
    op.execute(_KNOWN_HOLDERS)
    for kind, table, key in (("person", "people", "login"), ("place", "locations", "id")):
        name = f"holder_{kind}"
        computed = sa.Computed(f"CASE WHEN holder_kind = '{kind}' THEN holder END", persisted=True)
        op.add_column("items", sa.Column(name, sa.Text(), computed, nullable=True), schema=_SCHEMA)
        op.create_foreign_key(
            f"fk_items_{name}",
            "items",
            table,
            [name],
            [key],
            source_schema=_SCHEMA,
            referent_schema=_SCHEMA,
            deferrable=True,
            initially="DEFERRED",
        )
    op.create_check_constraint(
        "ck_items_holder", "items", "holder_kind IN ('person', 'place') AND holder <> ''", schema=_SCHEMA
    )
    op.create_check_constraint("ck_items_open_holds", "items", "open_holds >= 0", schema=_SCHEMA)
    # Deferred, since an item is there before the event that tells of its first holder.
    op.create_foreign_key(
        "fk_items_newest_transfer",
        "items",
        "transfers",
        ["id", "transfers", "holder_kind", "holder"],
        ["item_id", "number", "receiver_kind", "receiver"],
        source_schema=_SCHEMA,
        referent_schema=_SCHEMA,
        deferrable=True,
        initially="DEFERRED",
    )


def _location_changes() -> None:
    op.create_table(
        "location_changes",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["chain_of_custody.locations.id"], name="fk_location_changes_location_id"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_location_changes"),
        schema=_SCHEMA,
    )
    op.create_index(
        "ix_location_changes_location_id", "location_changes", ["location_id"], unique=False, schema=_SCHEMA
    )


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
