"""Weighings, aliquots and consumption over HTTP."""

from typing import Any

from services.chain_of_custody.schemas import ItemSchema, TakingSchema, WeighingSchema
from services.chain_of_custody.service import quantities
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("quantities", __name__, description="How much there is, and what was taken")


@blp.post("/items/<item_id>/weighings")
@blp.arguments(WeighingSchema)
@blp.response(201, ItemSchema)
def weigh_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder weighs an item."""
    return quantities.weigh_item(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/items/<item_id>/aliquots")
@blp.arguments(TakingSchema)
@blp.response(201, ItemSchema)
def take_aliquot(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder divides an aliquot off; the answer is the new item."""
    return quantities.take_aliquot(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/items/<item_id>/consumptions")
@blp.arguments(TakingSchema)
@blp.response(201, ItemSchema)
def consume(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder uses some of an item up."""
    return quantities.consume(context.actor(), context.uow(), item_id, body, now=context.now())
