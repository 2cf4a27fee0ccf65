"""Holds: an item is to be kept as it is, by order; placed and released by signature."""

from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.domain.standing import require_not_ended
from services.chain_of_custody.models import Hold
from services.chain_of_custody.repository import handovers as repository
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.service.legal_holds import align_soon
from services.chain_of_custody.service.record_event import record_event
from shared.actor import Actor, Role, require, signed
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.identifiers import new_id

MAY_HOLD = (Role.CUSTODIAN, Role.REVIEWER)


def place_hold(actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime) -> Hold:
    """Puts an item on hold; holds add up, and the item is free when the last is released."""
    require(actor, *MAY_HOLD)
    signature = Signed(signed(actor), "I order that this item be kept as it is.")
    item = items_repository.lock_item(uow.session, actor, item_id)
    require_not_ended(item)
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
    item.open_holds += 1
    record_event(
        uow,
        item,
        "hold_placed",
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act["reason"],
        details={"hold_id": row.id, "open_holds": item.open_holds},
        signatures=[signature],
    )
    align_soon(uow, item.id)
    return row


def release_hold(actor: Actor, uow: UnitOfWork, hold_id: str, act: dict[str, Any], *, now: datetime) -> Hold:
    """Ends one hold; raises Conflict `released` where it has ended already."""
    require(actor, *MAY_HOLD)
    signature = Signed(signed(actor), "I release this hold.")
    row = repository.hold(uow.session, actor, hold_id)
    item = items_repository.lock_item(uow.session, actor, row.item_id)
    repository.refresh(uow.session, row)
    if row.released_at is not None:
        raise Conflict("This hold was released already.", code="released")
    row.released_by, row.released_at, row.release_reason = actor.login, now, act["reason"]
    item.open_holds -= 1
    record_event(
        uow,
        item,
        "hold_released",
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act["reason"],
        details={"hold_id": row.id, "open_holds": item.open_holds},
        signatures=[signature],
    )
    align_soon(uow, item.id)
    return row
