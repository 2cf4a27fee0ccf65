"""Models: trained on request, proposed with their validation, put into use by somebody else."""

from datetime import datetime
from typing import Any

from services.classifier import repository
from services.classifier.models import Model
from services.classifier.service.jobs import new_job
from services.classifier.service.validation_figures import validation_figures
from services.classifier.service.validation_warnings import validation_warnings
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound
from shared.http.lists import paginate
from shared.identifiers import new_id

READERS = (*LABORATORY, Role.AUDITOR)


def train_model(actor: Actor, uow: UnitOfWork, programme_id: str, *, now: datetime) -> dict[str, str]:
    """Queues a training on the library as it will be when the job starts."""
    require(actor, Role.SCIENTIST)
    programme = repository.programme_row(uow.session, programme_id)
    repository.lock_models(uow.session, programme.id)
    version = repository.next_model_version(uow.session, programme.id)
    model_id = new_id()
    job = new_job("train", programme.id, [], model_id, actor.login, now)
    model = Model(
        id=model_id, programme=programme.id, programme_version=programme.version, version=version, state="training",
        job_id=job.id, trained_by=actor.login, trained_at=now,
    )  # fmt: skip
    uow.session.add_all([job, model])
    uow.session.flush()
    uow.defer("train", queue="train", lock=f"train:{programme.id}", job_id=job.id)
    return {"id": model.id, "job_id": job.id}


def list_models(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Models, the newest first."""
    require(actor, *READERS)
    statement = repository.models(programme=query.get("programme"), state=query.get("state"))
    return paginate(
        uow.session, statement, Model.seq, limit=query["limit"], cursor=query["cursor"], falling=True
    )


def get_model(actor: Actor, uow: UnitOfWork, model_id: str) -> Model:
    """One model."""
    require(actor, *READERS)
    return repository.model(uow.session, model_id)


def get_validation(actor: Actor, uow: UnitOfWork, model_id: str, *, figures: bool = False) -> dict[str, Any]:
    """How the model did in cross-validation, with warnings and, if asked, pictures; raises NotFound while it is in training."""
    require(actor, *READERS)
    model = repository.model(uow.session, model_id)
    if model.validation is None:
        raise NotFound(f"This model has no validation: it is {model.state}.")
    told = dict(model.validation)
    told["determinations"] = {
        name: {
            **own,
            "warnings": validation_warnings(own),
            **({"figures": validation_figures(own)} if figures else {}),
        }
        for name, own in model.validation.get("determinations", {}).items()
    }
    return told
