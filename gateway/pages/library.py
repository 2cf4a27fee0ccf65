"""The reference library: what models are trained from, what asks for a second look, and the acts of a scientist."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from gateway.pages.forms import text
from gateway.pages.models import programmes
from gateway.pages.session import Said, ask, current_person, every, field_errors, form_errors, get
from shared.actor import LABORATORY, Role

blp = Blueprint("library", __name__)
_READERS = (*LABORATORY, Role.AUDITOR)
_WORDS = {
    "accept": "It is in the library.",
    "refuse": "It is kept out of the library.",
    "withdraw": "It is taken out of the library; models that were trained with it keep their snapshot.",
}


@blp.get("/library")
def show() -> str:
    """The library of one programme: warnings, what waits for a decision, what is inside."""
    _reader()
    known = programmes()
    programme = request.args.get("programme") or (known[0] if known else None)
    if programme is None:
        return render_template("pages/library.html", programmes=[], programme=None)
    inside = every("/library", programme=programme)
    decided = inside + every("/library", programme=programme, decision="refused")
    decided += every("/library", programme=programme, decision="withdrawn")
    seen = {row["exhibit_id"] for row in decided}
    waiting = [
        row for row in every("/exhibits", kind="authentic", programme=programme) if row["id"] not in seen
    ]
    said = ask("GET", "/library/warnings", programme=programme)
    counts: dict[str, dict[str, int]] = {}
    for row in inside:
        for name, label in (row["labels"] or {}).items():
            counts.setdefault(name, {})[label] = counts.setdefault(name, {}).get(label, 0) + 1
    return render_template(
        "pages/library.html", programmes=known, programme=programme, inside=inside, waiting=waiting, counts=counts,
        outside=[row for row in decided if row["decision"] != "accepted"],
        warnings=said.json["items"] if said.ok else [],
        synthetic=any(row["provenance"] == "SYNTHETIC" for row in inside),
    )  # fmt: skip


@blp.get("/library/<exhibit_id>")
def one(exhibit_id: str) -> str:
    """One authentic, with the forms of what may be done with it."""
    _reader()
    return _page(exhibit_id)


@blp.post("/library/<exhibit_id>/<any(accept, refuse, withdraw):act>")
def decide(exhibit_id: str, act: str) -> BaseResponse | tuple[str, int]:
    """A scientist takes it in, keeps it out or takes it out again."""
    _reader()
    if act == "accept":
        labels = {
            name.removeprefix("label-"): value
            for name, value in request.form.items()
            if name.startswith("label-") and value
        }
        said = ask("POST", f"/library/{exhibit_id}/accept", {"labels": labels})
    else:
        said = ask("POST", f"/library/{exhibit_id}/{act}", {"reason": text(f"{act}-reason") or ""})
    if not said.ok:
        errors = _label_errors(said) if act == "accept" else form_errors(said, f"{act}-", ("reason",))
        return _page(exhibit_id, errors), 422
    flash(_WORDS[act], "success")
    for warning in said.json.get("warnings") or []:
        flash(warning["message"], "problem")
    return redirect(f"/library/{exhibit_id}", code=303)


def _page(exhibit_id: str, errors: list[dict[str, str]] | None = None) -> str:
    exhibit = get(f"/exhibits/{exhibit_id}")
    programme = exhibit["programme"]
    standing = None
    for decision in ("accepted", "refused", "withdrawn"):
        rows = every("/library", programme=programme, decision=decision) if programme else []
        standing = next((row for row in rows if row["exhibit_id"] == exhibit_id), standing)
    questions = get(f"/programmes/{programme}")["determinations"] if programme else []
    said = ask("GET", "/library/warnings", programme=programme) if programme else None
    warnings = said.json["items"] if said is not None and said.ok else []
    return render_template(
        "pages/library_one.html", x=exhibit, standing=standing, errors=errors, form=request.form,
        questions=[(q["name"], q.get("title") or q["name"].replace("_", " "), _labels(q["classes"])) for q in questions],
        warnings=[w for w in warnings if exhibit_id in (w["exhibit_id"], w["other_exhibit_id"])],
    )  # fmt: skip


def _label_errors(said: Said) -> list[dict[str, str]]:
    """The API's errors at the list of the determination that they are about."""
    errors = field_errors(said)
    for error in errors:
        name = error["field"].removeprefix("labels").lstrip("-")
        error["field"] = f"label-{name}" if name else ""
    return errors


def _labels(classes: Any, above: str = "") -> list[tuple[str, str]]:
    """Every class of a tree as (value, words), those below beneath those above."""
    found: list[tuple[str, str]] = []
    rows = classes.items() if isinstance(classes, Mapping) else [(name, None) for name in classes]
    for name, below in rows:
        if isinstance(name, Mapping):
            found += _labels(name, above)
            continue
        words = f"{above} / {name}" if above else str(name)
        found.append((str(name), words))
        if below:
            found += _labels(below, words)
    return found


def _reader() -> None:
    person = current_person()
    if person is None or person.actor.role not in _READERS:
        abort(404)
