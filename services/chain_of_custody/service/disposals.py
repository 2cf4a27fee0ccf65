"""Disposals: asked by a custodian, authorised by a reviewer, executed before a witness; a hold stops them at every step."""

from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.domain.standing import (
    DISPOSED,
    require_holder,
    require_not_blocked,
    require_not_ended,
    require_not_on_hold,
)
from services.chain_of_custody.models import Disposal, Item
from services.chain_of_custody.repository import handovers as repository
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.service.record_event import record_event
from shared.actor import Actor, Role, require, signed, signed_by
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Invalid
from shared.identifiers import new_id


def request_disposal(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> Disposal:
    """A custodian asks that an item be destroyed; one request of an item at a time."""
    require(actor, Role.CUSTODIAN)
    signature = Signed(signed(actor), "I ask that this item be destroyed.")
    item = items_repository.lock_item(uow.session, actor, item_id)
    _require_disposable(item)
    if repository.open_disposal(uow.session, item.id) is not None:
        raise Conflict(f"A disposal of {item.number} is on its way already.", code="disposal_open")
    row = Disposal(
        id=new_id(),
        item_id=item.id,
        method=act["method"],
        purpose=act["purpose"],
        state="requested",
        requested_by=actor.login,
        requested_at=now,
    )
    uow.session.add(row)
    _record(uow, item, row, "disposal_requested", actor, act, now, [signature])
    return row


def authorise_disposal(
    actor: Actor, uow: UnitOfWork, disposal_id: str, act: dict[str, Any], *, now: datetime
) -> Disposal:
    """A reviewer agrees."""
    require(actor, Role.REVIEWER)
    signature = Signed(signed(actor), "I authorise the destruction of this item.")
    item, row = _at_state(actor, uow, disposal_id, "requested")
    _require_disposable(item)
    row.state, row.authorised_by, row.authorised_at = "authorised", actor.login, now
    _record(uow, item, row, "disposal_authorised", actor, act, now, [signature])
    return row


def execute_disposal(
    actor: Actor, uow: UnitOfWork, disposal_id: str, act: dict[str, Any], *, now: datetime
) -> Disposal:
    """The custodian who holds the item destroys it before a witness who is somebody else and signs as well (E16, E17)."""
    require(actor, Role.CUSTODIAN)
    if act["witness"] == actor.login:
        message = "The witness must be somebody else."
        raise Invalid(message, errors=[{"pointer": "/witness", "message": message}])
    signatures = [
        Signed(signed(actor), "I have destroyed this item."),
        Signed(signed_by(actor, act["witness"]), "I have seen the destruction of this item."),
    ]
    item, row = _at_state(actor, uow, disposal_id, "authorised")
    _require_disposable(item)
    require_holder(item, actor.login)
    if repository.pending_items(uow.session, [item.id]):
        raise Conflict(f"{item.number} is offered to somebody; withdraw the offer first.", code="offered")
    row.state, row.executed_by, row.executed_at = "executed", actor.login, now
    row.witness = act["witness"]
    item.ending = DISPOSED
    _record(uow, item, row, "disposed", actor, act, now, signatures)
    return row


def _require_disposable(item: Item) -> None:
    require_not_ended(item)
    require_not_on_hold(item)
    require_not_blocked(item)


def _at_state(actor: Actor, uow: UnitOfWork, disposal_id: str, state: str) -> tuple[Item, Disposal]:
    row = repository.disposal(uow.session, actor, disposal_id)
    item = items_repository.lock_item(uow.session, actor, row.item_id)
    repository.refresh(uow.session, row)
    if row.state != state:
        raise Conflict(f"This disposal is {row.state}; it must be {state} for that.", code="wrong_state")
    return item, row


def _record(
    uow: UnitOfWork,
    item: Item,
    row: Disposal,
    kind: str,
    actor: Actor,
    act: dict[str, Any],
    now: datetime,
    signatures: list[Signed],
) -> None:
    record_event(
        uow,
        item,
        kind,
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=row.purpose,
        details={"disposal_id": row.id, "method": row.method, "witness": row.witness},
        signatures=signatures,
    )
