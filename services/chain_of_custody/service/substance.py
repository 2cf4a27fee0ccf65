"""What all acts upon an item's substance share: who may, what stands in the way, how the books and the event are written.

Each act works under the item's row lock, so that the books are checked act by act (E15).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain import check_mass_balance as books
from services.chain_of_custody.domain.check_mass_balance import Quantity
from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.standing import (
    require_holder,
    require_not_blocked,
    require_not_ended,
)
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.service.record_event import record_event
from shared.actor import Actor, Role
from shared.db.unit_of_work import UnitOfWork

#: The purpose of a weighing that was told without one.
NO_PURPOSE = "not stated"
#: Who works on substance. Not reviewers and scientists: whoever prepared a sample may not be its second examiner (E17).
HANDS = (Role.CUSTODIAN, Role.TECHNICIAN)


def require_workable(item: Item, actor: Actor) -> None:
    """Passes where the actor has the item in hand and no discrepancy is open on it."""
    require_not_ended(item)
    require_holder(item, actor.login)
    require_not_blocked(item)


def take_off(item: Item, taken: Quantity) -> None:
    """Takes a mass off the item's books; raises Conflict `mass_balance` where there is less."""
    rest = books.take(remaining(item), taken)
    item.remaining_mg, item.uncertainty_mg = rest.mass, rest.uncertainty


def remaining(item: Item) -> Quantity | None:
    """What is left by the books; None before the first weighing."""
    if item.remaining_mg is None:
        return None
    return Quantity(item.remaining_mg, item.uncertainty_mg or Decimal(0))


def describe_remaining(item: Item) -> dict[str, float] | None:
    """What is left by the books, as an event tells it."""
    found = remaining(item)
    return None if found is None else numbers(found)


def numbers(found: Quantity) -> dict[str, float]:
    """A quantity as events and answers tell it."""
    return {"net_mass_mg": float(found.mass), "uncertainty_mg": float(found.uncertainty)}


def record_act(
    uow: UnitOfWork,
    item: Item,
    kind: str,
    actor: Actor,
    act: Mapping[str, Any],
    now: datetime,
    details: Mapping[str, Any],
) -> Event:
    """Writes the event of an act; its purpose is what the person said, and only a weighing may come without (E10)."""
    return record_event(
        uow,
        item,
        kind,
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act.get("purpose") or act.get("reason") or NO_PURPOSE,
        details=details,
    )
