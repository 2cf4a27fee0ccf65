"""What was found in single runs, over HTTP: integrations by hand, control charts."""

from typing import Any

from services.classifier.schemas_runs import (
    ChartList,
    ChartQuery,
    IntegrationList,
    IntegrationQuery,
    IntegrationSchema,
    NewIntegrationSchema,
)
from services.classifier.service import control_charts, integrations
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("runs", __name__, description="Peaks of single runs, their integration, and control charts")


@blp.get("/spectra/<spectrum_id>/integrations")
@blp.arguments(IntegrationQuery, location="query")
@blp.response(200, IntegrationList)
def list_integrations(query: dict[str, Any], spectrum_id: str) -> dict[str, Any]:
    """Every version of what was found in a run."""
    filters = {"programme": query.pop("programme", None)}
    return integrations.list_integrations(context.actor(), context.uow(), spectrum_id, **filters, **query)


@blp.post("/spectra/<spectrum_id>/integrations")
@blp.arguments(NewIntegrationSchema)
@blp.response(201, IntegrationSchema)
def integrate_again(body: dict[str, Any], spectrum_id: str) -> dict[str, Any]:
    """Integrates peaks again, with a reason; the profile takes the new version, the old ones stay."""
    custody = context.runtime().extras["custody"]
    recorded = integrations.integrate_again(
        context.actor(), context.uow(), custody, spectrum_id, body, now=context.now()
    )
    return integrations.describe(recorded)


@blp.get("/programmes/<programme_id>/control-charts")
@blp.arguments(ChartQuery, location="query")
@blp.response(200, ChartList)
def list_charts(query: dict[str, Any], programme_id: str) -> dict[str, Any]:
    """Control charts of every instrument, method and analyte: points, limits, and broken rules."""
    filters = {name: query.get(name) for name in ("instrument", "method", "analyte")}
    return control_charts.list_charts(context.actor(), context.uow(), programme_id, **filters)
