"""Models over HTTP."""

from typing import Any

from services.classifier.models import Model
from services.classifier.schemas_library import (
    ActivateSchema,
    ModelList,
    ModelQuery,
    ModelSchema,
    ModelStartedSchema,
    NewModelSchema,
)
from services.classifier.service import models
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
@blp.response(200)
def get_validation(model_id: str) -> dict[str, Any]:
    """How the model and its rivals did in cross-validation."""
    return models.get_validation(context.actor(), context.uow(), model_id)


@blp.post("/models/<model_id>/activate")
@blp.arguments(ActivateSchema)
@blp.response(200, ModelSchema)
def activate(body: dict[str, Any], model_id: str) -> Model:
    """Puts a proposed model into use; signed by somebody who did not train it."""
    return models.activate_model(context.actor(), context.uow(), model_id, now=context.now())
