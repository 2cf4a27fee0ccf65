"""Measuring and classifying: upload a run, start a job, watch it, review its result."""

import hashlib
import json
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from gateway.api.pieces import PIECE
from gateway.pages.forms import done, text
from gateway.pages.session import Said, api, ask, current_person, for_role, get, items
from shared.actor import Role
from shared.bus.messages import BusResponse
from shared.errors import DomainError
from shared.identifiers import new_id

blp = Blueprint("work", __name__)
#: How often a file is sent from its beginning before a person is asked to look at the store.
_ATTEMPTS = 3
_CUSTODY = "chain_of_custody"


@blp.post("/items/<item_id>/upload")
def upload(item_id: str) -> Response:
    """Takes one raw file from the form, in the same pieces as an instrument's upload."""
    file = request.files.get("file")
    facts = {
        name: text(name) or "" for name in ("technique", "instrument", "method", "run_role", "acquired_at")
    }
    said = (
        _refused("Choose a file first.") if file is None or not file.filename else _send(item_id, file, facts)
    )
    return done(said, "Uploaded; it is being verified.", f"/items/{item_id}")


@blp.post("/items/<item_id>/classify")
def classify(item_id: str) -> Response:
    """Starts a classification of the item."""
    said = ask("POST", "/jobs", {"programme": text("programme") or "", "item_ids": [item_id]})
    onward = f"/jobs/{said.json['id']}" if said.ok else f"/items/{item_id}"
    return done(said, "The classification is queued.", onward)


@blp.get("/jobs/<job_id>")
def job(job_id: str) -> str:
    """A job as it stands; the page refreshes itself until it has ended."""
    return render_template("pages/job.html", job=get(f"/jobs/{job_id}"))


@blp.get("/review")
def review() -> str:
    """What waits for a second examiner; one's own work is not offered."""
    person = for_role(Role.REVIEWER)
    rows = [row for row in items("/results", state="proposed") if person.actor.login not in row["performers"]]
    return render_template("pages/results.html", rows=rows, next_url=None, heading="To review")


@blp.post("/results/<result_id>/review")
def decide(result_id: str) -> Response:
    """Releases or rejects, signed."""
    body = {
        "decision": request.form.get("decision", ""),
        "comment": text("comment") or "",
        "password": request.form.get("password", ""),
    }
    said = ask("POST", f"/results/{result_id}/review", body)
    return done(said, "Decided and signed.", f"/results/{result_id}")


def _send(item_id: str, file: FileStorage, facts: dict[str, str]) -> Said:
    digest, size = hashlib.sha256(), 0
    while part := file.stream.read(PIECE):
        digest.update(part)
        size += len(part)
    file.stream.seek(0)
    told: dict[str, Any] = {
        **facts,
        "acquired_at": _utc(facts["acquired_at"]),
        "item_id": item_id,
        "size": size,
    }
    told |= {"filename": file.filename, "sha256": digest.hexdigest()}
    made = _internal("POST", "/internal/uploads", json.dumps(told).encode(), key=request.form.get("once"))
    if not made.ok:
        return made
    for _ in range(_ATTEMPTS):
        said = _send_rest(made.json["id"], int(made.json["offset"]), size, file)
        if not said.ok or said.json["state"] == "finished":
            return said
        # The store was interrupted and lost what it had taken: the upload is at its beginning again.
        made = said
    return _refused(
        "The store lost the file each time that it had taken it. Wait until it works again, then send the file anew."
    )


def _send_rest(upload_id: str, offset: int, size: int, file: FileStorage) -> Said:
    while offset < size:
        file.stream.seek(offset)
        part = file.stream.read(PIECE)
        said = _internal("PATCH", f"/internal/uploads/{upload_id}", part, query=f"offset={offset}")
        if not said.ok or said.json["offset"] <= offset:
            return said
        offset = int(said.json["offset"])
    return _internal("POST", f"/internal/uploads/{upload_id}/completion", b"")


def _internal(method: str, path: str, body: bytes, *, query: str = "", key: str | None = None) -> Said:
    person = current_person()
    assert person is not None, "strangers are led to the sign-in"
    kind = "application/octet-stream" if method == "PATCH" else "application/json"
    headers = [("content-type", kind), *([("idempotency-key", key)] if key else [])]
    actor = replace(person.actor, request_id=new_id())
    try:
        answer = api().send(
            actor, _CUSTODY, method, path, query=query, headers=headers, body=body, deadline=60.0
        )
    except DomainError as error:
        return _refused(error.detail)
    return Said(answer.status, json.loads(answer.body) if answer.body else None, answer)


def _utc(local: str) -> str:
    """What a browser's date and time field sends, taken as UTC as the form says."""
    return f"{local}:00Z" if len(local) == 16 else local


def _refused(words: str) -> Said:
    return Said(422, {"detail": words}, BusResponse(422, []))
