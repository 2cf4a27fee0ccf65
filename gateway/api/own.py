"""What the gateway answers itself: sessions, health, the OpenAPI document."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import text

from gateway.api.dispatch import Api, Environ, address_of, read_body
from shared.actor import ANYONE, Actor
from shared.bus.messages import BusResponse
from shared.config import SERVICES
from shared.errors import DomainError, Invalid, NotFound, Unauthenticated
from shared.http.blueprint import strict_json
from shared.http.problems import problem_document
from shared.http.schemas import format_time

_HEALTH_SECONDS = 1.0
_OPENAPI_SECONDS = 60.0
_METHODS = {"session": ("POST", "DELETE"), "health": ("GET", "HEAD"), "openapi.json": ("GET", "HEAD")}


def answer_json(status: int, content: Any) -> BusResponse:
    """A JSON answer."""
    return BusResponse(status, [("Content-Type", "application/json")], json.dumps(content).encode())


def _method_not_allowed(name: str) -> BusResponse:
    allowed = ", ".join(_METHODS[name])
    body, headers = problem_document(405, f"Here is only {allowed}.", "method_not_allowed", [])
    return BusResponse(405, [*headers, ("Allow", allowed)], body)


def _exact(environ: Environ, name: str) -> None:
    if environ["PATH_INFO"] != f"/api/v1/{name}":
        raise NotFound("There is nothing at this address.")


def session(api: Api, environ: Environ, actor: Actor) -> BusResponse:
    """POST signs in: {token, expires_at}; DELETE ends the session of the token."""
    _exact(environ, "session")
    if environ["REQUEST_METHOD"] == "DELETE":
        if actor is ANYONE or not actor.login:
            raise Unauthenticated("There is no session to end.")
        token = environ["HTTP_AUTHORIZATION"].split()[-1]
        api.accounts.sign_out(api.accounts.identify(token))
        return BusResponse(204, [], b"")
    if environ["REQUEST_METHOD"] != "POST":
        return _method_not_allowed("session")
    body = strict_json(read_body(environ, most=65536))
    errors = []
    fields = body if isinstance(body, dict) else {}
    for name in ("username", "password"):
        if not isinstance(fields.get(name), str):
            errors.append({"pointer": f"/{name}", "message": "Missing, or not a text."})
    errors += [
        {"pointer": f"/{name}", "message": "Unknown field."} for name in fields if name not in ("username", "password", "otp")
    ]
    if errors:
        raise Invalid("Send username and password.", errors=errors)  # type: ignore[arg-type]
    found = api.accounts.sign_in(
        fields["username"], fields["password"], address=address_of(environ), kind="session", request_id=actor.request_id
    )
    return answer_json(201, {"token": found.token, "expires_at": format_time(found.expires_at)})


class Health:
    """Asks every part how it is; the answer is kept for a second, so that many watchers cost one look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[float, dict[str, Any]] | None = None

    def __call__(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        """{status, services, database, store}."""
        _exact(environ, "health")
        if environ["REQUEST_METHOD"] not in _METHODS["health"]:
            return _method_not_allowed("health")
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > _HEALTH_SECONDS:
                self._kept = (time.monotonic(), self._look(api, actor))
            return answer_json(200, self._kept[1])

    def _look(self, api: Api, actor: Actor) -> dict[str, Any]:
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            told = dict(zip(SERVICES, pool.map(lambda name: self._ask(api, actor, name), SERVICES), strict=True))
        services = {name: "up" if answer and answer.get("database") == "up" else "down" for name, answer in told.items()}
        custody = told["chain_of_custody"] or {}
        store = custody.get("store") or {"kind": "unknown", "versioning": False, "object_lock": False}
        database = "up" if _database_answers(api) else "down"
        fine = database == "up" and all(state == "up" for state in services.values()) and custody.get("objects", "up") == "up"
        return {"status": "ok" if fine else "degraded", "services": services, "database": database, "store": store}

    @staticmethod
    def _ask(api: Api, actor: Actor, name: str) -> dict[str, Any] | None:
        try:
            answer = api.send(actor, name, "GET", "/health", deadline=2.0)
        except DomainError:
            return None
        return dict(json.loads(answer.body)) if answer.status == 200 else None


def _database_answers(api: Api) -> bool:
    try:
        with api.runtime.unit_of_work() as uow:
            return uow.session.execute(text("SELECT 1")).scalar() == 1
    except Exception:  # noqa: BLE001 - health reports whatever a part raises
        return False


class OpenApi:
    """The document of the whole API: the services' documents and the gateway's own paths in one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[float, dict[str, Any]] | None = None

    def __call__(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        """OpenAPI 3.1."""
        _exact(environ, "openapi.json")
        if environ["REQUEST_METHOD"] not in _METHODS["openapi.json"]:
            return _method_not_allowed("openapi.json")
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > _OPENAPI_SECONDS:
                self._kept = (time.monotonic(), self._merge(api, actor))
            return answer_json(200, self._kept[1])

    @staticmethod
    def _merge(api: Api, actor: Actor) -> dict[str, Any]:
        merged: dict[str, Any] = {
            "openapi": "3.1.0",
            "info": {"title": "Siglab", "version": "v1", "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "security": [{"token": []}],
            "paths": dict(_OWN_PATHS),
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        }
        for name in SERVICES:
            answer = api.send(actor, name, "GET", "/openapi.json", deadline=10.0)
            document = json.loads(answer.body)
            merged["paths"].update(document.get("paths", {}))
            for kind, parts in document.get("components", {}).items():
                merged["components"].setdefault(kind, {}).update(parts)
        return merged


def _path(summary: str, *codes: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {code: {"description": summary} for code in codes}}


_TEXT = {"type": "string"}
_OWN_PATHS: dict[str, Any] = {
    "/api/v1/session": {
        "post": {
            **_path("Sign in", "201", "401", "422", "429"),
            "security": [],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["username", "password"],
                            "additionalProperties": False,
                            "properties": {"username": _TEXT, "password": _TEXT, "otp": _TEXT},
                        }
                    }
                },
            },
        },
        "delete": _path("Sign out", "204", "401"),
    },
    "/api/v1/health": {"get": {**_path("How every part is", "200"), "security": []}},
    "/api/v1/uploads": {"post": _path("Begin a resumable upload (tus 1.0)", "201", "401", "403", "404", "413", "422")},
    "/api/v1/uploads/{upload_id}": {
        "parameters": [{"name": "upload_id", "in": "path", "required": True, "schema": _TEXT}],
        "head": _path("How far an upload is", "200", "404"),
        "patch": _path("Send the next bytes", "204", "404", "409", "415"),
    },
}
