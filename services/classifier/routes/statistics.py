"""Statistics over HTTP."""

from typing import Any

from flask import Response

from services.classifier.schemas_statistics import (
    DictionarySchema,
    OpinionsQuery,
    OriginsQuery,
    OriginsSchema,
)
from services.classifier.service import statistics
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("statistics", __name__, description="What released opinions add up to")
_PARQUET = "application/vnd.apache.parquet"


@blp.get("/statistics/origins")
@blp.arguments(OriginsQuery, location="query")
@blp.response(200, OriginsSchema)
def origins(query: dict[str, Any]) -> dict[str, Any]:
    """Shares of origins by year, quarter, month, office or country of the seizure."""
    return statistics.origins(context.actor(), context.runtime(), context.uow(), query)


@blp.get("/statistics/origins.csv")
@blp.arguments(OpinionsQuery, location="query")
@blp.response(200, content_type="text/csv")
def export_csv(query: dict[str, Any]) -> Response:
    """The rows behind the shares as CSV."""
    content = statistics.export_csv(context.actor(), context.runtime(), context.uow(), query)
    return _file(content, "text/csv; charset=utf-8", f"origins-{query['programme']}.csv")


@blp.get("/statistics/origins.parquet")
@blp.arguments(OpinionsQuery, location="query")
@blp.response(200, content_type=_PARQUET)
def export_parquet(query: dict[str, Any]) -> Response:
    """The rows behind the shares as Parquet."""
    content = statistics.export_parquet(context.actor(), context.runtime(), context.uow(), query)
    return _file(content, _PARQUET, f"origins-{query['programme']}.parquet")


@blp.get("/statistics/dictionary")
@blp.response(200, DictionarySchema)
def dictionary() -> dict[str, Any]:
    """What the columns of the exports hold."""
    return statistics.dictionary(context.actor())


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
