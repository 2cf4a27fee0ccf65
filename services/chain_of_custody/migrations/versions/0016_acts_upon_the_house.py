"""Acts upon accounts and places have a place in the log, as acts upon items have (E19); what stands is told to it once.

Revision ID: 0016
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.crypto.canonical import readable_canonical_json
from shared.crypto.ledger import new_salt
from shared.http.schemas import format_time
from shared.identifiers import new_id

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"
_INSERT = sa.text(
    f"INSERT INTO {_SCHEMA}.events (id, subject, sequence, type, occurred_at, recorded_at, record, digest, salt) "
    "VALUES (:id, :subject, :sequence, :type, :occurred_at, :recorded_at, :record, :digest, :salt)"
)


def upgrade() -> None:
    """An event is of an item or of another subject; accounts and changes of places that are there get theirs."""
    op.alter_column("events", "item_id", nullable=True, schema=_SCHEMA)
    op.add_column("events", sa.Column("subject", sa.Text(), nullable=True), schema=_SCHEMA)
    op.create_check_constraint(
        "ck_events_of_one", "events", "(item_id IS NULL) <> (subject IS NULL)", schema=_SCHEMA
    )
    op.create_index(
        "uq_events_subject_sequence",
        "events",
        ["subject", "sequence"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    _tell_accounts()
    _tell_places()


def _tell_accounts() -> None:
    people = sa.text(f"SELECT login, name, role, office, active FROM {_SCHEMA}.people ORDER BY login")
    for row in op.get_bind().execute(people).mappings().all():
        facts = {name: row[name] for name in ("name", "role", "office", "active")}
        kind = "account_opened" if row["active"] else "account_closed"
        author = {"actor": "siglab", "actor_name": "Siglab", "actor_role": "service"}
        purpose = "known before accounts were told to the log"
        _tell(f"account:{row['login']}", kind, 1, None, author, purpose, facts, None)


def _tell_places() -> None:
    changes = sa.text(
        "SELECT change.*, place.parent_id FROM chain_of_custody.location_changes AS change "
        "JOIN chain_of_custody.locations AS place ON place.id = change.location_id ORDER BY change.location_id, change.version"
    )
    newest: dict[str, tuple[int, str]] = {}
    for row in op.get_bind().execute(changes).mappings().all():
        subject = f"place:{row['location_id']}"
        sequence, previous = newest.get(subject, (0, None))
        facts = {name: row[name] for name in ("parent_id", "version", "before", "after")}
        author = {name: row[name] for name in ("actor", "actor_name", "actor_role")}
        digest = _tell(
            subject, "place_changed", sequence + 1, previous, author, row["reason"], facts, row["at"]
        )
        newest[subject] = sequence + 1, digest


def _tell(
    subject: str,
    kind: str,
    sequence: int,
    previous: str | None,
    author: Mapping[str, str],
    purpose: str,
    details: Mapping[str, Any],
    occurred_at: datetime | None,
) -> str:
    """Writes one event; returns its digest. Its time of record is now, whenever it happened."""
    now = datetime.now(UTC)
    record = {
        "v": 1,
        "id": new_id(),
        "item_id": None,
        "subject": subject,
        "sequence": sequence,
        "previous": previous,
        "type": kind,
        **author,
        "occurred_at": format_time(occurred_at or now),
        "recorded_at": format_time(now),
        "purpose": purpose,
        "details": json.loads(json.dumps(dict(details))),
        "signatures": [],
    }
    written = readable_canonical_json(record)
    digest = hashlib.sha256(written).hexdigest()
    values = {name: record[name] for name in ("id", "subject", "sequence", "type")}
    times = {"occurred_at": occurred_at or now, "recorded_at": now}
    op.get_bind().execute(
        _INSERT, {**values, **times, "record": written.decode(), "digest": digest, "salt": new_salt()}
    )
    return digest


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
