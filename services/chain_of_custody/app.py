"""Makes the custody application: items, hand-overs, places, quantities, ledger, exports; spectra objects beside them."""

from flask import Flask

from services.chain_of_custody.routes import (
    handovers,
    holds,
    internal,
    items,
    ledger,
    locations,
    quantities,
)
from shared.config import Settings
from shared.http.app import create_service_app
from shared.http.blueprint import Blueprint
from shared.runtime import Runtime

NAME = "chain_of_custody"

#: Blueprints under /api/v1 and under /internal.
API: tuple[Blueprint, ...] = (
    items.blp,
    handovers.blp,
    quantities.blp,
    holds.blp,
    locations.blp,
    ledger.blp,
)
INTERNAL: tuple[Blueprint, ...] = (internal.blp,)


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """The application; `runtime` is given by tests that set the clock and by processes that share it with a relay."""
    return create_service_app(runtime or Runtime(NAME, settings), api=API, internal=INTERNAL)
