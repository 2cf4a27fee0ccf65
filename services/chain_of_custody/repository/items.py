"""Queries of items, their events, people and places. What an office may see is decided in the query itself (E30)."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, false, func, or_, select, true
from sqlalchemy.orm import Session

from services.chain_of_custody.models import Event, Item, LogEntry, Person
from shared.actor import Actor, Role
from shared.errors import NotFound

_OF_ROOT = Item.__table__.alias("of_root")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition on items that keeps an office to itself."""
    if actor.role is not Role.OFFICE:
        return true()
    return Item.office == actor.office if actor.office else false()


def items(actor: Actor, query: dict[str, Any]) -> Select[Any]:
    """Items that the actor may see and that fit the filters."""
    found = select(Item).where(visible_to(actor))
    for name in (
        "number",
        "state",
        "programme",
        "kind",
        "office",
        "parent_id",
        "root_id",
        "exhibit_id",
        "submission_id",
    ):
        if query.get(name) is not None:
            found = found.where(getattr(Item, name) == query[name])
    if query.get("holder") is not None:
        found = found.where(or_(Item.holder == query["holder"], Item.holder_name == query["holder"]))
    if query.get("q") is not None:
        word = query["q"]
        found = found.where(
            or_(
                Item.number.istartswith(word, autoescape=True),
                Item.description.icontains(word, autoescape=True),
            )
        )
    return found


def item(session: Session, actor: Actor, item_id: str) -> Item:
    """One item that the actor may see; raises NotFound."""
    row = session.scalars(select(Item).where(Item.id == item_id, visible_to(actor))).first()
    if row is None:
        raise NotFound("There is no such item.")
    return row


def lock_items(session: Session, actor: Actor, item_ids: Iterable[str]) -> list[Item]:
    """These items, their rows locked in the order of their ids, as they are now; raises NotFound where one is not there."""
    wanted = set(item_ids)
    rows = lock_known(session, actor, wanted)
    if len(rows) != len(wanted):
        missing = wanted - {row.id for row in rows}
        raise NotFound(f"There is no item {sorted(missing)[0]!r}.")
    return rows


def lock_known(session: Session, actor: Actor, item_ids: Iterable[str]) -> list[Item]:
    """Those of the items that are there, their rows locked in the order of their ids, as they are now."""
    wanted = sorted(set(item_ids))
    query = select(Item).where(Item.id.in_(wanted), visible_to(actor)).order_by(Item.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def lock_item(session: Session, actor: Actor, item_id: str) -> Item:
    """One item, its row locked; raises NotFound."""
    query = _LOCK_ONE if actor.role is not Role.OFFICE else _LOCK_ONE.where(visible_to(actor))
    row = session.scalars(query, {"item_id": item_id}).first()
    if row is None:
        raise NotFound(f"There is no item {item_id!r}.")
    return row


def lock_with_root(session: Session, actor: Actor, item_id: str) -> tuple[Item, Item]:
    """One item and the root of its lineage (itself, where it stands under none), both locked; raises NotFound.

    The root's lock keeps weighings of one lineage in a row, so that the balance of the whole is never counted twice at once.
    """
    query = _LOCK_WITH_ROOT if actor.role is not Role.OFFICE else _LOCK_WITH_ROOT.where(visible_to(actor))
    rows = {row.id: row for row in session.scalars(query, {"item_id": item_id})}
    if item_id not in rows:
        raise NotFound(f"There is no item {item_id!r}.")
    return rows[item_id], rows[rows[item_id].root_id]


_ITEM_ID = bindparam("item_id", type_=Text)
_LOCK_WITH_ROOT = (
    select(Item)
    .where(
        Item.id.in_(
            [
                _ITEM_ID,
                select(_OF_ROOT.c.root_id).where(_OF_ROOT.c.id == _ITEM_ID).scalar_subquery(),
            ]
        )
    )
    .order_by(Item.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


#: Made once, since making it costs more than running it.
_LOCK_ONE = (
    select(Item)
    .where(Item.id == bindparam("item_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def roots_by_exhibit(session: Session, exhibit_ids: Sequence[str]) -> dict[str, Item]:
    """The items that exhibits became, by exhibit."""
    query = select(Item).where(Item.exhibit_id.in_(exhibit_ids), Item.parent_id.is_(None))
    return {row.exhibit_id: row for row in session.scalars(query)}


def by_ids(
    session: Session, ids: Sequence[str], exhibit_ids: Sequence[str], numbers: Sequence[str]
) -> list[Item]:
    """Items by id or number, and the root items of exhibits; for other services."""
    found = or_(
        Item.id.in_(ids),
        Item.number.in_(numbers),
        Item.exhibit_id.in_(exhibit_ids) & Item.parent_id.is_(None),
    )
    return list(session.scalars(select(Item).where(found).order_by(Item.seq)))


def events_with_index(
    session: Session,
    item_id: str,
    after: int,
    limit: int,
    *,
    kind: str | None = None,
    late: bool | None = None,
    late_seconds: int = 0,
) -> list[tuple[Event, LogEntry | None, bool]]:
    """An item's events behind sequence `after` in order: each with its entry in the log (None until it has one), and whether it
    happened before another that was recorded earlier. `kind` and `late` (recorded more than `late_seconds` after it happened)
    leave only such."""
    reached = func.max(Event.occurred_at).over(order_by=Event.sequence, rows=(None, -1))
    disorder = func.coalesce(Event.occurred_at < reached, false()).label("disorder")
    ordered = select(Event.id, disorder).where(Event.item_id == item_id).subquery()
    query = (
        select(Event, LogEntry, ordered.c.disorder)
        .join(ordered, ordered.c.id == Event.id)
        .outerjoin(LogEntry, LogEntry.event_id == Event.id)
        .where(Event.item_id == item_id, Event.sequence > after)
        .order_by(Event.sequence)
        .limit(limit)
    )
    if kind is not None:
        query = query.where(Event.type == kind)
    if late is not None:
        is_late = Event.recorded_at - Event.occurred_at > timedelta(seconds=late_seconds)
        query = query.where(is_late if late else ~is_late)
    return [(event, entry, disorder) for event, entry, disorder in session.execute(query)]


def add_event(session: Session, event: Event) -> None:
    """Stores an event in the caller's transaction; a trigger of the database puts it into the sequencer's queue.

    It is not sent at once: the events of an act upon many items travel together.
    """
    session.add(event)


def person(session: Session, login: str) -> Person | None:
    """Somebody whom the gateway has told of."""
    return session.get(Person, login)
