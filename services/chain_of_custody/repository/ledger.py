"""Reading the log's tables: heads, entries, proofs' parts, and what a full check asks for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, SmallInteger, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.sql import column

from services.chain_of_custody.models import (
    Event,
    Item,
    LogCheckpoint,
    LogEntry,
    LogHash,
    PendingEvent,
    Verification,
)
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository.copy_rows import copy_rows
from services.chain_of_custody.repository.items import visible_to
from shared.actor import Actor
from shared.crypto.merkle import Place
from shared.errors import NotFound


class DatabaseLogStore:
    """The log's hashes in the table `log_hashes`, within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_hashes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """The hashes at `places`, in one query."""
        wanted = (
            func.unnest(
                cast([level for level, _ in places], ARRAY(SmallInteger)),
                cast([index for _, index in places], ARRAY(BigInteger)),
            )
            .table_valued(column("level", SmallInteger()), column("index", BigInteger()), name="wanted")
            .render_derived()
        )
        query = select(LogHash.level, LogHash.index, LogHash.hash).join(
            wanted, (LogHash.level == wanted.c.level) & (LogHash.index == wanted.c.index)
        )
        return {(level, index): bytes(value) for level, index, value in self._session.execute(query)}

    def put_hashes(self, hashes: Mapping[Place, bytes]) -> None:
        """Stores new hashes; the primary key refuses a place that is taken."""
        rows = ((level, index, value) for (level, index), value in hashes.items())
        copy_rows(self._session, "log_hashes", {"level": "int2", "index": "int8", "hash": "bytea"}, rows)


def newest_checkpoint(session: Session) -> LogCheckpoint | None:
    """The head of the log."""
    return session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)).first()


def newest_cosigned(session: Session) -> LogCheckpoint | None:
    """The largest head that a witness has cosigned."""
    size = attestations.newest_cosigned_size(session)
    return None if size is None else attestations.head_of_size(session, size)


def note_of(session: Session, head: LogCheckpoint) -> str:
    """The signed note of a head with the cosignatures that it has, ready to be handed out."""
    return head.note + "".join(row.line for row in attestations.cosignatures(session, head.size))


class Head(NamedTuple):
    """A signed head."""

    size: int
    grew_from: int | None
    root: bytes
    note: str


def heads_in_order(session: Session, batch: int) -> Iterator[Head]:
    """Every head that was ever signed, smallest first, without holding them all in memory."""
    query = (
        select(LogCheckpoint.size, LogCheckpoint.grew_from, LogCheckpoint.root, LogCheckpoint.note)
        .order_by(LogCheckpoint.size)
        .execution_options(yield_per=batch)
    )
    for part in session.execute(query).partitions():
        yield from (Head._make(row) for row in part)


def entries(session: Session, start: int, count: int) -> list[bytes]:
    """The entries of `count` leaves from `start` on."""
    query = select(LogEntry.entry).where(LogEntry.index >= start, LogEntry.index < start + count)
    return [bytes(entry) for entry in session.scalars(query.order_by(LogEntry.index))]


def entry_visible_to(session: Session, actor: Actor, index: int) -> LogEntry:
    """The leaf of an event of an item that the actor may see; raises NotFound."""
    query = (
        select(LogEntry)
        .join(Event, Event.id == LogEntry.event_id)
        .join(Item, Item.id == Event.item_id)
        .where(LogEntry.index == index, visible_to(actor))
    )
    row = session.scalars(query).first()
    if row is None:
        raise NotFound("There is no such event in the log.")
    return row


def release_entry(session: Session, result_id: str) -> LogEntry:
    """The leaf of the act by which a result was released; raises NotFound, also while the act waits for its place."""
    released = text("type = 'result_released' AND record::jsonb #>> '{details,result_id}' = :result")
    event_id = session.scalars(select(Event.id).where(released.bindparams(result=result_id))).first()
    # The leaf is looked up by itself: no join reads the records of others.
    row = session.scalars(select(LogEntry).where(LogEntry.event_id == event_id)).first() if event_id else None
    if row is None:
        raise NotFound("The log has no entry of the release of such a result.")
    return row


def proved_parts(session: Session, item_id: str) -> list[tuple[Event, LogEntry | None]]:
    """An item's events in order, each with its leaf where it has one."""
    query = select(Event, LogEntry).outerjoin(LogEntry, LogEntry.event_id == Event.id)
    rows = session.execute(query.where(Event.item_id == item_id).order_by(Event.sequence))
    return [(event, entry) for event, entry in rows]


class Leaf(NamedTuple):
    """A leaf and its event's columns; all of the latter are None where the event is not there."""

    place: int
    entry: bytes
    event_id: str
    id: str | None
    item_id: str | None
    subject: str | None
    sequence: int | None
    type: str | None
    digest: str | None
    record: str | None
    salt: bytes | None


def leaves_with_events(session: Session, size: int, batch: int) -> Iterator[list[Leaf]]:
    """Every leaf below `size` with its event, in order, `batch` at a time, without holding them all in memory."""
    query = (
        select(
            LogEntry.index,
            LogEntry.entry,
            LogEntry.event_id,
            Event.id,
            Event.item_id,
            Event.subject,
            Event.sequence,
            Event.type,
            Event.digest,
            Event.record,
            Event.salt,
        )
        .outerjoin(Event, Event.id == LogEntry.event_id)
        .where(LogEntry.index < size)
        .order_by(LogEntry.index)
        .execution_options(yield_per=batch)
    )
    for part in session.execute(query).partitions():
        yield [Leaf._make(row) for row in part]


_BROKEN_CHAINS = text("""
WITH chained AS (
    SELECT coalesce('item ' || item_id, subject) AS whose, sequence, record::jsonb ->> 'previous' AS said,
        lag(digest) OVER w AS before, lag(sequence) OVER w AS sequence_before
    FROM chain_of_custody.events WINDOW w AS (PARTITION BY item_id, subject ORDER BY sequence))
SELECT whose, sequence FROM chained
WHERE said IS DISTINCT FROM before OR sequence <> coalesce(sequence_before, 0) + 1
ORDER BY whose, sequence LIMIT :most
""")

_CUT_HISTORIES = text("""
SELECT item.number FROM chain_of_custody.items AS item
LEFT JOIN chain_of_custody.events AS event ON event.item_id = item.id AND event.sequence = item.events
WHERE event.digest IS DISTINCT FROM item.last_digest ORDER BY item.number LIMIT :most
""")

_FORGOTTEN = text("""
SELECT event.id FROM chain_of_custody.events AS event
LEFT JOIN chain_of_custody.log_entries AS entry ON entry.event_id = event.id
LEFT JOIN chain_of_custody.pending_events AS waiting ON waiting.event_id = event.id
WHERE entry.event_id IS NULL AND waiting.event_id IS NULL ORDER BY event.seq LIMIT :most
""")


def broken_chains(session: Session, most: int) -> list[tuple[str, int]]:
    """(item or other subject, sequence) of events that do not follow upon the one before."""
    return [(row.whose, row.sequence) for row in session.execute(_BROKEN_CHAINS, {"most": most})]


def cut_histories(session: Session, most: int) -> list[str]:
    """Numbers of items whose newest event is not there."""
    return list(session.scalars(_CUT_HISTORIES, {"most": most}))


def forgotten_events(session: Session, most: int) -> list[str]:
    """Events that are neither in the log nor on their way to it."""
    return list(session.scalars(_FORGOTTEN, {"most": most}))


def count_waiting(session: Session) -> int:
    """How many events wait for their place."""
    return session.scalar(select(func.count()).select_from(PendingEvent)) or 0


def newest_signed_verifications(session: Session, most: int = 20) -> list[Verification]:
    """The outcomes of self-checks that bear a signature, whatever it is worth, the newest by their own time first."""
    query = select(Verification).where(Verification.signature.is_not(None)).order_by(Verification.at.desc())
    return list(session.scalars(query.limit(most)))


def unsigned_since(session: Session, most: int = 5) -> list[int]:
    """Rows of outcomes without a signature behind the first that has one."""
    first = select(func.min(Verification.seq)).where(Verification.signature.is_not(None)).scalar_subquery()
    query = select(Verification.seq).where(Verification.signature.is_(None), Verification.seq > first)
    return list(session.scalars(query.order_by(Verification.seq).limit(most)))


def largest_verified(session: Session) -> int:
    """The greatest size that a check has ever seen."""
    return session.scalar(select(func.max(Verification.size))) or 0
