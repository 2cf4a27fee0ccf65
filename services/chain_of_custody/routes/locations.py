"""Places, and items into them and out, over HTTP."""

from typing import Any

from services.chain_of_custody.models import Location
from services.chain_of_custody.schemas import (
    ItemSchema,
    LocationList,
    LocationSchema,
    MoveSchema,
    NewLocationSchema,
    PurposeSchema,
)
from services.chain_of_custody.service import places
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint("locations", __name__, description="Rooms, safes and shelves")


@blp.get("/locations")
@blp.arguments(ListQuery, location="query")
@blp.response(200, LocationList)
def list_locations(query: dict[str, Any]) -> dict[str, Any]:
    """The tree of places."""
    return places.list_locations(context.actor(), context.uow(), query)


@blp.post("/locations")
@blp.arguments(NewLocationSchema)
@blp.response(201, LocationSchema)
def add_location(body: dict[str, Any]) -> Location:
    """Adds a place; for administrators."""
    return places.add_location(context.actor(), context.uow(), body)


@blp.post("/items/<item_id>/moves")
@blp.arguments(MoveSchema)
@blp.response(201, ItemSchema)
def move_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Puts an item into a place; for its holder."""
    return places.move_item(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/items/<item_id>/retrievals")
@blp.arguments(PurposeSchema)
@blp.response(201, ItemSchema)
def retrieve_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Takes an item out of its place; for custodians."""
    return places.retrieve_item(context.actor(), context.uow(), item_id, body, now=context.now())
