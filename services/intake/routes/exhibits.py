"""Exhibits, their labels and their discrepancies over HTTP."""

from typing import Any

from flask import Response

from services.intake.models import Discrepancy
from services.intake.schemas_receipts import (
    DiscrepancyList,
    DiscrepancyQuery,
    DiscrepancySchema,
    ExhibitList,
    ExhibitQuery,
    OneExhibitSchema,
    ReportSchema,
    ResolveSchema,
)
from services.intake.service import discrepancies, exhibits, labels
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("exhibits", __name__, description="What was received, and what did not fit")


@blp.get("/exhibits")
@blp.arguments(ExhibitQuery, location="query")
@blp.response(200, ExhibitList)
def list_exhibits(query: dict[str, Any]) -> dict[str, Any]:
    """Exhibits, the newest first."""
    return exhibits.list_exhibits(context.actor(), context.uow(), query)


@blp.get("/exhibits/<exhibit_id>")
@blp.response(200, OneExhibitSchema)
def get_exhibit(exhibit_id: str) -> dict[str, Any]:
    """One exhibit."""
    return exhibits.get_exhibit(context.actor(), context.uow(), exhibit_id)


@blp.get("/exhibits/<exhibit_id>/label.pdf")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_label_pdf(exhibit_id: str) -> Response:
    """The label at true millimetres."""
    return Response(
        labels.get_label_pdf(context.actor(), context.uow(), exhibit_id), mimetype="application/pdf"
    )


@blp.get("/exhibits/<exhibit_id>/label.zpl")
@blp.response(200, {"type": "string"}, content_type="text/plain")
def get_label_zpl(exhibit_id: str) -> Response:
    """The label for a 203 dpi printer."""
    return Response(labels.get_label_zpl(context.actor(), context.uow(), exhibit_id), mimetype="text/plain")


@blp.post("/exhibits/<exhibit_id>/discrepancies")
@blp.arguments(ReportSchema)
@blp.response(201, DiscrepancySchema)
def report_discrepancy(body: dict[str, Any], exhibit_id: str) -> Discrepancy:
    """Tells what does not fit on an exhibit, after its receipt; work on it and its aliquots waits."""
    return discrepancies.report_discrepancy(
        context.actor(), context.uow(), exhibit_id, body, now=context.now()
    )


@blp.get("/discrepancies")
@blp.arguments(DiscrepancyQuery, location="query")
@blp.response(200, DiscrepancyList)
def list_discrepancies(query: dict[str, Any]) -> dict[str, Any]:
    """Discrepancies, the newest first."""
    return discrepancies.list_discrepancies(context.actor(), context.uow(), query)


@blp.post("/discrepancies/<discrepancy_id>/resolve")
@blp.arguments(ResolveSchema)
@blp.response(200, DiscrepancySchema)
def resolve_discrepancy(body: dict[str, Any], discrepancy_id: str) -> Discrepancy:
    """Resolves a discrepancy; signed by a reviewer."""
    return discrepancies.resolve_discrepancy(
        context.actor(), context.uow(), discrepancy_id, body, now=context.now()
    )
