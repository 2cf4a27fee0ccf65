"""Taking items over from somebody whose account is closed: chosen from what they hold, signed by a custodian and a witness."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.forms import moment, secret, text
from gateway.pages.session import ask, every, field_errors, for_role
from shared.actor import Role

blp = Blueprint("takeovers", __name__)

_FIELDS = ("reason", "password", "witness", "witness_password", "occurred_at")
_MOST = 500


@blp.get("/storage/takeover")
def show() -> str:
    """What a closed account still holds (`?holder=`), nothing chosen but what the address names (`?item=`)."""
    for_role(Role.CUSTODIAN)
    return _page(request.args.get("holder", ""), request.args.getlist("item"), [])


@blp.post("/storage/takeover")
def take_over() -> Response | tuple[str, int]:
    """Takes over what was ticked, all or none."""
    for_role(Role.CUSTODIAN)
    chosen = request.form.getlist("item")[:_MOST]
    body: dict[str, Any] = {
        "item_ids": chosen,
        "reason": text("reason") or "",
        "password": secret("password"),
        "witness": text("witness") or "",
        "witness_password": secret("witness_password"),
    }
    if happened := moment("occurred_at"):
        body["occurred_at"] = happened
    said = ask("POST", "/takeovers", body)
    if said.ok:
        count = len(said.json["items"])
        words = said.json["items"][0]["number"] if count == 1 else f"{count} items"
        flash(f"{words} taken over; you hold {'it' if count == 1 else 'them'} now.", "success")
        return redirect("/storage/out", code=303)
    errors = _at_fields(field_errors(said), chosen)
    if said.detail.startswith("The other person"):
        errors = [{"field": "witness_password", "message": said.detail}]
    return _page(request.form.get("holder", ""), chosen, errors), 422


def _at_fields(errors: list[dict[str, str]], chosen: list[str]) -> list[dict[str, str]]:
    """The API's errors at the form's fields; those of an item stand at its tick."""
    for error in errors:
        place = error["field"].removeprefix("item_ids-")
        if place != error["field"] and place.isdigit() and int(place) < len(chosen):
            error["field"] = f"item-{chosen[int(place)]}"
        elif error["field"] == "item_ids":
            error.update(field="items", message="Tick at least one item.")
        elif error["field"] not in _FIELDS:
            error["field"] = ""
    return errors


def _page(holder: str, chosen: list[str], errors: list[dict[str, str]]) -> str:
    rows = every("/holdings", most=_MOST, holder=holder) if holder else []
    if not rows or rows[0]["holder_unable"] is None:
        abort(404)
    return render_template(
        "pages/takeover.html",
        holder=holder,
        name=rows[0]["holder_name"],
        why=rows[0]["holder_unable"],
        rows=rows,
        chosen=chosen,
        errors=errors,
        form=request.form,
    )
