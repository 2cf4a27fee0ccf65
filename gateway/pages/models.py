"""Models: what is in use, how it was validated, and the acts that put it into use, take it out and bring it back."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from gateway.pages.downloads import download
from gateway.pages.forms import secret, text
from gateway.pages.session import ask, current_person, every, form_errors, get, items
from shared.actor import LABORATORY, Role

blp = Blueprint("models", __name__)
_READERS = (*LABORATORY, Role.AUDITOR)
_ACTS = {
    "activate": ("activate-", ("password", "reason"), "It is in use now."),
    "retire": ("retire-", ("password", "reason"), "It is retired; its results stay as they are."),
}


@blp.get("/models")
def show() -> str:
    """Models of all programmes, or of one, the newest first."""
    _reader()
    return _list()


@blp.post("/models")
def train() -> BaseResponse | tuple[str, int]:
    """Trains a model on the library as it is."""
    _reader()
    said = ask("POST", "/models", {"programme": text("programme") or ""})
    if not said.ok:
        return _list(form_errors(said, "", ("programme",))), 422
    flash("The training is queued.", "success")
    return redirect(f"/models/{said.json['id']}", code=303)


@blp.get("/models/<model_id>")
def one(model_id: str) -> str:
    """One model: its validation in pictures, its rivals, its time in use, its acts."""
    _reader()
    return _page(model_id)


@blp.post("/models/<model_id>/<any(activate, retire):act>")
def decide(model_id: str, act: str) -> BaseResponse | tuple[str, int]:
    """Puts it into use, or takes it out; signed."""
    _reader()
    prefix, names, words = _ACTS[act]
    body: dict[str, Any] = {"password": secret(f"{prefix}password")}
    reason = text(f"{prefix}reason")
    if reason is not None or act == "retire":
        body["reason"] = reason or ""
    said = ask("POST", f"/models/{model_id}/{act}", body)
    if not said.ok:
        return _page(model_id, form_errors(said, prefix, names)), 422
    flash(words, "success")
    return redirect(f"/models/{model_id}", code=303)


@blp.get("/models/<model_id>/validation.pdf")
def validation(model_id: str) -> Response:
    """The validation as a document."""
    _reader()
    return download(f"/models/{model_id}/validation.pdf", f"validation-{model_id}.pdf")


def _list(errors: list[dict[str, str]] | None = None) -> str:
    programme = request.args.get("programme") or None
    page = get("/models", limit=50, cursor=request.args.get("cursor"), programme=programme)
    rows = page["items"]
    for row in rows:
        row["progress"] = _progress(row) if row["state"] == "training" else None
    onward = f"/models?cursor={page['next']}" if page["next"] else None
    known = programmes()
    return render_template(
        "pages/models.html", rows=rows, next_url=onward, errors=errors, form=request.form,
        programmes=known, choices=[(name, name) for name in known], programme=programme,
    )  # fmt: skip


def programmes() -> list[str]:
    """The ids of the programmes, each once."""
    return sorted({row["id"] for row in every("/programmes")})


def _page(model_id: str, errors: list[dict[str, str]] | None = None) -> str:
    model = get(f"/models/{model_id}")
    told: dict[str, Any] = {"determinations": {}}
    shadow = drift = None
    if model["digest"] is not None:
        told = get(f"/models/{model_id}/validation", figures="true")
        shadow = get(f"/models/{model_id}/shadow")
        drift = get(f"/models/{model_id}/drift", figures="true")
        drift["figures"] = {name: Markup(drawn) for name, drawn in drift["figures"].items()}
    for own in told["determinations"].values():
        own["figures"] = {name: Markup(drawn) for name, drawn in own["figures"].items()}
    rivals = items("/models", programme=model["programme"], state="active")
    return render_template(
        "pages/model.html", m=model, validation=told, shadow=shadow, drift=drift, errors=errors, form=request.form,
        acts=items(f"/models/{model_id}/acts"), progress=_progress(model) if model["state"] == "training" else None,
        active=next((row for row in rivals if row["id"] != model_id), None),
    )  # fmt: skip


def _progress(row: dict[str, Any]) -> float | None:
    """How far a training is."""
    said = ask("GET", f"/jobs/{row['job_id']}")
    return float(said.json["progress"]) if said.ok else None


def _reader() -> None:
    person = current_person()
    if person is None or person.actor.role not in _READERS:
        abort(404)
