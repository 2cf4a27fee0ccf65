"""/api/v1/health: how every part is, open to anybody."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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
        """{status, services, database, store, evidence, disk}; 200 whatever is down, so that what is said is read."""
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
    settings = api.runtime.settings
    disk = look_at_disk(settings.data_dir, settings.min_free_mb * 1_000_000)
    return summarise(told, database=_database_answers(api), disk=disk)


def look_at_disk(folder: Path, least: int) -> dict[str, Any] | None:
    """Room in the data folder, where database and store of one machine lie; None where this process has no such folder."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    free = found.f_bavail * found.f_frsize
    if free >= least:
        return {"state": "ok", "free_bytes": free, "detail": None}
    words = (
        f"Only {free // 1_000_000} MB are left where the data lies; give it more room before writing stops."
    )
    return {"state": "low", "free_bytes": free, "detail": words}


def summarise(
    told: dict[str, dict[str, Any] | None], *, database: bool, disk: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What the services told (None: no answer) as the one answer; "ok" only where nothing at all is down.

    A service is up where it answers and has its database; a further part that it names as down makes the whole degraded, and so
    do a store whose own state is not ok, evidence of which a self-check or a scrub found something wrong, and a disk that is
    nearly full.
    """
    services = {
        name: "up" if answer and answer.get("database") == "up" else "down" for name, answer in told.items()
    }
    custody = told.get("chain_of_custody") or {}
    store, evidence = custody.get("store"), custody.get("evidence")
    parts = [state for answer in told.values() if answer for state in answer.values()]
    fine = database and "down" not in services.values() and "down" not in parts and isinstance(store, dict)
    fine = fine and (store or {}).get("state", "ok") == "ok" and (disk is None or disk["state"] == "ok")
    fine = fine and (not isinstance(evidence, dict) or evidence["state"] == "ok")
    return {
        "status": "ok" if fine else "degraded",
        "services": services,
        "database": "up" if database else "down",
        "store": store if isinstance(store, dict) else dict(_NO_STORE),
        "evidence": evidence if isinstance(evidence, dict) else None,
        "disk": disk,
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
