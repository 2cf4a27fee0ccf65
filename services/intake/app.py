"""Makes intake's application: offices, calendars, submissions, arrivals, receipts, exhibits, discrepancies, labels."""

from flask import Flask

from services.intake.programmes import ProgrammesOverBus
from services.intake.routes import arrivals, calendars, exhibits, internal, offices, submissions
from shared.config import Settings
from shared.http.app import create_service_app
from shared.http.blueprint import Blueprint
from shared.runtime import Runtime

NAME = "intake"

API: tuple[Blueprint, ...] = (offices.blp, calendars.blp, submissions.blp, arrivals.blp, exhibits.blp)
INTERNAL: tuple[Blueprint, ...] = (internal.blp,)


def make_runtime(settings: Settings) -> Runtime:
    """A runtime with the classifier at the other end of the bus."""
    runtime = Runtime(NAME, settings)
    runtime.extras["programmes"] = ProgrammesOverBus(runtime)
    return runtime


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """The application; tests hand in a runtime with programmes of their own."""
    return create_service_app(runtime or make_runtime(settings), api=API, internal=INTERNAL)
