"""Places over HTTP: the tree, moves into them, retrievals out of them."""

from typing import Any

from services.chain_of_custody.models import Location
from services.chain_of_custody.schemas import ItemSchema, MoveSchema, RetrievalSchema
from services.chain_of_custody.schemas_places import (
    ChangedLocationSchema,
    LocationChangeList,
    LocationList,
    LocationQuery,
    LocationSchema,
    MovedSchema,
    MovesSchema,
    NewLocationSchema,
    RetrievalsSchema,
)
from services.chain_of_custody.service import locations, places
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.etags import etag_of
from shared.http.lists import ListQuery

blp = Blueprint("places", __name__, description="Where items lie")

Tagged = tuple[dict[str, Any], int, dict[str, str]]
_TAG = {"ETag": {"schema": {"type": "string"}, "description": "the version, for If-Match"}}


def _tagged(row: Location, status: int = 200) -> Tagged:
    return locations.describe_location(row), status, {"ETag": etag_of(row.id, row.version)}


@blp.get("/locations")
@blp.arguments(LocationQuery, location="query")
@blp.response(200, LocationList)
def list_locations(query: dict[str, Any]) -> dict[str, Any]:
    """The places, parents before their children."""
    return locations.list_locations(context.actor(), context.uow(), query)


@blp.post("/locations")
@blp.arguments(NewLocationSchema)
@blp.response(201, LocationSchema, headers=_TAG)
def add_location(body: dict[str, Any]) -> Tagged:
    """Adds a place."""
    return _tagged(locations.add_location(context.actor(), context.uow(), body, now=context.now()), 201)


@blp.get("/locations/<location_id>")
@blp.response(200, LocationSchema, headers=_TAG)
def get_location(location_id: str) -> Tagged:
    """One place."""
    return _tagged(locations.get_location(context.actor(), context.uow(), location_id))


@blp.patch("/locations/<location_id>")
@blp.arguments(ChangedLocationSchema)
@blp.response(200, LocationSchema, headers=_TAG)
def change_location(body: dict[str, Any], location_id: str) -> Tagged:
    """Changes kind, capacity or access of a place; needs If-Match."""
    actor, uow = context.actor(), context.uow()
    return _tagged(locations.change_location(actor, uow, location_id, body, now=context.now()))


@blp.get("/locations/<location_id>/changes")
@blp.arguments(ListQuery, location="query")
@blp.response(200, LocationChangeList)
def list_changes(query: dict[str, Any], location_id: str) -> dict[str, Any]:
    """Who added and changed a place, when and why."""
    return locations.list_changes(context.actor(), context.uow(), location_id, query)


@blp.post("/items/<item_id>/moves")
@blp.arguments(MoveSchema)
@blp.response(201, ItemSchema)
def move_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder puts an item into a place."""
    return places.move_items(context.actor(), context.uow(), [item_id], body, now=context.now())[0]


@blp.post("/items/<item_id>/retrievals")
@blp.arguments(RetrievalSchema)
@blp.response(201, ItemSchema)
def retrieve_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """A custodian takes an item out."""
    return places.retrieve_items(context.actor(), context.uow(), [item_id], body, now=context.now())[0]


@blp.post("/moves")
@blp.arguments(MovesSchema)
@blp.response(201, MovedSchema)
def move_items(body: dict[str, Any]) -> dict[str, Any]:
    """The holder puts several items into one place: all or none; a refusal names each item that stands in the way."""
    actor, uow = context.actor(), context.uow()
    return {"items": places.move_items(actor, uow, body["item_ids"], body, now=context.now())}


@blp.post("/retrievals")
@blp.arguments(RetrievalsSchema)
@blp.response(201, MovedSchema)
def retrieve_items(body: dict[str, Any]) -> dict[str, Any]:
    """A custodian takes several items out: all or none; a refusal names each item that stands in the way."""
    actor, uow = context.actor(), context.uow()
    return {"items": places.retrieve_items(actor, uow, body["item_ids"], body, now=context.now())}
