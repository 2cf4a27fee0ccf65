"""Reclassification of a programme's whole archive: asked for, and what came of it. The work itself is in `reclassify`."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.classifier import repository, repository_archive
from services.classifier.models import Job
from services.classifier.models_archive import ArchiveConclusion
from services.classifier.service.jobs import new_job
from services.classifier.service.profile_rows import make_missing_rows
from services.classifier.service.programmes import programme_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, NotFound
from shared.http.lists import paginate
from shared.runtime import Runtime

READERS = (*LABORATORY, Role.AUDITOR)
KIND = "reclassify"


def start(
    actor: Actor, runtime: Runtime, uow: UnitOfWork, body: dict[str, Any], *, now: datetime
) -> dict[str, str]:
    """Queues the work on every profile that there is now; a proposed model is tried so before it is activated."""
    require(actor, Role.SCIENTIST)
    programme = repository.programme_row(uow.session, body["programme"])
    if "model" in body:
        model = repository.model(uow.session, body["model"])
        if model.programme != programme.id or model.state not in ("proposed", "active", "retired"):
            raise Conflict(f"This is no trained model of {programme.id}.", code="no_model")
    else:
        active = repository.active_model(uow.session, programme.id)
        if active is None:
            raise Conflict(f"No model of {programme.id} is active; name one.", code="no_model")
        model = active
    while True:
        with runtime.unit_of_work() as rows:
            more = make_missing_rows(rows.session, programme.id)
            rows.commit()
        if not more:
            break
    job = new_job(KIND, programme.id, [], model.id, actor.login, now)
    uow.session.add(job)
    uow.session.flush()
    uow.defer(KIND, queue="archive", lock=f"archive:{programme.id}", job_id=job.id)
    return {"job_id": job.id}


def summary(actor: Actor, uow: UnitOfWork, job_id: str) -> dict[str, Any]:
    """How far it is, and how often each conclusion became which other one, by determination."""
    require(actor, *READERS)
    job = _job(uow, job_id)
    found = repository_archive.counts(uow.session, job_id)
    model = repository.model(uow.session, job.model_id or "")
    programme = programme_of(repository.programme_row(uow.session, job.programme, model.programme_version))
    changes = {
        each.name: [
            {"former": row.former, "now": row.now, "n": row.n}
            for row in repository_archive.changes(uow.session, job_id, each.name)
        ]
        for each in programme.determinations
    }
    return {
        "job_id": job.id,
        "programme": job.programme,
        "model_id": job.model_id,
        "state": job.state,
        "progress": job.progress,
        "error": job.error,
        "profiles": found.profiles,
        "compared": found.compared,
        "differing": found.differing,
        "changes": changes,
    }


def differences(
    actor: Actor, uow: UnitOfWork, job_id: str, *, limit: int, cursor: int | None
) -> dict[str, Any]:
    """The items whose conclusion differs from the result that stood."""
    require(actor, *READERS)
    _job(uow, job_id)
    page = paginate(
        uow.session,
        repository_archive.differences(job_id),
        ArchiveConclusion.row_seq,
        limit=limit,
        cursor=cursor,
    )
    return {**page, "items": _described(uow, page["items"])}


def differences_csv(actor: Actor, uow: UnitOfWork, job_id: str) -> bytes:
    """The same as CSV (UTF-8, comma), one line for each determination that differs."""
    require(actor, *READERS)
    _job(uow, job_id)
    rows = uow.session.scalars(
        repository_archive.differences(job_id).order_by(ArchiveConclusion.row_seq)
    ).all()
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["item_id", "number", "office", "result_id", "determination", "former", "now"])
    for row in _described(uow, rows):
        for name, now in row["conclusions"].items():
            former = row["former"].get(name)
            if former != now:
                writer.writerow(
                    [row["item_id"], row["number"], row["office"], row["result_id"], name, former, now]
                )
    return out.getvalue().encode()


def _job(uow: UnitOfWork, job_id: str) -> Job:
    job = repository.job(uow.session, job_id)
    if job.kind != KIND:
        raise NotFound("There is no such reclassification.")
    return job


def _described(uow: UnitOfWork, rows: Iterable[ArchiveConclusion]) -> list[dict[str, Any]]:
    rows = list(rows)
    facts = repository.item_facts(uow.session, [row.item_id for row in rows])
    return [
        {
            "item_id": row.item_id,
            "number": facts[row.item_id].number if row.item_id in facts else None,
            "office": facts[row.item_id].office if row.item_id in facts else None,
            "result_id": row.result_id,
            "former": row.former,
            "conclusions": row.conclusions,
        }
        for row in rows
    ]
