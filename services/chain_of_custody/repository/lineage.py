"""Queries of lineages: who came from whom, the events that move the books, and discrepancies that stop whole branches."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.replay_books import BOOKED, WEIGHT
from services.chain_of_custody.models import Event, Item, LogEntry
from services.chain_of_custody.models_quantities import Discrepancy, Series

_DESCENDANTS = text("""
WITH RECURSIVE below AS (
    SELECT CAST(:item_id AS text) AS id
    UNION
    SELECT child.id FROM below CROSS JOIN LATERAL (
        SELECT items.id FROM chain_of_custody.items AS items WHERE items.parent_id = below.id
        UNION ALL
        SELECT part.composite_id FROM chain_of_custody.composite_parts AS part WHERE part.part_id = below.id) AS child)
SELECT id FROM below
""")

_STOPPED = text("""
WITH RECURSIVE above AS (
    SELECT id AS item, id AS ancestor FROM unnest(CAST(:ids AS text[])) AS given (id)
    UNION
    SELECT above.item, parent.id FROM above CROSS JOIN LATERAL (
        SELECT items.parent_id AS id FROM chain_of_custody.items AS items
        WHERE items.id = above.ancestor AND items.parent_id IS NOT NULL
        UNION ALL
        SELECT part.part_id FROM chain_of_custody.composite_parts AS part
        WHERE part.composite_id = above.ancestor) AS parent)
SELECT DISTINCT above.item FROM above JOIN chain_of_custody.discrepancies AS found
ON found.item_id = above.ancestor AND found.resolved_at IS NULL
""")


def lock_descendants(session: Session, item_id: str) -> list[Item]:
    """The item and all that came from it, locked in the order of their ids, which is that of their birth.

    An aliquot taken of a descendant while its row is waited for is found by asking again; once all are locked, none comes.
    """
    known: set[str] = set()
    while True:
        ids = set(session.scalars(_DESCENDANTS, {"item_id": item_id}))
        if ids == known:
            break
        known = ids
        query = select(Item).where(Item.id.in_(sorted(ids))).order_by(Item.id).with_for_update()
        rows = list(session.scalars(query.execution_options(populate_existing=True)))
    return rows


def lock_lineages(session: Session, root_ids: Collection[str]) -> list[Item]:
    """All items of these lineages, locked in the order of their ids, which is that of their birth."""
    query = select(Item).where(Item.root_id.in_(sorted(root_ids))).order_by(Item.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def open_weights(session: Session, item_ids: Sequence[str]) -> set[str]:
    """Those of the items on which a discrepancy in masses is open."""
    query = select(Discrepancy.item_id).where(
        Discrepancy.item_id.in_(list(item_ids)),
        Discrepancy.code == WEIGHT,
        Discrepancy.resolved_at.is_(None),
    )
    return set(session.scalars(query))


def has_open_discrepancy(session: Session, item_id: str, prefix: str) -> bool:
    """Whether a discrepancy whose id begins so is open on an item."""
    query = select(Discrepancy.id).where(
        Discrepancy.item_id == item_id,
        Discrepancy.id.startswith(prefix, autoescape=True),
        Discrepancy.resolved_at.is_(None),
    )
    return session.scalars(query.limit(1)).first() is not None


def first_event(session: Session, item_id: str) -> Event:
    """The event with which an item began."""
    return session.scalars(select(Event).where(Event.item_id == item_id, Event.sequence == 1)).one()


def event_naming(session: Session, item_id: str, kind: str, name: str, value: str) -> Event | None:
    """The event of this kind of an item whose detail `name` is `value`."""
    query = select(Event).where(Event.item_id == item_id, Event.type == kind).order_by(Event.sequence)
    return next(
        (row for row in session.scalars(query) if json.loads(row.record)["details"].get(name) == value), None
    )


def held_parts(session: Session, item_ids: Sequence[str]) -> dict[str, list[str]]:
    """Numbers of what came from each of these items and is on hold in the laboratory, by item."""
    found: dict[str, list[str]] = {}
    for item_id in item_ids:
        below = set(session.scalars(_DESCENDANTS, {"item_id": item_id})) - {item_id}
        query = select(Item.number).where(Item.id.in_(below), Item.open_holds > 0, Item.ending.is_(None))
        found[item_id] = list(session.scalars(query.order_by(Item.number))) if below else []
    return found


def stopped(session: Session, item_ids: Sequence[str]) -> set[str]:
    """Those of the items on which, or on whose ancestors, a discrepancy is open."""
    return set(session.scalars(_STOPPED, {"ids": list(item_ids)}))


def open_discrepancies(session: Session, ids: Sequence[str]) -> dict[str, Discrepancy]:
    """Those of these discrepancies that custody knows and that are open, as they are now."""
    query = select(Discrepancy).where(Discrepancy.id.in_(list(ids)), Discrepancy.resolved_at.is_(None))
    return {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}


def known_discrepancies(session: Session, ids: Sequence[str]) -> set[str]:
    """Those of the ids that custody knows."""
    return set(session.scalars(select(Discrepancy.id).where(Discrepancy.id.in_(list(ids)))))


def booked_records(session: Session, item_id: str) -> list[dict[str, Any]]:
    """The events of one item that move its books, in order."""
    query = (
        select(Event.record).where(Event.item_id == item_id, Event.type.in_(BOOKED)).order_by(Event.sequence)
    )
    return [json.loads(record) for record in session.scalars(query)]


def booked_of_many(session: Session, item_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The events of these items that move books, by item, in order."""
    query = select(Event.item_id, Event.record).where(
        Event.item_id.in_(list(item_ids)), Event.type.in_(BOOKED)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for item_id, record in session.execute(query.order_by(Event.item_id, Event.sequence)):
        assert item_id is not None, "these are items' events"
        found.setdefault(item_id, []).append(json.loads(record))
    return found


def newest_events(session: Session, root_id: str) -> list[tuple[str, int, str | None]]:
    """(item, place of its newest event, digest of that) of every item of a lineage."""
    query = select(Item.id, Item.events, Item.last_digest).where(Item.root_id == root_id)
    return [(item_id, sequence, digest) for item_id, sequence, digest in session.execute(query)]


def records_after(session: Session, item_id: str, sequence: int) -> list[tuple[str, dict[str, Any]]]:
    """(digest, record) of every event of one item behind this place in its history, in order."""
    query = select(Event.digest, Event.record).where(Event.item_id == item_id, Event.sequence > sequence)
    return [
        (digest, json.loads(record)) for digest, record in session.execute(query.order_by(Event.sequence))
    ]


def lineage_items(session: Session, root_id: str) -> list[Item]:
    """All items of a lineage, in the order of their birth."""
    return list(session.scalars(select(Item).where(Item.root_id == root_id).order_by(Item.seq)))


def lineage_parts(session: Session, root_id: str) -> dict[str, list[tuple[Event, LogEntry | None]]]:
    """The events of every item of a lineage, in order, each with its leaf where it has one."""
    query = (
        select(Item.id, Event, LogEntry)
        .join(Event, Event.item_id == Item.id)
        .outerjoin(LogEntry, LogEntry.event_id == Event.id)
        .where(Item.root_id == root_id)
        .order_by(Event.item_id, Event.sequence)
    )
    found: dict[str, list[tuple[Event, LogEntry | None]]] = {}
    for item_id, event, entry in session.execute(query):
        found.setdefault(item_id, []).append((event, entry))
    return found


def next_of_series(session: Session, name: str) -> int:
    """The next number of a series, without gap: the row stays locked until the caller's transaction ends."""
    statement = insert(Series).values(name=name, last=1)
    raised = statement.on_conflict_do_update(index_elements=["name"], set_={"last": Series.last + 1})
    return int(session.execute(raised.returning(Series.last)).scalar_one())
