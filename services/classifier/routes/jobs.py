"""Jobs over HTTP, live progress as server-sent events."""

import threading
from collections.abc import Iterator
from typing import Any

from flask import Response

from services.classifier.schemas import JobList, JobSchema, NewJobSchema
from services.classifier.service import jobs
from shared.errors import Unavailable
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint("jobs", __name__, description="Work that takes longer than a request")

#: Streams hold a thread each; the others stay free for questions that end.
MOST_STREAMS = 4
_streams = threading.BoundedSemaphore(MOST_STREAMS)


@blp.get("/jobs")
@blp.arguments(ListQuery, location="query")
@blp.response(200, JobList)
def list_jobs(query: dict[str, Any]) -> dict[str, Any]:
    """Jobs, the newest first."""
    return jobs.list_jobs(context.actor(), context.uow(), **query)


@blp.post("/jobs")
@blp.arguments(NewJobSchema)
@blp.response(202, JobSchema)
def start(body: dict[str, Any]) -> dict[str, Any]:
    """Queues a classification."""
    custody = context.runtime().extras["custody"]
    return jobs.start_job(context.actor(), context.uow(), custody, body, now=context.now())


@blp.get("/jobs/<job_id>")
@blp.response(200, JobSchema)
def get_job(job_id: str) -> dict[str, Any]:
    """A job as it stands."""
    return jobs.get_job(context.actor(), context.uow(), job_id)


@blp.post("/jobs/<job_id>/cancel")
@blp.response(200, JobSchema)
def cancel(job_id: str) -> dict[str, Any]:
    """Asks a job to end."""
    return jobs.cancel_job(context.actor(), context.uow(), job_id, now=context.now())


@blp.get("/jobs/<job_id>/stream")
@blp.response(200, content_type="text/event-stream")
def stream(job_id: str) -> Response:
    """The job's changes as server-sent events, until it has ended."""
    events = jobs.watch_job(context.actor(), context.runtime(), job_id)
    if not _streams.acquire(blocking=False):
        raise Unavailable("Too many people watch jobs just now; ask for the job itself.", retry_after=3)
    return Response(_released(events), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


def _released(events: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from events
    finally:
        _streams.release()
