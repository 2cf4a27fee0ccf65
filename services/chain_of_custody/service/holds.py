"""Holds: an item is to be kept as it is, by order; placed and released by signature.

A hold covers the item and everything that came from it, aliquots and composites, with the stored objects of all of them. Nothing
is divided off while it lasts, so what it covers stays the same until it is released.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.domain.standing import require_not_ended
from services.chain_of_custody.models import Hold, Item
from services.chain_of_custody.models_acts import HoldItem
from services.chain_of_custody.repository import handovers as repository
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository.lineage import lock_descendants
from services.chain_of_custody.service.legal_holds import align_soon
from services.chain_of_custody.service.record_event import record_event
from shared.actor import LABORATORY, Actor, Role, require, signed
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.lists import paginate
from shared.identifiers import new_id

MAY_HOLD = (Role.CUSTODIAN, Role.REVIEWER)
READERS = (*LABORATORY, Role.AUDITOR)


def place_hold(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Puts an item and all that came from it on hold; holds add up, and an item is free when the last is released.

    What came from it and has left the laboratory (destroyed, returned) can be kept by nobody and is not covered.
    """
    require(actor, *MAY_HOLD)
    signature = Signed(signed(actor), "I order that this item be kept as it is.")
    items_repository.item(uow.session, actor, item_id)
    family = {row.id: row for row in lock_descendants(uow.session, item_id)}
    item = family.pop(item_id)
    require_not_ended(item)
    covered = [item, *(row for row in family.values() if row.ending is None)]
    row = Hold(
        id=new_id(),
        item_id=item.id,
        reason=act["reason"],
        placed_by=actor.login,
        placed_at=now,
        released_by=None,
        released_at=None,
        release_reason=None,
    )
    uow.session.add(row)
    uow.session.flush()
    uow.session.add_all([HoldItem(hold_id=row.id, item_id=held.id) for held in covered])
    for held in covered:
        held.open_holds += 1
    _record(uow, row, item, covered, "hold_placed", actor, act, now, signature)
    return _describe(uow, [row])[0]


def release_hold(
    actor: Actor, uow: UnitOfWork, hold_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Ends one hold for everything that it covers; raises Conflict `released` where it has ended already."""
    require(actor, *MAY_HOLD)
    signature = Signed(signed(actor), "I release this hold.")
    row = repository.hold(uow.session, actor, hold_id)
    ids = repository.covered_items(uow.session, [row.id])[row.id]
    covered = items_repository.lock_known(uow.session, actor, ids)
    repository.refresh(uow.session, row)
    if row.released_at is not None:
        raise Conflict("This hold was released already.", code="released")
    row.released_by, row.released_at, row.release_reason = actor.login, now, act["reason"]
    for held in covered:
        held.open_holds -= 1
    item = next(held for held in covered if held.id == row.item_id)
    _record(uow, row, item, covered, "hold_released", actor, act, now, signature)
    return _describe(uow, [row])[0]


def list_holds(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Holds, the newest first; of one item: every hold that covers it, wherever it was placed."""
    require(actor, *READERS)
    select = repository.holds(query)
    page = paginate(uow.session, select, Hold.seq, limit=query["limit"], cursor=query["cursor"], falling=True)
    return {**page, "items": _describe(uow, page["items"])}


def _record(
    uow: UnitOfWork,
    row: Hold,
    item: Item,
    covered: Sequence[Item],
    kind: str,
    actor: Actor,
    act: dict[str, Any],
    now: datetime,
    signature: Signed,
) -> None:
    """An event for each item that the hold covers, since each history stands alone (E13)."""
    above = {"placed_on_id": item.id, "placed_on_number": item.number}
    numbers = [held.number for held in covered if held.id != item.id]
    for held in covered:
        own = held.id == item.id
        record_event(
            uow,
            held,
            kind if own else f"{kind}_above",
            author=Author.of(actor),
            now=now,
            occurred_at=act.get("occurred_at"),
            purpose=act["reason"],
            details={
                "hold_id": row.id,
                "open_holds": held.open_holds,
                **({"covers": numbers} if own else above),
            },
            signatures=[signature],
        )
        align_soon(uow, held.id)


_COLUMNS = (
    "id", "item_id", "reason", "placed_by", "placed_at", "released_by", "released_at", "release_reason",
)  # fmt: skip


def _describe(uow: UnitOfWork, rows: Sequence[Hold]) -> list[dict[str, Any]]:
    covered = repository.covered_items(uow.session, [row.id for row in rows])
    return [
        {**{name: getattr(row, name) for name in _COLUMNS}, "covers": covered.get(row.id, [])} for row in rows
    ]
