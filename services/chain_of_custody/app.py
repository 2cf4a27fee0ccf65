"""Makes the custody application: items, hand-overs, places, quantities, ledger, exports; spectra objects beside them."""

from flask import Flask

from services.chain_of_custody.intake import IntakeOverBus
from services.chain_of_custody.routes import (
    acts,
    handovers,
    holdings,
    holds,
    internal,
    items,
    ledger,
    overdue,
    people,
    places,
    quantities,
    spectra,
    store,
    takeovers,
    uploads,
)
from services.chain_of_custody.service.evidence_state import evidence_check
from services.chain_of_custody.store_watch import watch_of
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
    places.blp,
    takeovers.blp,
    holdings.blp,
    people.blp,
    holds.blp,
    acts.blp,
    ledger.blp,
    overdue.blp,
    spectra.blp,
    store.blp,
)
INTERNAL: tuple[Blueprint, ...] = (internal.blp, uploads.blp, spectra.internal)


def make_runtime(settings: Settings) -> Runtime:
    """A runtime of custody, as its serving and its working process have it."""
    runtime = Runtime(NAME, settings)
    runtime.extras["intake"] = IntakeOverBus(runtime)
    return runtime


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """The application; `runtime` is given by tests that set the clock and by processes that share it with a relay."""
    runtime = runtime or make_runtime(settings)
    checks = {"store": watch_of(runtime).facts, "evidence": evidence_check(runtime)}
    return create_service_app(runtime, api=API, internal=INTERNAL, checks=checks)
