"""Uploads through custody's own API, and the jobs that follow them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.actor import Actor
from shared.http.schemas import format_time
from shared.runtime import Runtime
from tests.calls import TECHNICIAN, call

INTERNAL = "/internal"


def told(item_id: str, content: bytes, **over: Any) -> dict[str, Any]:
    """What is told when an upload of this content begins; a fact that is None is left out."""
    facts = {
        "size": len(content),
        "filename": "run.cdf",
        "item_id": item_id,
        "technique": "GC-MS",
        "instrument": "gcms1",
        "method": "HSP-AN-1",
        "run_role": "sample",
        "acquired_at": format_time(datetime.now(UTC) - timedelta(hours=1)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return {name: value for name, value in {**facts, **over}.items() if value is not None}


def begin(
    client: FlaskClient, body: dict[str, Any], actor: Actor = TECHNICIAN, **headers: str
) -> TestResponse:
    """The request that begins an upload."""
    return call(client, "POST", "/uploads", body, actor=actor, prefix=INTERNAL, **headers)


def begun(client: FlaskClient, item_id: str, content: bytes, actor: Actor = TECHNICIAN, **over: Any) -> str:
    """The id of a new upload."""
    answer = begin(client, told(item_id, content, **over), actor)
    assert answer.status_code == 201, answer.data
    return str(answer.json["id"])


def send(
    client: FlaskClient, upload_id: str, offset: int, piece: bytes, actor: Actor = TECHNICIAN
) -> TestResponse:
    """The request that brings a piece."""
    path = f"/uploads/{upload_id}?offset={offset}"
    octets = {"Content_Type": "application/octet-stream"}
    return call(client, "PATCH", path, piece, actor=actor, prefix=INTERNAL, **octets)


def complete(client: FlaskClient, upload_id: str, actor: Actor = TECHNICIAN) -> TestResponse:
    """The request that makes a spectrum of an upload."""
    return call(client, "POST", f"/uploads/{upload_id}/completion", actor=actor, prefix=INTERNAL)


def where(client: FlaskClient, upload_id: str, actor: Actor = TECHNICIAN) -> TestResponse:
    """How far an upload is."""
    return call(client, "GET", f"/uploads/{upload_id}", actor=actor, prefix=INTERNAL)


def uploaded(
    client: FlaskClient, item_id: str, content: bytes, actor: Actor = TECHNICIAN, **over: Any
) -> str:
    """The id of a new spectrum that nobody has verified yet."""
    upload_id = begun(client, item_id, content, actor, **over)
    if content:
        assert send(client, upload_id, 0, content, actor).status_code == 200
    answer = complete(client, upload_id, actor)
    assert answer.status_code == 200, answer.data
    return str(answer.json["spectrum_id"])


def spectrum(client: FlaskClient, spectrum_id: str, actor: Actor = TECHNICIAN) -> dict[str, Any]:
    """A spectrum as it is answered."""
    answer = call(client, "GET", f"/spectra/{spectrum_id}", actor=actor)
    assert answer.status_code == 200, answer.data
    return dict(answer.json)


def queued(runtime: Runtime, task: str) -> list[dict[str, Any]]:
    """The arguments of the jobs of a task that wait."""
    query = text(
        "SELECT args FROM chain_of_custody.procrastinate_jobs WHERE task_name = :task AND status = 'todo' ORDER BY id"
    )
    with runtime.unit_of_work() as uow:
        return [dict(row.args) for row in uow.session.execute(query, {"task": task})]


def told_classifier(runtime: Runtime) -> list[dict[str, Any]]:
    """What the outbox holds for the classifier."""
    query = text("SELECT path, body FROM chain_of_custody.outbox WHERE target = 'classifier' ORDER BY seq")
    with runtime.unit_of_work() as uow:
        return [{"path": row.path, **row.body} for row in uow.session.execute(query)]


def events(client: FlaskClient, item_id: str) -> list[dict[str, Any]]:
    """An item's events."""
    answer = call(client, "GET", f"/items/{item_id}/events", actor=TECHNICIAN)
    return list(answer.json["items"])
