"""The worker's side of a classification job: one result an item, whatever happens to the worker in between."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert

from services.classifier import repository, repository_lifecycle, repository_runs
from services.classifier.custody import Facts, known
from services.classifier.domain.bundle import model_from_bundle
from services.classifier.domain.evaluate import classify as evaluate
from services.classifier.domain.model import Model
from services.classifier.domain.qc import check_qc
from services.classifier.models import Job, Result
from services.classifier.service.judged_profiles import judged_profile
from services.classifier.service.measurements import tell_ledger
from services.classifier.service.results import new_result
from services.classifier.service.shadow import judge_in_shadow
from services.classifier.service.whole import require_whole_measurement
from shared.actor import Actor, Role
from shared.crypto.keys import load_public_key
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError
from shared.runtime import Runtime


def classify(runtime: Runtime, job_id: str) -> None:
    """Classifies what the job has not classified yet; a run that repeats another adds nothing twice."""
    with runtime.unit_of_work() as uow:
        job = repository.job(uow.session, job_id, lock=True)
        if job.state not in ("queued", "running"):
            return
        job.state = "running"
        uow.commit()
        item_ids, requested_by, row = (
            job.item_ids,
            job.requested_by,
            repository.model(uow.session, job.model_id or ""),
        )
        described = {"id": row.id, "version": str(row.version), "digest": row.digest}
        bundle = row.bundle or b""
        acts = repository_lifecycle.acts_of(uow.session, row.id)
        act_digest = acts[-1].digest if acts else None
    try:
        model = model_from_bundle(bundle, load_public_key(runtime.settings.keys_dir / "models.pub"))
        facts = known(runtime.extras["custody"], item_ids)
    except (DomainError, ValueError) as error:
        _end(runtime, job_id, "failed", str(error))
        return
    for place, item_id in enumerate(item_ids, 1):
        with runtime.unit_of_work() as uow:
            job = repository.job(uow.session, job_id, lock=True)
            if job.cancel_requested:
                job.state, job.ended_at = "cancelled", runtime.clock()
                uow.commit()
                return
            try:
                _require_whole(uow, model.programme.id, facts[item_id])
            except DomainError as error:
                uow.rollback()
                _end(runtime, job_id, "failed", error.detail)
                return
            _classify_one(runtime, uow, job, model, described, facts[item_id], requested_by, act_digest)
            job.progress = place / len(item_ids)
            uow.commit()
    _end(runtime, job_id, "done", None)


def _require_whole(uow: UnitOfWork, programme: str, item: Facts) -> None:
    """Raises Conflict `damaged` where a measurement that would be concluded from is not what was measured."""
    for row in repository.measurements_of_items(uow.session, programme, [item.id]):
        require_whole_measurement(row)


def _classify_one(
    runtime: Runtime,
    uow: UnitOfWork,
    job: Job,
    model: Model,
    described: dict[str, Any],
    item: Facts,
    login: str,
    act_digest: str | None,
) -> None:
    now = runtime.clock()
    profile = judged_profile(uow.session, model.programme, item.id)
    values = {value["analyte"]: value["value"] for value in profile["values"] if value["value"] is not None}
    censored = frozenset(value["analyte"] for value in profile["values"] if value["censored"])
    qc = check_qc(model.programme, profile["qc"], profile["qc_details"])
    found = evaluate(model, values, censored, qc, frozenset({item.id, item.root_id}))
    measured_by = repository.measurers(uow.session, model.programme.id, item.id)
    measured_by |= repository_runs.integrators(uow.session, model.programme.id, item.id)
    content: dict[str, Any] = {
        "item_id": item.id,
        "exhibit_id": item.exhibit_id,
        "item_number": item.number,
        "office": item.office,
        "programme": model.programme.id,
        "programme_version": model.programme.version,
        "determinations": [each.as_data() for each in found],
        "model": described,
        "inputs": profile["inputs"],
        "profile": profile,
    }
    row = new_result(content, job_id=job.id, performers=sorted({login, *measured_by}), now=now)
    columns = {
        column.name: getattr(row, column.name) for column in Result.__table__.columns if column.name != "seq"
    }
    statement = insert(Result).values(**columns).on_conflict_do_nothing(index_elements=["job_id", "item_id"])
    if uow.session.execute(statement.returning(Result.id)).scalar() is None:
        return
    judge_in_shadow(runtime, uow, row)
    payload = {
        "result_id": row.id,
        "result_sha256": row.digest,
        "model_sha256": described["digest"],
        # The last act upon the model, and through it all acts upon the programme's models, are bound to the log.
        **({"model_act_sha256": act_digest} if act_digest else {}),
        "job_id": job.id,
    }
    author = Actor(login, login, Role.TECHNICIAN)
    tell_ledger(uow, item.id, "result_proposed", author, now, f"{model.programme.id} classification", payload)


def _end(runtime: Runtime, job_id: str, state: str, error: str | None) -> None:
    with runtime.unit_of_work() as uow:
        job = repository.job(uow.session, job_id, lock=True)
        job.state, job.error, job.ended_at = state, error, runtime.clock()
        job.progress = 1.0 if state == "done" else job.progress
        uow.commit()
