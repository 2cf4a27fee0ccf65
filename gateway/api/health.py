"""/api/v1/health: how every part is, open to anybody."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.api.dispatch import Api
from gateway.api.own import answer_json, refuse_method
from gateway.api.request import Environ
from shared.actor import ANYONE, Actor
from shared.bus.messages import BusResponse
from shared.config import SERVICES
from shared.errors import DomainError

_KEPT_SECONDS = 1.0
_DEADLINE_SECONDS = 1.5
_NO_STORE = {"kind": "unknown", "versioning": False, "object_lock": False}


class Health:
    """Asks every part how it is; the answer is kept for a second, so that many watchers cost one look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[float, dict[str, Any]] | None = None

    def __call__(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        """{status, services, database, store}; 200 whatever is down, so that what is said is read."""
        refusal = refuse_method(environ, "health", "GET", "HEAD")
        if refusal is not None:
            return refusal
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > _KEPT_SECONDS:
                found = look(api)
                self._kept = (time.monotonic(), found)
            return answer_json(200, self._kept[1])


def look(api: Api) -> dict[str, Any]:
    """Asks all services at once, and the database."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        told = dict(zip(SERVICES, pool.map(lambda name: _ask(api, name), SERVICES), strict=True))
    return summarise(told, database=_database_answers(api))


def summarise(told: dict[str, dict[str, Any] | None], *, database: bool) -> dict[str, Any]:
    """What the services told (None: no answer) as the one answer; "ok" only where nothing at all is down.

    A service is up where it answers and has its database; a further part that it names as down makes the whole degraded.
    """
    services = {
        name: "up" if answer and answer.get("database") == "up" else "down" for name, answer in told.items()
    }
    store = (told.get("chain_of_custody") or {}).get("store")
    parts = [state for answer in told.values() if answer for state in answer.values()]
    fine = database and "down" not in services.values() and "down" not in parts and isinstance(store, dict)
    return {
        "status": "ok" if fine else "degraded",
        "services": services,
        "database": "up" if database else "down",
        "store": store if isinstance(store, dict) else dict(_NO_STORE),
    }


def _ask(api: Api, name: str) -> dict[str, Any] | None:
    try:
        answer = api.send(ANYONE, name, "GET", "/health", deadline=_DEADLINE_SECONDS)
        return dict(json.loads(answer.body)) if answer.status == 200 else None
    except (DomainError, ValueError) as error:
        structlog.get_logger(__name__).warning("service_does_not_answer", service=name, error=str(error))
        return None


def _database_answers(api: Api) -> bool:
    try:
        with api.runtime.unit_of_work() as uow:
            return uow.session.execute(text("SELECT 1")).scalar() == 1
    except SQLAlchemyError as error:
        structlog.get_logger(__name__).warning("database_does_not_answer", error=str(error))
        return False
