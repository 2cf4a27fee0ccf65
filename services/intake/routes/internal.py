"""What other services ask and tell intake."""

from typing import Any

from services.intake.schemas_internal import ExhibitIdsQuery, FoundSchema
from services.intake.service import discrepancies, tell_exhibits, tell_limits
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint("internal", __name__, description="For other services")


@blp.get("/limits/calendars")
@blp.arguments(ListQuery, location="query")
@blp.response(200)
def list_calendars(query: dict[str, Any]) -> dict[str, Any]:
    """Every calendar, in one page."""
    return tell_limits.tell_calendars(context.actor(), context.uow())


@blp.get("/limits/shipments")
@blp.arguments(ListQuery, location="query")
@blp.response(200)
def list_shipments(query: dict[str, Any]) -> dict[str, Any]:
    """Shipments that run against a time limit."""
    return tell_limits.tell_shipments(context.actor(), context.uow(), **query)


@blp.get("/limits/discrepancies")
@blp.arguments(ListQuery, location="query")
@blp.response(200)
def list_discrepancies(query: dict[str, Any]) -> dict[str, Any]:
    """Discrepancies that wait for a reviewer."""
    return tell_limits.tell_discrepancies(context.actor(), context.uow(), **query)


@blp.get("/exhibits")
@blp.arguments(ExhibitIdsQuery, location="query")
@blp.response(200)
def list_exhibits(query: dict[str, Any]) -> dict[str, Any]:
    """Where and when exhibits were seized."""
    return tell_exhibits.tell_exhibits(context.actor(), context.uow(), query["ids"].split(","))


@blp.post("/discrepancies")
@blp.arguments(FoundSchema)
@blp.response(200)
def open_found(body: dict[str, Any]) -> dict[str, str]:
    """Opens a discrepancy that custody found on an item."""
    row = discrepancies.open_found_in_custody(context.actor(), context.uow(), body)
    return {"discrepancy_id": row.id, "state": row.state}
