"""Makes intake's application: offices, submissions, receipts, exhibits, discrepancies, labels."""

from flask import Flask

from services.intake.programmes import ProgrammesOverBus
from services.intake.routes import exhibits, offices, submissions
from shared.config import Settings
from shared.http.app import create_service_app
from shared.http.blueprint import Blueprint
from shared.runtime import Runtime

NAME = "intake"

API: tuple[Blueprint, ...] = (offices.blp, submissions.blp, exhibits.blp)


def make_runtime(settings: Settings) -> Runtime:
    """A runtime with the classifier at the other end of the bus."""
    runtime = Runtime(NAME, settings)
    runtime.extras["programmes"] = ProgrammesOverBus(runtime)
    return runtime


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """The application; tests hand in a runtime with programmes of their own."""
    return create_service_app(runtime or make_runtime(settings), api=API)
