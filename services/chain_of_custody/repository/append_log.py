"""Appending to the log's tables: the lock of the one who may, what waits, and rows in bulk.

Rows go in by COPY: a batch of a thousand events is four thousand rows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from services.chain_of_custody.models import Event, LogCheckpoint, PendingEvent
from services.chain_of_custody.repository.copy_rows import SCHEMA, copy_rows


class Pending(NamedTuple):
    """An event that waits for its place."""

    seq: int
    event_id: str
    record: str
    salt: bytes


def try_to_lead(session: Session) -> bool:
    """True for the one transaction that may append to the log now; the lock ends with the transaction."""
    query = text("SELECT pg_try_advisory_xact_lock(hashtext('siglab:ledger'))")
    return bool(session.execute(query).scalar())


def pending(session: Session, limit: int) -> list[Pending]:
    """The events that wait, oldest first; events of one item come in the order of the item's history."""
    query = (
        select(PendingEvent.seq, PendingEvent.event_id, Event.record, Event.salt)
        .join(Event, Event.id == PendingEvent.event_id)
        .order_by(PendingEvent.seq)
        .limit(limit)
    )
    return [Pending(row.seq, row.event_id, row.record, bytes(row.salt)) for row in session.execute(query)]


def add_entries(session: Session, start: int, entries: Sequence[tuple[Pending, bytes]]) -> None:
    """Gives the events their places from `start` on and takes them out of the queue."""
    rows = ((index, event.event_id, entry) for index, (event, entry) in enumerate(entries, start))
    copy_rows(session, "log_entries", {"index": "int8", "event_id": "text", "entry": "bytea"}, rows)
    done = bindparam("done", [event.seq for event, _ in entries], type_=ARRAY(BigInteger))
    session.execute(text(f"DELETE FROM {SCHEMA}.pending_events WHERE seq = ANY(:done)").bindparams(done))


def add_checkpoint(
    session: Session, *, grew_from: int | None, size: int, root: bytes, note: str, made_at: datetime
) -> None:
    """Stores a signed head in the place of the head of `grew_from` entries.

    The compare-and-set of the log: whoever grew from the same head, or made a head of the same size, is refused by a
    unique index, whatever locks were held.
    """
    session.add(LogCheckpoint(grew_from=grew_from, size=size, root=root, note=note, made_at=made_at))
    session.flush()
