"""Makes a service's Flask application: routes, problems, transactions, OpenAPI, health, metrics."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, request
from flask_smorest import Api
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from shared.errors import Invalid, NotFound
from shared.http import context, problems, transaction
from shared.http.blueprint import Blueprint
from shared.observability.metrics import REQUEST_SECONDS, REQUESTS
from shared.runtime import Runtime

#: Larger bodies are refused with 413; files come in pieces of at most this size.
LARGEST_BODY = 8 * 1024 * 1024
#: Larger files are refused before a byte is taken.
LARGEST_UPLOAD = 4 * 1024 * 1024 * 1024
API_PREFIX = "/api/v1"
INTERNAL_PREFIX = "/internal"


def create_service_app(
    runtime: Runtime,
    api: Iterable[Blueprint],
    internal: Iterable[Blueprint] = (),
    *,
    checks: Mapping[str, Callable[[], object]] | None = None,
) -> Flask:
    """The application of one service. `api` is mounted under /api/v1, `internal` under /internal; `checks` are further
    parts that health looks at: each is called, and up unless it raises; an object that it returns is told instead of "up"."""
    app = Flask(runtime.name, static_folder=None, template_folder=None)
    app.extensions["siglab"] = runtime
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY + 65536,
        API_TITLE=f"Siglab {runtime.name}",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    documented = Api(app)
    for blueprint in api:
        documented.register_blueprint(blueprint, url_prefix=API_PREFIX)
    for blueprint in internal:
        app.register_blueprint(blueprint, url_prefix=INTERNAL_PREFIX)
    problems.install(app)
    _install_health(app, runtime, documented, checks or {})
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(transaction.close)
    for endpoint, view in list(app.view_functions.items()):
        app.view_functions[endpoint] = transaction.transactional(view)
    return app


def _begin() -> None:
    g.began = time.perf_counter()
    if "\x00" in request.path:
        raise NotFound("There is nothing at an address with the character NUL.")
    if "%00" in request.query_string.decode("latin-1"):
        raise Invalid("The query holds the character NUL.")
    structlog.contextvars.bind_contextvars(request_id=request.headers.get("X-Request-Id", ""))
    if request.path.startswith(INTERNAL_PREFIX + "/"):
        context.actor()


def _end(response: Response) -> Response:
    name = context.runtime().name
    REQUESTS.labels(name, request.method, response.status_code).inc()
    REQUEST_SECONDS.labels(name).observe(time.perf_counter() - g.get("began", time.perf_counter()))
    structlog.contextvars.unbind_contextvars("request_id")
    return response


def _install_health(
    app: Flask, runtime: Runtime, documented: Api, checks: Mapping[str, Callable[[], object]]
) -> None:
    @app.get("/health")
    def health() -> Any:
        """Looks at the database and the service's further parts; 200 with what is up, whatever that is."""
        found: dict[str, object] = {}
        for name, check in {"database": _database_check(runtime), **checks}.items():
            try:
                told = check()
                found[name] = told if isinstance(told, dict) else "up"
            except Exception as error:  # noqa: BLE001 - health reports whatever a part raises
                structlog.get_logger(__name__).warning("health_check_failed", part=name, error=str(error))
                found[name] = "down"
        return jsonify({"service": runtime.name, **found})

    @app.get("/openapi.json")
    def openapi() -> Any:
        return jsonify(documented.spec.to_dict())

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), mimetype=CONTENT_TYPE_LATEST)


def _database_check(runtime: Runtime) -> Callable[[], object]:
    def check() -> object:
        with runtime.unit_of_work() as unit:
            return unit.session.execute(text("SELECT 1")).scalar()

    return check
