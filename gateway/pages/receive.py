"""The receiving room: find the parcel, decide its lines, make the receipt."""

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.forms import again, done, number, secret, text
from gateway.pages.session import ask, field_errors, for_role, get, items
from shared.actor import Role

blp = Blueprint("receive", __name__)

_TEMPLATE = "pages/receive_one.html"
_COMING = ("dispatched", "partially_received")


@blp.get("/receive")
def show() -> str | Response:
    """Parcels on their way; a scanned number leads straight to its own."""
    for_role(Role.CUSTODIAN)
    q = request.args.get("q", "").strip()
    rows = [row for state in _COMING for row in items("/submissions", state=state, q=q)]
    if q and len(rows) == 1:
        return redirect(f"/receive/{rows[0]['id']}")
    return render_template("pages/receive.html", rows=rows, q=q)


@blp.get("/receive/<submission_id>")
def one(submission_id: str) -> str:
    """What is still expected of one parcel."""
    for_role(Role.CUSTODIAN)
    found = get(f"/submissions/{submission_id}")
    return render_template(
        _TEMPLATE,
        s=found,
        expected=_expected(submission_id, found),
        arrivals=_arrivals(submission_id),
        form={},
    )


@blp.post("/receive/<submission_id>/arrival")
def arrive(submission_id: str) -> Response | tuple[str, int]:
    """Records and signs that a closed parcel was taken from the courier."""
    for_role(Role.CUSTODIAN)
    body = {name: text(name) or "" for name in ("delivered_by", "seal_condition", "remarks")}
    said = ask("POST", f"/submissions/{submission_id}/arrivals", {**body, "password": secret("password")})
    if said.ok or said.status not in (403, 422):
        return done(
            said,
            "The arrival is recorded; the receipt is due within 3 working days.",
            f"/receive/{submission_id}",
        )
    found = get(f"/submissions/{submission_id}")
    return again(
        _TEMPLATE,
        field_errors(said),
        s=found,
        expected=_expected(submission_id, found),
        arrivals=_arrivals(submission_id),
        arrival_open=True,
    )


@blp.post("/receive/<submission_id>")
def receive(submission_id: str) -> Response | tuple[str, int]:
    """Makes the receipt of the lines that were decided."""
    found = get(f"/submissions/{submission_id}")
    expected = _expected(submission_id, found)
    decided = [line for line in expected if _given(line, "outcome") in ("received", "damaged", "missing")]
    said = ask(
        "POST", f"/submissions/{submission_id}/receipts", {"lines": [_decision(line) for line in decided]}
    )
    if said.ok:
        return done(said, f"Receipt {said.json['number']} is made.", f"/submissions/{submission_id}")
    errors = field_errors(said)
    for error in errors:
        _, _, rest = error["field"].partition("lines-")
        place, _, name = rest.partition("-")
        if place.isdigit() and int(place) < len(decided):
            error["field"] = f"lines-{decided[int(place)]['line']}-{name}"
    return again(_TEMPLATE, errors, s=found, expected=expected, arrivals=_arrivals(submission_id))


def _arrivals(submission_id: str) -> list[dict[str, Any]]:
    return items(f"/submissions/{submission_id}/arrivals")


def _expected(submission_id: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines that have not come yet; one that was called missing may still come."""
    come = {
        row["line"]
        for receipt in get(f"/submissions/{submission_id}/receipts", limit=500)["items"]
        for row in receipt["lines"]
        if row["outcome"] != "missing"
    }
    return [line for line in found["items"] if line["line"] not in come]


def _given(line: dict[str, Any], name: str) -> str:
    return request.form.get(f"lines-{line['line']}-{name}", "").strip()


def _decision(line: dict[str, Any]) -> dict[str, Any]:
    missing = _given(line, "outcome") == "missing"
    return {
        "line": line["line"],
        "outcome": _given(line, "outcome"),
        "gross_mass_g": None if missing else number(f"lines-{line['line']}-gross_mass_g"),
        "seal_condition": "absent" if missing else _given(line, "seal_condition"),
        "remarks": _given(line, "remarks"),
    }
