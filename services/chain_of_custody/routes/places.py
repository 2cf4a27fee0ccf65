"""Places over HTTP: the tree, moves into them, retrievals out of them."""

from typing import Any

from services.chain_of_custody.models import Location
from services.chain_of_custody.schemas import ItemSchema, MoveSchema, NewLocationSchema, RetrievalSchema
from services.chain_of_custody.schemas_answers import LocationList, LocationSchema
from services.chain_of_custody.service import places
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint("places", __name__, description="Where items lie")


@blp.get("/locations")
@blp.arguments(ListQuery, location="query")
@blp.response(200, LocationList)
def list_locations(query: dict[str, Any]) -> dict[str, Any]:
    """The places, parents before their children."""
    return places.list_locations(context.actor(), context.uow(), query)


@blp.post("/locations")
@blp.arguments(NewLocationSchema)
@blp.response(201, LocationSchema)
def add_location(body: dict[str, Any]) -> Location:
    """Adds a place."""
    return places.add_location(context.actor(), context.uow(), body)


@blp.post("/items/<item_id>/moves")
@blp.arguments(MoveSchema)
@blp.response(201, ItemSchema)
def move_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder puts an item into a place."""
    return places.move_item(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/items/<item_id>/retrievals")
@blp.arguments(RetrievalSchema)
@blp.response(201, ItemSchema)
def retrieve_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """A custodian takes an item out."""
    return places.retrieve_item(context.actor(), context.uow(), item_id, body, now=context.now())
