"""Work on a programme's whole archive over HTTP."""

from typing import Any

from flask import Response

from services.classifier.schemas_archive import (
    DifferenceList,
    NewReclassificationSchema,
    QueuedSchema,
    ReclassificationSchema,
)
from services.classifier.service import archive_jobs
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint(
    "archive", __name__, description="What a model concludes of everything that was ever measured"
)


@blp.post("/archive/reclassifications")
@blp.arguments(NewReclassificationSchema)
@blp.response(202, QueuedSchema)
def start(body: dict[str, Any]) -> dict[str, str]:
    """Queues a reclassification; it changes no result."""
    return archive_jobs.start(context.actor(), context.runtime(), context.uow(), body, now=context.now())


@blp.get("/archive/reclassifications/<job_id>")
@blp.response(200, ReclassificationSchema)
def summary(job_id: str) -> dict[str, Any]:
    """How far it is, and what changed into what."""
    return archive_jobs.summary(context.actor(), context.uow(), job_id)


@blp.get("/archive/reclassifications/<job_id>/differences")
@blp.arguments(ListQuery, location="query")
@blp.response(200, DifferenceList)
def differences(query: dict[str, Any], job_id: str) -> dict[str, Any]:
    """The items whose conclusion differs from the result that stood."""
    return archive_jobs.differences(context.actor(), context.uow(), job_id, **query)


@blp.get("/archive/reclassifications/<job_id>/differences.csv")
@blp.response(200, content_type="text/csv")
def differences_csv(job_id: str) -> Response:
    """The same as CSV."""
    content = archive_jobs.differences_csv(context.actor(), context.uow(), job_id)
    name = f'attachment; filename="differences-{job_id}.csv"'
    return Response(content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})
