"""Results, reviews and reports over HTTP."""

from typing import Any

from flask import Response

from services.classifier.schemas import (
    AmendmentSchema,
    ResultList,
    ResultQuery,
    ResultSchema,
    ReviewSchema,
    WholeResultSchema,
)
from services.classifier.schemas_models import ExplanationSchema, FiguresQuery
from services.classifier.service import explanations, results
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("results", __name__, description="Opinions, their review and their reports")


@blp.get("/results")
@blp.arguments(ResultQuery, location="query")
@blp.response(200, ResultList)
def list_results(query: dict[str, Any]) -> dict[str, Any]:
    """The results that you may see."""
    return results.list_results(context.actor(), context.uow(), query)


@blp.get("/results/<result_id>")
@blp.response(200, WholeResultSchema)
def get_result(result_id: str) -> dict[str, Any]:
    """One result."""
    return results.get_result(context.actor(), context.uow(), result_id)


@blp.get("/results/<result_id>/explanation")
@blp.arguments(FiguresQuery, location="query")
@blp.response(200, ExplanationSchema)
def get_explanation(query: dict[str, Any], result_id: str) -> dict[str, Any]:
    """Why the result says what it says: ranges of the classes, score plot, nearest authentics, what would change the answer."""
    return explanations.get_explanation(
        context.actor(), context.uow(), context.runtime().settings, result_id, figures=query["figures"]
    )


@blp.get("/results/<result_id>/report.pdf")
@blp.response(200, content_type="application/pdf")
def get_report(result_id: str) -> Response:
    """The report as it was made at release."""
    pdf = results.get_report(context.actor(), context.uow(), result_id)
    name = f'attachment; filename="report-{result_id}.pdf"'
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": name})


@blp.post("/results/<result_id>/review")
@blp.arguments(ReviewSchema)
@blp.response(200, ResultSchema)
def review(body: dict[str, Any], result_id: str) -> dict[str, Any]:
    """Releases or rejects; signed by a reviewer who took no part."""
    return results.review_result(
        context.actor(), context.uow(), context.runtime().settings, result_id, body, now=context.now()
    )


@blp.post("/results/<result_id>/amendments")
@blp.arguments(AmendmentSchema)
@blp.response(201, ResultSchema)
def amend(body: dict[str, Any], result_id: str) -> dict[str, Any]:
    """Supersedes a released result by a new, proposed one."""
    return results.amend_result(context.actor(), context.uow(), result_id, body, now=context.now())
