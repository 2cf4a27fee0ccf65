"""Makes the gateway: the API and the pages on one runtime, and the relay that tells custody of people."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from gateway.accounts.service import Accounts
from gateway.api.dispatch import Api
from gateway.api.health import Health
from gateway.api.metrics import metrics
from gateway.api.openapi import OpenApi
from gateway.api.session import session
from gateway.api.uploads import Uploads
from gateway.pages import create_pages
from shared.bulk import BulkFolder
from shared.config import Settings
from shared.db.outbox import OutboxRelay
from shared.runtime import Runtime

NAME = "gateway"


class Gateway:
    """The WSGI application of one process."""

    def __init__(self, runtime: Runtime, api: Api, pages: Flask) -> None:
        self.runtime = runtime
        self.api = api
        self.pages = pages

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """/api goes to the API, everything else to the pages; /metrics stands where collectors look for it."""
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return self.api({**environ, "PATH_INFO": "/api/v1/metrics"}, start_response)
        if path == "/api" or path.startswith("/api/"):
            return self.api(environ, start_response)
        return self.pages.wsgi_app(environ, start_response)


def make_gateway(settings: Settings, *, relay: bool = True) -> Gateway:
    """A gateway of this process's own; `relay` starts the thread that delivers the outbox (one process at a time does)."""
    runtime = Runtime(NAME, settings)
    api = make_api(runtime)
    if relay:
        OutboxRelay(runtime).start()
    return Gateway(runtime, api, create_pages(runtime, api))


def make_api(runtime: Runtime) -> Api:
    """The API with everything that the gateway answers itself."""
    api = Api(runtime, Accounts(runtime))
    bulk = BulkFolder(runtime.settings.bulk_dir) if runtime.settings.bulk_dir else None
    if bulk is not None:
        bulk.sweep()
    api.own.update(
        {
            "session": session,
            "health": Health(),
            "openapi.json": OpenApi(),
            "metrics": metrics,
            "uploads": Uploads(bulk),
        }
    )
    return api
