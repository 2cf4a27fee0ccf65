"""/api/v1/openapi.json: the documents of all services and the gateway's own paths as one."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.api import routing
from gateway.api.dispatch import Api
from gateway.api.openapi_own import COMPONENTS, PATHS
from gateway.api.own import answer_json, refuse_method
from gateway.api.request import Environ
from shared.actor import ANYONE, Actor
from shared.bus.messages import BusResponse
from shared.config import SERVICES
from shared.errors import Unavailable

_KEPT_SECONDS = 60.0
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_PROBLEM = {"$ref": "#/components/responses/Problem"}

Document = dict[str, Any]


class OpenApi:
    """Asks the services for their documents and keeps the whole for a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[float, Document] | None = None

    def __call__(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        """The document; 503 where a service does not give its part, since half a document would be a lie."""
        refusal = refuse_method(environ, "openapi.json", "GET", "HEAD")
        if refusal is not None:
            return refusal
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > _KEPT_SECONDS:
                self._kept = (time.monotonic(), merge({name: _ask(api, name) for name in SERVICES}))
            return answer_json(200, self._kept[1])


def merge(documents: Mapping[str, Document]) -> Document:
    """One document from {service: its document}.

    A service's components get its name in front, since two services may name different things alike. Only what the gateway really
    sends to a service is taken from its document. Every refusal is a problem document, whatever the service's framework says.
    """
    paths: Document = {path: dict(item) for path, item in PATHS.items()}
    components: Document = {kind: dict(parts) for kind, parts in COMPONENTS.items()}
    for service, document in documents.items():
        for path, item in document.get("paths", {}).items():
            if routing.service_for(path) == service:
                paths[path] = _renamed(item, service)
        for kind, parts in document.get("components", {}).items():
            if kind == "responses":
                continue
            named = {f"{service}.{name}": _renamed(part, service) for name, part in parts.items()}
            components.setdefault(kind, {}).update(named)
    for path, method, operation in _operations(paths):
        answers = {code: what for code, what in operation.get("responses", {}).items() if code[0] in "123"}
        operation["responses"] = {**answers, "default": _PROBLEM}
        if routing.is_open(method.upper(), path):
            operation["security"] = []
        elif method == "post":
            operation["parameters"] = [
                *operation.get("parameters", []),
                {"$ref": "#/components/parameters/IdempotencyKey"},
            ]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Siglab",
            "version": "v1",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": components,
    }


def _operations(paths: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in paths.items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _renamed(part: Any, service: str) -> Any:
    """A copy in which references lead to the renamed components."""
    if isinstance(part, dict):
        return {
            key: _reference(value, service)
            if key == "$ref" and isinstance(value, str)
            else _renamed(value, service)
            for key, value in part.items()
        }
    if isinstance(part, list):
        return [_renamed(inner, service) for inner in part]
    return part


def _reference(target: str, service: str) -> str:
    head, _, name = target.rpartition("/")
    return f"{head}/{service}.{name}" if head.startswith("#/components/") else target


def _ask(api: Api, name: str) -> Document:
    answer = api.send(ANYONE, name, "GET", "/openapi.json", deadline=10.0)
    if answer.status != 200:
        raise Unavailable(f"{name} does not give its part of the document now.", retry_after=1)
    return dict(json.loads(answer.body))
