"""Makes the classifier's application: programmes, measurements, library, models, jobs, results, traces."""

from flask import Flask

from services.classifier.custody import CustodyOverBus
from services.classifier.intake import IntakeOverBus
from services.classifier.routes import (
    archive,
    internal,
    jobs,
    library,
    links,
    measurements,
    models,
    profiles,
    programmes,
    results,
    runs,
    statistics,
)
from shared.config import Settings
from shared.http.app import create_service_app
from shared.http.blueprint import Blueprint
from shared.runtime import Runtime

NAME = "classifier"

API: tuple[Blueprint, ...] = (
    programmes.blp,
    measurements.blp,
    profiles.blp,
    runs.blp,
    library.blp,
    models.blp,
    jobs.blp,
    results.blp,
    links.blp,
    statistics.blp,
    archive.blp,
)
INTERNAL: tuple[Blueprint, ...] = (internal.blp,)


def make_runtime(settings: Settings) -> Runtime:
    """A runtime with custody and intake at the other end of the bus."""
    runtime = Runtime(NAME, settings)
    runtime.extras["custody"] = CustodyOverBus(runtime)
    runtime.extras["intake"] = IntakeOverBus(runtime)
    return runtime


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """The application; tests hand in a runtime with a custody of their own."""
    return create_service_app(runtime or make_runtime(settings), api=API, internal=INTERNAL)
