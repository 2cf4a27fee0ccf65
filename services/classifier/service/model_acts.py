"""Acts upon models: who proposed, activated, retired or brought back which one, chained by digests, insert-only."""

from datetime import datetime
from typing import Any

from services.classifier import repository, repository_lifecycle
from services.classifier.models import Model
from services.classifier.models_lifecycle import ModelAct
from services.classifier.service.models import READERS
from shared.actor import Actor, Role, Signature, require, signed
from shared.crypto.canonical import canonical_digest
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Invalid
from shared.http.schemas import format_time
from shared.identifiers import new_id


def list_acts(actor: Actor, uow: UnitOfWork, model_id: str) -> dict[str, Any]:
    """The acts upon one model, the oldest first."""
    require(actor, *READERS)
    model = repository.model(uow.session, model_id)
    return {"items": list(repository_lifecycle.acts_of(uow.session, model.id)), "next": None}


def activate_model(
    actor: Actor, uow: UnitOfWork, model_id: str, *, now: datetime, reason: str | None = None
) -> Model:
    """Puts a proposed model into use in the place of the one before, or a retired one again; whoever trained it may not.

    A retired one needs a reason: its results of then stay, and those of the model between stay too.
    """
    require(actor, Role.SCIENTIST, Role.REVIEWER)
    signature = signed(actor)
    programme = repository.model(uow.session, model_id).programme
    repository.lock_models(uow.session, programme)
    model = repository.model(uow.session, model_id, lock=True)
    if model.trained_by == actor.login:
        raise Conflict("You trained this model yourself; somebody else has to activate it.", code="four_eyes")
    if model.state not in ("proposed", "retired"):
        raise Conflict(
            f"Only a proposed or a retired model is activated; this one is {model.state}.",
            code="not_proposed",
        )
    again = model.state == "retired"
    if model.digest is None:
        raise Conflict("This model was never trained to its end.", code="not_proposed")
    if again and reason is None:
        words = "Say why a retired model is put into use again."
        raise Invalid(words, errors=[FieldError(pointer="/reason", message=words)])
    former = repository.active_model(uow.session, model.programme)
    if former is not None:
        former.state = "retired"
        uow.session.flush()
        words = f"model {model.version} takes its place"
        keep_act(uow, former, "retired", now=now, signature=signature, reason=words, replaced=model.id)
    model.state, model.activated_by, model.activated_at = "active", actor.login, now
    keep_act(
        uow, model, "rolled_back" if again else "activated", now=now, signature=signature, reason=reason,
        replaced=former.id if former is not None else None,
    )  # fmt: skip
    return model


def retire_model(actor: Actor, uow: UnitOfWork, model_id: str, reason: str, *, now: datetime) -> Model:
    """Takes an active model out of use, or a proposed one out of the choice; nothing is classified until another is active."""
    require(actor, Role.SCIENTIST, Role.REVIEWER)
    signature = signed(actor)
    programme = repository.model(uow.session, model_id).programme
    repository.lock_models(uow.session, programme)
    model = repository.model(uow.session, model_id, lock=True)
    if model.state not in ("active", "proposed"):
        raise Conflict(
            f"Only an active or a proposed model is retired; this one is {model.state}.", code="not_in_use"
        )
    model.state = "retired"
    keep_act(uow, model, "retired", now=now, signature=signature, reason=reason)
    return model


def keep_act(
    uow: UnitOfWork,
    model: Model,
    act: str,
    *,
    now: datetime,
    signature: Signature | None,
    reason: str | None = None,
    replaced: str | None = None,
) -> ModelAct:
    """Adds an act to the programme's chain; the caller holds `lock_models`. A proposal is the trainer's, without signature."""
    content = {
        "id": new_id(),
        "model_id": model.id,
        "programme": model.programme,
        "act": act,
        "reason": reason,
        "replaced": replaced,
        "model_digest": model.digest or "",
        "acted_by": signature.login if signature else model.trained_by,
        "acted_by_name": signature.name if signature else model.trained_by,
        "method": signature.method if signature else None,
        "previous": repository_lifecycle.last_act_digest(uow.session, model.programme),
    }
    digest = canonical_digest({**content, "acted_at": format_time(now)})
    row = ModelAct(**content, digest=digest, acted_at=now)
    uow.session.add(row)
    uow.session.flush()
    return row
