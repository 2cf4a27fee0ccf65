"""Weighings, aliquots and consumption: each under the item's row lock, so that the books are checked act by act (E15)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain import check_mass_balance as books
from services.chain_of_custody.domain.check_mass_balance import Quantity, quantity
from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.standing import (
    require_holder,
    require_not_blocked,
    require_not_ended,
    require_not_on_hold,
    state_of,
)
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.record_event import record_event
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.identifiers import new_id

#: Who works on substance. Not reviewers and scientists: whoever prepared a sample may not be its second examiner (E17).
HANDS = (Role.CUSTODIAN, Role.TECHNICIAN)


def weigh_item(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder weighs what is there; the books go on from the mass that was found."""
    require(actor, *HANDS)
    row = _workable(actor, uow, item_id)
    found, before = _quantity(act), _remaining(row)
    after, difference = books.weigh(before, found, row.most_mg)
    row.remaining_mg, row.uncertainty_mg = after.mass, after.uncertainty
    details = {
        **_numbers(found),
        "balance": act["balance"],
        "expected": None if before is None else _numbers(before),
        "difference_mg": float(difference),
        "beyond_uncertainty": books.is_loss(before, found),
    }
    _record(uow, row, "weighed", actor, act, now, details)
    return describe_item(row)


def consume(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder uses some of an item up."""
    require(actor, *HANDS)
    row = _workable(actor, uow, item_id)
    require_not_on_hold(row)
    taken = _take(row, act)
    _record(uow, row, "consumed", actor, act, now, {**_numbers(taken), "remaining": _now_remaining(row)})
    return describe_item(row)


def take_aliquot(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder divides some of an item off: a new item with a number under its parent's (E7), in the same hands.

    Not while the item is on hold: what is divided off could be used up, which the hold forbids.
    """
    require(actor, *HANDS)
    row = _workable(actor, uow, item_id)
    require_not_on_hold(row)
    taken = _take(row, act)
    row.aliquots += 1
    child = _child(row, taken, now)
    uow.session.add(child)
    uow.session.flush()
    details = {
        **_numbers(taken),
        "remaining": _now_remaining(row),
        "aliquot_id": child.id,
        "aliquot_number": child.number,
    }
    _record(uow, row, "aliquot_taken", actor, act, now, details)
    parent = {"parent_id": row.id, "parent_number": row.number, "parent_event_sha256": row.last_digest}
    _record(uow, child, "aliquot_made", actor, act, now, {**_numbers(taken), **parent})
    return describe_item(child)


def _workable(actor: Actor, uow: UnitOfWork, item_id: str) -> Item:
    row = repository.lock_item(uow.session, actor, item_id)
    require_not_ended(row)
    require_holder(row, actor.login)
    require_not_blocked(row)
    return row


def _take(row: Item, act: dict[str, Any]) -> Quantity:
    taken = _quantity(act)
    rest = books.take(_remaining(row), taken)
    row.remaining_mg, row.uncertainty_mg = rest.mass, rest.uncertainty
    return taken


_INHERITED = (
    "root_id", "exhibit_id", "office", "submission_id", "submission_number", "receipt_number", "line", "kind", "programme",
    "description", "physical_form", "seizure_id", "holder_kind", "holder", "holder_name",
)  # fmt: skip


def _child(parent: Item, taken: Quantity, now: datetime) -> Item:
    child = Item(
        id=new_id(),
        number=f"{parent.number}.{parent.aliquots}",
        parent_id=parent.id,
        gross_mass_mg=None,
        most_mg=taken.mass + taken.uncertainty,
        seal_number=None,
        seal_condition=None,
        blocked=False,
        open_holds=0,
        ending=None,
        remaining_mg=taken.mass,
        uncertainty_mg=taken.uncertainty,
        aliquots=0,
        events=0,
        last_digest=None,
        created_at=now,
        **{name: getattr(parent, name) for name in _INHERITED},
    )
    child.state = state_of(child)
    return child


def _quantity(act: dict[str, Any]) -> Quantity:
    return quantity(act["net_mass_mg"], act["uncertainty_mg"])


def _remaining(row: Item) -> Quantity | None:
    if row.remaining_mg is None:
        return None
    return Quantity(row.remaining_mg, row.uncertainty_mg or Decimal(0))


def _now_remaining(row: Item) -> dict[str, float] | None:
    found = _remaining(row)
    return None if found is None else _numbers(found)


def _numbers(found: Quantity) -> dict[str, float]:
    return {"net_mass_mg": float(found.mass), "uncertainty_mg": float(found.uncertainty)}


def _record(
    uow: UnitOfWork,
    row: Item,
    kind: str,
    actor: Actor,
    act: dict[str, Any],
    now: datetime,
    details: dict[str, Any],
) -> None:
    record_event(
        uow,
        row,
        kind,
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act.get("purpose") or kind,
        details=details,
    )
