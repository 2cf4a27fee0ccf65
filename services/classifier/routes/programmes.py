"""Programmes over HTTP."""

from typing import Any

from flask import request

from services.classifier.schemas import ProgrammeList, ProgrammeSchema
from services.classifier.service import programmes
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint(
    "programmes", __name__, description="Programmes: what is measured and which classes there are"
)


@blp.get("/programmes")
@blp.arguments(ListQuery, location="query")
@blp.response(200, ProgrammeList)
def list_programmes(query: dict[str, Any]) -> dict[str, Any]:
    """The newest version of each programme."""
    return programmes.list_programmes(context.actor(), context.uow(), **query)


@blp.get("/programmes/<programme_id>")
@blp.response(200, ProgrammeSchema)
def get_programme(programme_id: str) -> dict[str, Any]:
    """One programme in its newest version."""
    return programmes.get_programme(context.actor(), context.uow(), programme_id)


@blp.post("/programmes")
@blp.response(201, ProgrammeSchema)
def post_programme() -> dict[str, Any]:
    """Posts a programme or a new version of one, in YAML or JSON."""
    return programmes.post_programme(context.actor(), context.uow(), request.get_data())
