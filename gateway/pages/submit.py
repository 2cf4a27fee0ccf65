"""An office writes a submission and sends it off."""

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.forms import again, done, number, text, without_empty
from gateway.pages.session import ask, field_errors, items

blp = Blueprint("submit", __name__)

MOST_LINES = 40
_LINE = (
    "programme",
    "description",
    "physical_form",
    "seal_number",
    "case_number",
    "seized_on",
    "seized_country",
)
_ORIGIN = ("collected_on", "country", "region", "source_type", "claimed_class", "collected_by")
_TEMPLATE = "pages/submission_new.html"


@blp.get("/submissions/new")
def new() -> str:
    """An empty form for one exhibit."""
    return render_template(_TEMPLATE, form={}, lines=1, programmes=_programmes())


@blp.post("/submissions/new")
def save() -> str | Response | tuple[str, int]:
    """Saves the draft, or gives the form another exhibit."""
    given = request.form.get("lines", "1")
    lines = min(int(given), MOST_LINES) if given.isdigit() and given != "0" else 1
    if request.form.get("act") == "add":
        more = min(lines + 1, MOST_LINES)
        return render_template(_TEMPLATE, form=request.form, lines=more, programmes=_programmes())
    body = {
        "kind": request.form.get("kind", ""),
        "courier": text("courier") or "",
        "tracking_number": text("tracking_number") or "",
        "seal_numbers": [
            seal.strip() for seal in request.form.get("seal_numbers", "").split(",") if seal.strip()
        ],
        "items": [_line(place) for place in range(lines)],
    }
    said = ask("POST", "/submissions", body)
    if not said.ok:
        return again(_TEMPLATE, field_errors(said), lines=lines, programmes=_programmes())
    return redirect(f"/submissions/{said.json['id']}", code=303)


@blp.post("/submissions/<submission_id>/dispatch")
def dispatch(submission_id: str) -> Response:
    """Freezes the submission and makes its manifest."""
    said = ask("POST", f"/submissions/{submission_id}/dispatch")
    return done(
        said, "Dispatched: the manifest is frozen and can be printed.", f"/submissions/{submission_id}"
    )


def _line(place: int) -> dict[str, Any]:
    at = f"items-{place}-"
    origin = without_empty({name: text(f"{at}authentic-{name}") for name in _ORIGIN})
    line = {name: text(at + name) for name in _LINE}
    return without_empty(
        {"line": place + 1, **line, "gross_mass_g": number(at + "gross_mass_g"), "authentic": origin}
    )


def _programmes() -> list[tuple[str, str]]:
    return [("", "not known"), *((row["id"], f"{row['id']}: {row['title']}") for row in items("/programmes"))]
