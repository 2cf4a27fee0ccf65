"""Into a place and out again, one item or many: all or none. Storage to storage needs a person in between (E8).

Rows are locked in one order everywhere: the items by id, then the places by id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.places import Access, require_may_enter, require_open, require_room
from services.chain_of_custody.domain.standing import (
    PERSON,
    PLACE,
    Holder,
    require_holder,
    require_in_place,
    require_not_ended,
)
from services.chain_of_custody.models import Item, Location
from services.chain_of_custody.repository import handovers as offers
from services.chain_of_custody.repository import places as repository
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.each_item import check_each, lock_each
from services.chain_of_custody.service.record_event import record_event
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Invalid

Told = list[dict[str, Any]]


def move_items(
    actor: Actor, uow: UnitOfWork, item_ids: Sequence[str], act: dict[str, Any], *, now: datetime
) -> Told:
    """The holder puts items into a place; possible while they are blocked or on hold, not while they are offered to somebody."""
    require(actor, *LABORATORY)
    rows = lock_each(actor, uow, item_ids, listed="item_ids" in act)
    place = repository.lock_locations(uow.session, [act["place"]]).get(act["place"])
    if place is None:
        message = "There is no such place."
        raise Invalid(message, errors=[{"pointer": "/place", "message": message}])
    offered = {row.item_id for row in offers.pending_items(uow.session, item_ids)}

    def storable(row: Item) -> None:
        require_not_ended(row)
        require_holder(row, actor.login)
        if row.id in offered:
            raise Conflict(f"{row.number} is offered to somebody; withdraw the offer first.", code="offered")

    check_each(item_ids, rows, storable, listed="item_ids" in act)
    around = _access(uow, place)
    require_may_enter(actor, around)
    require_open(around)
    if place.capacity is not None:
        inside = repository.numbers_inside(uow.session, place.id)
        require_room(place.path, place.capacity, inside, len(rows))
    receiver = Holder(PLACE, place.id, place.path)
    for row in rows:
        details = {"from": actor.login, "place_id": place.id, "place": place.path}
        _record(uow, row, "stored", actor, act, now, details, receiver)
    return [describe_item(row) for row in rows]


def retrieve_items(
    actor: Actor, uow: UnitOfWork, item_ids: Sequence[str], act: dict[str, Any], *, now: datetime
) -> Told:
    """A custodian takes items out of their places and becomes the holder."""
    require(actor, Role.CUSTODIAN)
    rows = lock_each(actor, uow, item_ids, listed="item_ids" in act)
    places = repository.lock_locations(uow.session, {row.holder for row in rows if row.holder_kind == PLACE})
    access = {place.id: _access(uow, place) for place in places.values()}

    def reachable(row: Item) -> None:
        require_not_ended(row)
        require_in_place(row)
        require_may_enter(actor, access[row.holder])

    check_each(item_ids, rows, reachable, listed="item_ids" in act)
    receiver = Holder(PERSON, actor.login, actor.name)
    for row in rows:
        details = {"to": actor.login, "place_id": row.holder, "place": row.holder_name}
        _record(uow, row, "retrieved", actor, act, now, details, receiver)
    return [describe_item(row) for row in rows]


def _access(uow: UnitOfWork, place: Location) -> list[Access]:
    around = repository.around(uow.session, place)
    return [Access(row.path, row.enter_roles, row.enter_logins, row.closed) for row in around]


def _record(
    uow: UnitOfWork,
    row: Item,
    kind: str,
    actor: Actor,
    act: dict[str, Any],
    now: datetime,
    details: dict[str, Any],
    receiver: Holder,
) -> None:
    record_event(
        uow,
        row,
        kind,
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act["purpose"],
        details=details,
        receiver=receiver,
    )
