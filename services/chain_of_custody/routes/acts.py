"""Seals and corrections over HTTP."""

from typing import Any

from services.chain_of_custody.schemas import EventSchema, ItemSchema
from services.chain_of_custody.schemas_acts import CorrectionSchema, SealSchema
from services.chain_of_custody.service import corrections, seals
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("acts", __name__, description="Closing an item, and putting right what was written")


@blp.post("/items/<item_id>/seals")
@blp.arguments(SealSchema)
@blp.response(201, ItemSchema)
def seal_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder closes an item with a new seal."""
    return seals.seal_item(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/items/<item_id>/corrections")
@blp.arguments(CorrectionSchema)
@blp.response(201, EventSchema)
def correct_event(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Corrects an act of the item's history; the answer is the correction, the act itself stays as it was."""
    return corrections.correct_event(context.actor(), context.uow(), item_id, body, now=context.now())
