"""Into a place and out again, and the tree of places. Storage to storage needs a person in between (E8)."""

from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.standing import PERSON, PLACE, require_holder, require_not_ended
from services.chain_of_custody.models import Location
from services.chain_of_custody.repository import handovers as offers
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.record_event import record_event
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Invalid
from shared.http.lists import paginate
from shared.identifiers import new_id


def move_item(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder puts an item into a place; possible while it is blocked, not while it is offered to somebody."""
    require(actor, *LABORATORY)
    row = repository.lock_item(uow.session, actor, item_id)
    place = repository.location(uow.session, act["place"])
    if place is None:
        message = "There is no such place."
        raise Invalid(message, errors=[{"pointer": "/place", "message": message}])
    require_not_ended(row)
    require_holder(row, actor.login)
    if offers.pending_items(uow.session, [row.id]):
        raise Conflict(f"{row.number} is offered to somebody; withdraw the offer first.", code="offered")
    row.holder_kind, row.holder, row.holder_name = PLACE, place.id, place.path
    record_event(
        uow,
        row,
        "stored",
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act["purpose"],
        details={"from": actor.login, "place_id": place.id, "place": place.path},
    )
    return describe_item(row)


def retrieve_item(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """A custodian takes an item out of its place and becomes the holder."""
    require(actor, Role.CUSTODIAN)
    row = repository.lock_item(uow.session, actor, item_id)
    require_not_ended(row)
    if row.holder_kind != PLACE:
        raise Conflict(f"{row.number} is in no place: it is with {row.holder_name}.", code="not_in_place")
    place_id, place = row.holder, row.holder_name
    row.holder_kind, row.holder, row.holder_name = PERSON, actor.login, actor.name
    record_event(
        uow,
        row,
        "retrieved",
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act["purpose"],
        details={"to": actor.login, "place_id": place_id, "place": place},
    )
    return describe_item(row)


def list_locations(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """The places, parents before their children."""
    require(actor, *LABORATORY, Role.AUDITOR, Role.ADMIN)
    select = repository.locations()
    return paginate(uow.session, select, Location.seq, limit=query["limit"], cursor=query["cursor"])


def add_location(actor: Actor, uow: UnitOfWork, given: dict[str, Any]) -> Location:
    """An administrator adds a place; places are never removed, since items may have been there."""
    require(actor, Role.ADMIN)
    parent_id, name = given.get("parent_id"), given["name"]
    parent = None if parent_id is None else repository.location(uow.session, parent_id)
    if parent_id is not None and parent is None:
        message = "There is no such place."
        raise Invalid(message, errors=[{"pointer": "/parent_id", "message": message}])
    if repository.location_exists(uow.session, parent_id, name):
        raise Conflict(f"A place of the name {name} stands there already.", code="exists")
    path = name if parent is None else f"{parent.path} / {name}"
    row = Location(id=new_id(), parent_id=parent_id, name=name, path=path)
    uow.session.add(row)
    uow.session.flush()
    return row
