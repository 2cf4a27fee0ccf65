"""Models over HTTP."""

from typing import Any

from flask import Response

from services.classifier.models import Model
from services.classifier.schemas_library import (
    ActivateSchema,
    ModelList,
    ModelQuery,
    ModelSchema,
    ModelStartedSchema,
    NewModelSchema,
)
from services.classifier.schemas_models import (
    DriftSchema,
    FiguresQuery,
    ModelActList,
    RetireSchema,
    ShadowSchema,
)
from services.classifier.service import drift, model_acts, models, shadow, validation_report
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("models", __name__, description="Trained models and how they were validated")


@blp.get("/models")
@blp.arguments(ModelQuery, location="query")
@blp.response(200, ModelList)
def list_models(query: dict[str, Any]) -> dict[str, Any]:
    """Models, the newest first."""
    return models.list_models(context.actor(), context.uow(), query)


@blp.post("/models")
@blp.arguments(NewModelSchema)
@blp.response(202, ModelStartedSchema)
def train(body: dict[str, Any]) -> dict[str, str]:
    """Trains a model on the library of a programme."""
    return models.train_model(context.actor(), context.uow(), body["programme"], now=context.now())


@blp.get("/models/<model_id>")
@blp.response(200, ModelSchema)
def get_model(model_id: str) -> Model:
    """One model."""
    return models.get_model(context.actor(), context.uow(), model_id)


@blp.get("/models/<model_id>/validation")
@blp.arguments(FiguresQuery, location="query")
@blp.response(200)
def get_validation(query: dict[str, Any], model_id: str) -> dict[str, Any]:
    """How the model and its rivals did in cross-validation."""
    return models.get_validation(context.actor(), context.uow(), model_id, figures=query["figures"])


@blp.get("/models/<model_id>/validation.pdf")
@blp.response(200, content_type="application/pdf")
def get_validation_report(model_id: str) -> Response:
    """The same as a document."""
    pdf = validation_report.get_validation_report(
        context.actor(), context.uow(), context.runtime().settings, model_id
    )
    name = f'attachment; filename="validation-{model_id}.pdf"'
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": name})


@blp.post("/models/<model_id>/activate")
@blp.arguments(ActivateSchema)
@blp.response(200, ModelSchema)
def activate(body: dict[str, Any], model_id: str) -> Model:
    """Puts a proposed model into use, or (with a reason) a retired one again; signed by somebody who did not train it."""
    return model_acts.activate_model(
        context.actor(), context.uow(), model_id, now=context.now(), reason=body.get("reason")
    )


@blp.post("/models/<model_id>/retire")
@blp.arguments(RetireSchema)
@blp.response(200, ModelSchema)
def retire(body: dict[str, Any], model_id: str) -> Model:
    """Takes a model out of use, or a proposed one out of the choice; signed, with the reason."""
    return model_acts.retire_model(
        context.actor(), context.uow(), model_id, body["reason"], now=context.now()
    )


@blp.get("/models/<model_id>/acts")
@blp.response(200, ModelActList)
def list_acts(model_id: str) -> dict[str, Any]:
    """Who proposed, activated, retired or brought back the model, and when."""
    return model_acts.list_acts(context.actor(), context.uow(), model_id)


@blp.get("/models/<model_id>/shadow")
@blp.response(200, ShadowSchema)
def get_shadow(model_id: str) -> dict[str, Any]:
    """How often the model, while it was proposed, agreed with the one in use on the same items."""
    return shadow.get_shadow(context.actor(), context.uow(), model_id)


@blp.get("/models/<model_id>/drift")
@blp.arguments(FiguresQuery, location="query")
@blp.response(200, DriftSchema)
def get_drift(query: dict[str, Any], model_id: str) -> dict[str, Any]:
    """The model's conclusions by month beside its validation, and what reviewers made of them."""
    return drift.get_drift(context.actor(), context.uow(), model_id, figures=query["figures"])
