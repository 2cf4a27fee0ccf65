"""Takeovers over HTTP: custody from somebody who cannot sign any more."""

from typing import Any

from services.chain_of_custody.schemas import ItemSchema
from services.chain_of_custody.schemas_places import MovedSchema, TakeoverSchema, TakeoversSchema
from services.chain_of_custody.service import takeovers
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("takeovers", __name__, description="Custody from a closed account")


@blp.post("/items/<item_id>/takeovers")
@blp.arguments(TakeoverSchema)
@blp.response(201, ItemSchema)
def take_item_over(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """A custodian takes an item over from a closed account, before a witness; both sign, the giver does not."""
    return takeovers.take_over(context.actor(), context.uow(), [item_id], body, now=context.now())[0]


@blp.post("/takeovers")
@blp.arguments(TakeoversSchema)
@blp.response(201, MovedSchema)
def take_items_over(body: dict[str, Any]) -> dict[str, Any]:
    """Several items at once: all or none; a refusal names each item that stands in the way."""
    actor, uow = context.actor(), context.uow()
    return {"items": takeovers.take_over(actor, uow, body["item_ids"], body, now=context.now())}
