"""The lists that people look things up in: submissions, exhibits, results."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from gateway.pages.session import ask, get, items

blp = Blueprint("lists", __name__)


@blp.get("/submissions")
def submissions() -> str:
    """Submissions, the newest first, or those that were sent and have no receipt."""
    return _page("pages/submissions.html", "/submissions", receipt=request.args.get("receipt"))


@blp.get("/submissions/<submission_id>")
def submission(submission_id: str) -> str:
    """One submission with its receipts."""
    found = get(f"/submissions/{submission_id}")
    receipts = get(f"/submissions/{submission_id}/receipts")["items"] if found["state"] != "draft" else []
    arrivals = items(f"/submissions/{submission_id}/arrivals") if found["state"] != "draft" else []
    return render_template("pages/submission.html", s=found, receipts=receipts, arrivals=arrivals)


@blp.get("/submissions/<submission_id>/manifest.pdf")
def manifest(submission_id: str) -> Response:
    """The frozen manifest."""
    return _pdf(f"/submissions/{submission_id}/manifest.pdf")


@blp.get("/exhibits")
def exhibits() -> str:
    """Exhibits, or those that a number or a word finds."""
    q = request.args.get("q", "").strip()
    return _page("pages/exhibits.html", "/exhibits", q=q)


@blp.get("/exhibits/<exhibit_id>/label.pdf")
def label(exhibit_id: str) -> Response:
    """The label."""
    return _pdf(f"/exhibits/{exhibit_id}/label.pdf")


@blp.get("/results")
def results() -> str:
    """Results, the newest first."""
    return _page("pages/results.html", "/results")


@blp.get("/results/<result_id>")
def result(result_id: str) -> str:
    """One result with everything that it rests on."""
    found = get(f"/results/{result_id}")
    said = ask("GET", f"/results/{result_id}/explanation", figures="true")
    explained = {each["name"]: each for each in said.json["determinations"]} if said.ok else {}
    for each in explained.values():
        each["figures"] = {name: Markup(drawn) for name, drawn in each["figures"].items()}
    synthetic = said.ok and said.json["provenance"] == "SYNTHETIC"
    return render_template("pages/result.html", r=found, explained=explained, synthetic=synthetic)


@blp.get("/results/<result_id>/report.pdf")
def report(result_id: str) -> Response:
    """The report of a released result."""
    return _pdf(f"/results/{result_id}/report.pdf")


def _page(template: str, path: str, **filters: Any) -> str:
    page = get(path, limit=50, cursor=request.args.get("cursor"), **filters)
    kept = {name: value for name, value in filters.items() if value}
    onward = f"{request.path}?{urlencode({**kept, 'cursor': page['next']})}" if page["next"] else None
    return render_template(template, rows=page["items"], next_url=onward, **filters)


def _pdf(path: str) -> Response:
    said = ask("GET", path)
    if not said.ok:
        return Response(
            render_template("pages/error.html", status=said.status, text=said.detail), status=said.status
        )
    return Response(said.raw.body, mimetype="application/pdf")
