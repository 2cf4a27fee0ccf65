"""Offices over HTTP."""

from typing import Any

from flask import Response, jsonify, request

from services.intake.models import Office
from services.intake.schemas import OfficeList, OfficeSchema, PeriodQuery, load_totals
from services.intake.service import offices
from shared.http import context
from shared.http.blueprint import Blueprint, strict_json
from shared.http.lists import ListQuery

_TOTALS = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}

blp = Blueprint("offices", __name__, description="Submitting offices")


@blp.get("/offices")
@blp.arguments(ListQuery, location="query")
@blp.response(200, OfficeList)
def list_offices(query: dict[str, Any]) -> dict[str, Any]:
    """All offices."""
    return offices.list_offices(context.actor(), context.uow(), **query)


@blp.post("/offices")
@blp.arguments(OfficeSchema)
@blp.response(201, OfficeSchema)
def post_office(body: dict[str, str]) -> Office:
    """Adds or renames an office."""
    return offices.post_office(context.actor(), context.uow(), body)


@blp.get("/offices/<code>/totals")
@blp.arguments(PeriodQuery, location="query")
@blp.response(200, _TOTALS)
def get_totals(query: dict[str, Any], code: str) -> Response:
    """{programme: number of seizures made in that period}."""
    found = offices.get_totals(context.actor(), context.uow(), code, query["from_"], query["to"])
    return jsonify(found)


@blp.put("/offices/<code>/totals")
@blp.doc(requestBody={"required": True, "content": {"application/json": {"schema": _TOTALS}}})
@blp.arguments(PeriodQuery, location="query")
@blp.response(200, _TOTALS)
def put_totals(query: dict[str, Any], code: str) -> Response:
    """Stores {programme: number of seizures made in that period}."""
    totals = load_totals(strict_json(request.get_data()))
    stored = offices.put_totals(
        context.actor(), context.uow(), code, query["from_"], query["to"], totals, now=context.now()
    )
    return jsonify(stored)
