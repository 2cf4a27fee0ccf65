"""Classification jobs: asked for, watched, cancelled. The work itself is in `classify_items`."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.classifier import repository
from services.classifier.custody import Custody, known, require_workable
from services.classifier.models import Job
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Invalid
from shared.http.lists import paginate
from shared.http.schemas import format_time
from shared.identifiers import new_id
from shared.runtime import Runtime

READERS = (*LABORATORY, Role.AUDITOR)
ENDED = ("done", "failed", "cancelled")
STREAM_SECONDS = 600.0
_LOOK_SECONDS = 0.25
#: Most jobs of one exhibit are over before a person has looked up, so the first looks come faster.
_FIRST_LOOKS, _FIRST_LOOK_SECONDS = 40, 0.05


def start_job(
    actor: Actor, uow: UnitOfWork, custody: Custody, body: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Queues a classification; everything that can be refused is refused now and not later in the queue."""
    require(actor, Role.TECHNICIAN)
    item_ids: list[str] = body["item_ids"]
    twice = (
        [n for n, item_id in enumerate(item_ids) if item_id in item_ids[:n]]
        if len(set(item_ids)) < len(item_ids)
        else []
    )
    if twice:
        errors = [FieldError(pointer=f"/item_ids/{n}", message="This item stands twice.") for n in twice]
        raise Invalid("An item stands twice.", errors=errors)
    programme = repository.programme_row(uow.session, body["programme"])
    if "model" in body:
        model = repository.model(uow.session, body["model"])
        if model.programme != programme.id or model.state not in ("active", "retired"):
            raise Conflict(f"This model is not an activated one of {programme.id}.", code="no_model")
    else:
        active = repository.active_model(uow.session, programme.id)
        if active is None:
            raise Conflict(
                f"No model of {programme.id} is active; a scientist has to train and activate one.",
                code="no_model",
            )
        model = active
    facts = known(custody, item_ids)
    for item_id in item_ids:
        require_workable(facts[item_id])
    repository.remember_facts(uow.session, facts.values())
    job = new_job("classify", programme.id, item_ids, model.id, actor.login, now)
    uow.session.add(job)
    uow.session.flush()
    uow.defer("classify", queue="classify", lock=job.id, job_id=job.id)
    return describe(uow, job)


def new_job(kind: str, programme: str, item_ids: list[str], model_id: str, login: str, now: datetime) -> Job:
    """A queued job."""
    return Job(
        id=new_id(), kind=kind, programme=programme, item_ids=item_ids, model_id=model_id, state="queued", progress=0.0,
        error=None, cancel_requested=False, requested_by=login, requested_at=now, ended_at=None,
    )  # fmt: skip


def get_job(actor: Actor, uow: UnitOfWork, job_id: str) -> dict[str, Any]:
    """A job as it stands."""
    require(actor, *READERS)
    return describe(uow, repository.job(uow.session, job_id))


def list_jobs(actor: Actor, uow: UnitOfWork, *, limit: int, cursor: int | None) -> dict[str, Any]:
    """Jobs, the newest first."""
    require(actor, *READERS)
    return paginate(
        uow.session,
        select(Job),
        Job.seq,
        limit=limit,
        cursor=cursor,
        falling=True,
        dump=lambda job: describe(uow, job),
    )


def cancel_job(actor: Actor, uow: UnitOfWork, job_id: str, *, now: datetime) -> dict[str, Any]:
    """Asks a job to end: a queued one ends at once, a running one after the item or step in hand; results made stay."""
    require(actor, Role.TECHNICIAN, Role.SCIENTIST)
    job = repository.job(uow.session, job_id, lock=True)
    if job.state in ENDED:
        raise Conflict(f"The job has ended already: {job.state}.", code="ended")
    job.cancel_requested = True
    if job.state == "queued":
        job.state, job.ended_at = "cancelled", now
    uow.session.flush()
    return describe(uow, job)


def watch_job(actor: Actor, runtime: Runtime, job_id: str) -> Iterator[bytes]:
    """The job's changes as server-sent events, until it has ended; the first event comes at once."""
    require(actor, *READERS)
    with runtime.unit_of_work() as uow:
        repository.job(uow.session, job_id)
    return _events(runtime, job_id)


def _events(runtime: Runtime, job_id: str) -> Iterator[bytes]:
    end, said, quiet, looks = time.monotonic() + STREAM_SECONDS, "", 0.0, 0
    while time.monotonic() < end:
        with runtime.unit_of_work() as uow:
            job = describe(uow, repository.job(uow.session, job_id))
        told = {**job, "requested_at": format_time(job["requested_at"]), "ended_at": None}
        if job["ended_at"] is not None:
            told["ended_at"] = format_time(job["ended_at"])
        text = json.dumps(told)
        if text != said:
            said, quiet = text, 0.0
            yield f"event: job\ndata: {text}\n\n".encode()
        elif quiet > 10:
            quiet = 0.0
            yield b": still here\n\n"
        if job["state"] in ENDED:
            return
        pause = _FIRST_LOOK_SECONDS if looks < _FIRST_LOOKS else _LOOK_SECONDS
        time.sleep(pause)
        quiet, looks = quiet + pause, looks + 1


def describe(uow: UnitOfWork, job: Job) -> dict[str, Any]:
    """A job as it is answered."""
    results = repository.job_results(uow.session, job.id) if job.kind == "classify" else []
    return {**{name: getattr(job, name) for name in _ANSWERED}, "results": results}


_ANSWERED = (
    "id", "kind", "programme", "item_ids", "model_id", "state", "progress", "error", "requested_by", "requested_at", "ended_at",
)  # fmt: skip
