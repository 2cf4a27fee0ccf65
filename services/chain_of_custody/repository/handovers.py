"""Queries of hand-overs, holds and disposals."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from services.chain_of_custody.models import Disposal, Event, Handover, HandoverItem, Hold, Item
from services.chain_of_custody.models_acts import HoldItem
from services.chain_of_custody.repository.items import visible_to
from shared.actor import Actor, Role
from shared.errors import NotFound

#: Who sees every hand-over; everybody else those of their own.
OVERSEERS = (Role.AUDITOR,)


def handovers(actor: Actor, query: dict[str, Any]) -> Select[Any]:
    """Hand-overs that the actor may see and that fit the filters."""
    found = select(Handover)
    if actor.role not in OVERSEERS:
        found = found.where(or_(Handover.giver == actor.login, Handover.receiver == actor.login))
    if query.get("state") is not None:
        found = found.where(Handover.state == query["state"])
    if query.get("item_id") is not None:
        mine = select(HandoverItem.handover_id).where(HandoverItem.item_id == query["item_id"])
        found = found.where(Handover.id.in_(mine))
    return found


def handover(session: Session, actor: Actor, handover_id: str, *, lock: bool = False) -> Handover:
    """One hand-over that the actor may see; raises NotFound."""
    query = handovers(actor, {}).where(Handover.id == handover_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row: Handover | None = session.scalars(query).first()
    if row is None:
        raise NotFound("There is no such hand-over.")
    return row


def items_of(session: Session, handover_ids: Sequence[str]) -> list[HandoverItem]:
    """The items of these hand-overs, in the order of their numbers."""
    query = (
        select(HandoverItem).where(HandoverItem.handover_id.in_(handover_ids)).order_by(HandoverItem.number)
    )
    return list(session.scalars(query))


def pending_items(session: Session, item_ids: Iterable[str]) -> list[HandoverItem]:
    """Those of the items that stand in an open offer."""
    query = select(HandoverItem).where(HandoverItem.item_id.in_(list(item_ids)), HandoverItem.pending)
    return list(session.scalars(query))


def offers_of(session: Session, item_ids: Iterable[str]) -> list[tuple[str, str]]:
    """(number, receiver) of those of the items that stand in an open offer."""
    query = (
        select(HandoverItem.number, Handover.receiver)
        .join(Handover, Handover.id == HandoverItem.handover_id)
        .where(HandoverItem.item_id.in_(list(item_ids)), HandoverItem.pending)
    )
    return [(number, receiver) for number, receiver in session.execute(query.order_by(HandoverItem.number))]


def anything_waits(session: Session, item_ids: Iterable[str]) -> bool:
    """Whether any of the items is offered, or to be disposed of by authorisation."""
    found = session.connection().exec_driver_sql(_ANYTHING_WAITS, {"ids": list(item_ids)})
    return bool(found.scalar_one())


#: As it is, since every act upon a substance asks it: a compiler of queries would cost it more than the database does.
_ANYTHING_WAITS = """
SELECT EXISTS (SELECT 1 FROM chain_of_custody.handover_items WHERE item_id = ANY(%(ids)s) AND pending)
    OR EXISTS (SELECT 1 FROM chain_of_custody.disposals WHERE item_id = ANY(%(ids)s) AND state = 'authorised')
"""


def records_since_offer(
    session: Session, item_ids: Iterable[str], types: Iterable[str]
) -> list[dict[str, Any]]:
    """The acts of these types upon each of the items since it was last offered, in order."""
    offer = (
        select(Event.item_id, func.max(Event.sequence).label("sequence"))
        .where(Event.item_id.in_(list(item_ids)), Event.type == "handover_offered")
        .group_by(Event.item_id)
        .subquery()
    )
    query = (
        select(Event.record)
        .join(offer, (Event.item_id == offer.c.item_id) & (Event.sequence > offer.c.sequence))
        .where(Event.type.in_(list(types)))
    )
    return [json.loads(record) for record in session.scalars(query.order_by(Event.item_id, Event.sequence))]


def lock_open_offers(session: Session, item_ids: Iterable[str]) -> list[Handover]:
    """The open offers in which any of these items stands, their rows locked in the order of their ids."""
    mine = select(HandoverItem.handover_id).where(
        HandoverItem.item_id.in_(list(item_ids)), HandoverItem.pending
    )
    query = select(Handover).where(Handover.id.in_(mine), Handover.state == "offered").order_by(Handover.id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(locked))


def close_items(session: Session, handover_id: str) -> None:
    """The items of an offer may be offered anew."""
    ended = update(HandoverItem).where(HandoverItem.handover_id == handover_id).values(pending=False)
    session.execute(ended)


def hold(session: Session, actor: Actor, hold_id: str) -> Hold:
    """One hold on an item that the actor may see; raises NotFound."""
    query = select(Hold).join(Item, Item.id == Hold.item_id).where(Hold.id == hold_id, visible_to(actor))
    row = session.scalars(query).first()
    if row is None:
        raise NotFound("There is no such hold.")
    return row


def disposal(session: Session, actor: Actor, disposal_id: str) -> Disposal:
    """One disposal of an item that the actor may see; raises NotFound."""
    query = select(Disposal).join(Item, Item.id == Disposal.item_id)
    row = session.scalars(query.where(Disposal.id == disposal_id, visible_to(actor))).first()
    if row is None:
        raise NotFound("There is no such disposal.")
    return row


def open_disposals(session: Session, item_ids: Iterable[str]) -> list[Disposal]:
    """The disposals of these items that are on their way."""
    query = select(Disposal).where(
        Disposal.item_id.in_(list(item_ids)), Disposal.state.in_(("requested", "authorised"))
    )
    return list(session.scalars(query))


def disposals(query: dict[str, Any]) -> Select[Any]:
    """The disposals that fit the filters."""
    found = select(Disposal)
    for name in ("state", "item_id"):
        if query.get(name) is not None:
            found = found.where(getattr(Disposal, name) == query[name])
    return found


def holds(query: dict[str, Any]) -> Select[Any]:
    """The holds that fit the filters; of an item, all that cover it."""
    found = select(Hold)
    if query.get("item_id") is not None:
        covering = select(HoldItem.hold_id).where(HoldItem.item_id == query["item_id"])
        found = found.where(Hold.id.in_(covering))
    if query.get("open") is not None:
        found = found.where(Hold.released_at.is_(None) if query["open"] else Hold.released_at.is_not(None))
    return found


def covered_items(session: Session, hold_ids: Sequence[str]) -> dict[str, list[str]]:
    """The items that each of these holds covers."""
    query = select(HoldItem).where(HoldItem.hold_id.in_(hold_ids)).order_by(HoldItem.item_id)
    found: dict[str, list[str]] = {}
    for row in session.scalars(query):
        found.setdefault(row.hold_id, []).append(row.item_id)
    return found


def refresh(session: Session, row: Hold | Disposal) -> None:
    """Reads a row again after the lock of its item was waited for."""
    session.refresh(row)
