"""Hand-overs over HTTP."""

from typing import Any

from services.chain_of_custody.schemas import OfferSchema, ReasonSchema, SigningSchema
from services.chain_of_custody.schemas_handovers import HandoverList, HandoverQuery, HandoverSchema
from services.chain_of_custody.service import handovers
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("handovers", __name__, description="From one person to another")


@blp.get("/handovers")
@blp.arguments(HandoverQuery, location="query")
@blp.response(200, HandoverList)
def list_handovers(query: dict[str, Any]) -> dict[str, Any]:
    """Hand-overs to or by the actor, the newest first."""
    return handovers.list_handovers(context.actor(), context.uow(), query)


@blp.post("/handovers")
@blp.arguments(OfferSchema)
@blp.response(201, HandoverSchema)
def offer_handover(body: dict[str, Any]) -> dict[str, Any]:
    """The holder offers items."""
    return handovers.offer_handover(context.actor(), context.uow(), body, now=context.now())


@blp.get("/handovers/<handover_id>")
@blp.response(200, HandoverSchema)
def get_handover(handover_id: str) -> dict[str, Any]:
    """One hand-over."""
    return handovers.get_handover(context.actor(), context.uow(), handover_id)


@blp.post("/handovers/<handover_id>/accept")
@blp.arguments(SigningSchema)
@blp.response(200, HandoverSchema)
def accept_handover(body: dict[str, Any], handover_id: str) -> dict[str, Any]:
    """The receiver signs; custody moves."""
    return handovers.accept_handover(context.actor(), context.uow(), handover_id, body, now=context.now())


@blp.post("/handovers/<handover_id>/decline")
@blp.arguments(ReasonSchema)
@blp.response(200, HandoverSchema)
def decline_handover(body: dict[str, Any], handover_id: str) -> dict[str, Any]:
    """The receiver does not take the items."""
    return handovers.decline_handover(context.actor(), context.uow(), handover_id, body, now=context.now())


@blp.post("/handovers/<handover_id>/withdraw")
@blp.arguments(ReasonSchema)
@blp.response(200, HandoverSchema)
def withdraw_handover(body: dict[str, Any], handover_id: str) -> dict[str, Any]:
    """The giver takes the offer back."""
    return handovers.withdraw_handover(context.actor(), context.uow(), handover_id, body, now=context.now())
