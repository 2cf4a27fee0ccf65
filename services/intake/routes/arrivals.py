"""Arrivals over HTTP."""

from typing import Any

from services.intake.models_limits import Arrival
from services.intake.schemas_limits import ArrivalList, ArrivalSchema, NewArrivalSchema
from services.intake.service import arrivals
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint("arrivals", __name__, description="Parcels at the laboratory's door")


@blp.get("/submissions/<submission_id>/arrivals")
@blp.arguments(ListQuery, location="query")
@blp.response(200, ArrivalList)
def list_arrivals(query: dict[str, Any], submission_id: str) -> dict[str, Any]:
    """The arrivals of a submission's parcels."""
    return arrivals.list_arrivals(context.actor(), context.uow(), submission_id, **query)


@blp.post("/submissions/<submission_id>/arrivals")
@blp.arguments(NewArrivalSchema)
@blp.response(201, ArrivalSchema)
def record_arrival(body: dict[str, Any], submission_id: str) -> Arrival:
    """Records that a closed parcel was taken from the courier."""
    return arrivals.record_arrival(context.actor(), context.uow(), submission_id, body, now=context.now())
