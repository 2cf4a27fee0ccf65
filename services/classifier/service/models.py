"""Models: trained on request, proposed with their validation, put into use by somebody else."""

from datetime import datetime
from typing import Any

from services.classifier import repository
from services.classifier.models import Model
from services.classifier.service.jobs import new_job
from shared.actor import LABORATORY, Actor, Role, require, signed
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, NotFound
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


def get_validation(actor: Actor, uow: UnitOfWork, model_id: str) -> dict[str, Any]:
    """How the model did in cross-validation; raises NotFound while it is still in training."""
    require(actor, *READERS)
    model = repository.model(uow.session, model_id)
    if model.validation is None:
        raise NotFound(f"This model has no validation: it is {model.state}.")
    return model.validation


def activate_model(actor: Actor, uow: UnitOfWork, model_id: str, *, now: datetime) -> Model:
    """Puts a proposed model into use in the place of the one before; whoever trained it may not."""
    require(actor, Role.SCIENTIST, Role.REVIEWER)
    signed(actor)
    model = repository.model(uow.session, model_id, lock=True)
    if model.trained_by == actor.login:
        raise Conflict("You trained this model yourself; somebody else has to activate it.", code="four_eyes")
    if model.state != "proposed":
        raise Conflict(f"Only a proposed model is activated; this one is {model.state}.", code="not_proposed")
    repository.lock_models(uow.session, model.programme)
    former = repository.active_model(uow.session, model.programme)
    if former is not None:
        former.state = "retired"
        uow.session.flush()
    model.state, model.activated_by, model.activated_at = "active", actor.login, now
    uow.session.flush()
    return model
