"""The worker's side of a training: a frozen snapshot of the library in, a signed bundle and its validation out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.classifier import repository
from services.classifier.domain.authentic import Authentic
from services.classifier.domain.bundle import bundle_digest, model_to_bundle
from services.classifier.domain.model import Model as TrainedModel
from services.classifier.domain.programme import Programme
from services.classifier.models import LibraryAct
from services.classifier.service.model_acts import keep_act
from services.classifier.service.profiles import build_profile
from services.classifier.service.programmes import programme_of
from shared.crypto.keys import load_private_key
from shared.runtime import Runtime

SEED = 20261124


class _Cancelled(Exception):
    """Somebody asked the training to end."""


def train(runtime: Runtime, job_id: str) -> None:
    """Trains the job's model; repeated, it gives the same bits from the same library."""
    from services.classifier.domain.training.train import NotTrainable
    from services.classifier.domain.training.train import train as fit

    with runtime.unit_of_work() as uow:
        job = repository.job(uow.session, job_id, lock=True)
        model_id = job.model_id or ""
        if job.state == "cancelled" or job.cancel_requested:
            _end_cancelled(uow.session, job_id, model_id, runtime.clock())
            uow.commit()
            return
        if job.state not in ("queued", "running"):
            return
        job.state = "running"
        row = repository.model(uow.session, model_id)
        programme = programme_of(repository.programme_row(uow.session, row.programme, row.programme_version))
        entries = uow.session.scalars(repository.library(programme.id).order_by(LibraryAct.seq)).all()
        authentics = [_authentic(uow.session, programme, entry) for entry in entries]
        provenance = (
            "SYNTHETIC" if any(entry.provenance == "SYNTHETIC" for entry in entries) else "laboratory"
        )
        uow.commit()

    def progress(share: float) -> None:
        with runtime.unit_of_work() as uow:
            job = repository.job(uow.session, job_id, lock=True)
            if job.cancel_requested:
                raise _Cancelled
            job.progress = min(0.99, share)
            uow.commit()

    try:
        model = fit(programme, authentics, seed=SEED, progress=progress)
    except _Cancelled:
        with runtime.unit_of_work() as uow:
            _end_cancelled(uow.session, job_id, model_id, runtime.clock())
            uow.commit()
        return
    except NotTrainable as error:
        _fail(runtime, job_id, model_id, str(error))
        return
    bundle = model_to_bundle(model, load_private_key(runtime.settings.keys_dir / "models.key"))
    _propose(runtime, job_id, model_id, model, bundle, authentics, provenance)


def _end_cancelled(session: Session, job_id: str, model_id: str, now: datetime) -> None:
    row = repository.model(session, model_id, lock=True)
    row.state, row.error = "failed", "The training was cancelled."
    job = repository.job(session, job_id, lock=True)
    job.state, job.ended_at = "cancelled", job.ended_at or now


def _authentic(session: Session, programme: Programme, entry: LibraryAct) -> Authentic:
    profile = build_profile(session, programme, entry.item_id)
    return Authentic(
        id=entry.item_id,
        labels=entry.labels or {},
        group=entry.group_id,
        values={
            value["analyte"]: value["value"] for value in profile["values"] if value["value"] is not None
        },
        censored=frozenset(value["analyte"] for value in profile["values"] if value["censored"]),
    )


def _propose(
    runtime: Runtime,
    job_id: str,
    model_id: str,
    model: TrainedModel,
    bundle: bytes,
    authentics: Sequence[Authentic],
    provenance: str,
) -> None:
    now = runtime.clock()
    with runtime.unit_of_work() as uow:
        repository.lock_models(uow.session, model.programme.id)
        row = repository.model(uow.session, model_id, lock=True)
        row.bundle, row.digest, row.validation = bundle, bundle_digest(bundle), dict(model.validation)
        row.snapshot = {
            "sha256": model.snapshot,
            "authentics": len(authentics),
            "groups": len({a.group for a in authentics}),
        }
        row.provenance, row.state = provenance, "proposed"
        keep_act(uow, row, "proposed", now=now, signature=None)
        job = repository.job(uow.session, job_id, lock=True)
        job.state, job.progress, job.ended_at = "done", 1.0, now
        uow.commit()


def _fail(runtime: Runtime, job_id: str, model_id: str, reason: str) -> None:
    with runtime.unit_of_work() as uow:
        row = repository.model(uow.session, model_id, lock=True)
        row.state, row.error = "failed", reason
        job = repository.job(uow.session, job_id, lock=True)
        job.state, job.error, job.ended_at = "failed", reason, runtime.clock()
        uow.commit()
