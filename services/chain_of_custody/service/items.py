"""Reading items and their histories."""

from typing import Any

from services.chain_of_custody.domain.say_event import LATE_SECONDS
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import corrections
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.repository.exports import one_snapshot
from services.chain_of_custody.service.describe_items import describe_event, describe_item
from services.chain_of_custody.service.item_damage import find_damage, proved_histories
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.http.lists import mark, paginate

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)


def list_items(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Items that fit the filters, the newest first."""
    require(actor, *READERS)
    select = repository.items(actor, query)
    return paginate(
        uow.session,
        select,
        Item.seq,
        limit=query["limit"],
        cursor=query["cursor"],
        falling=True,
        dump=describe_item,
    )


def get_item(actor: Actor, uow: UnitOfWork, item_id: str) -> dict[str, Any]:
    """One item as it stands, and what of its record is not what was recorded."""
    require(actor, *READERS)
    one_snapshot(uow.session)
    row = repository.item(uow.session, actor, item_id)
    damage = find_damage(row, proved_histories(uow, row.id))
    return {**describe_item(row), "damaged": bool(damage), "damage": [found.told() for found in damage]}


def list_events(actor: Actor, uow: UnitOfWork, item_id: str, query: dict[str, Any]) -> dict[str, Any]:
    """An item's events in order; `index` is None until the log has taken an event."""
    require(actor, *READERS)
    row = repository.item(uow.session, actor, item_id)
    after, limit = query["cursor"] or 0, query["limit"]
    found = repository.events_with_index(
        uow.session,
        row.id,
        after,
        limit + 1,
        kind=query.get("type"),
        late=query.get("backdated"),
        late_seconds=LATE_SECONDS,
    )
    corrected = corrections.corrected_by(uow.session, [event.id for event, _, _ in found])
    page = [
        describe_event(event, entry, out_of_order=late, corrected_by=corrected.get(event.id, ()))
        for event, entry, late in found[:limit]
    ]
    return {"items": page, "next": mark(page[-1]["sequence"]) if len(found) > limit else None}
