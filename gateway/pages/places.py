"""The tree of places as administrators keep it: new ones, other names, how much they hold, who may enter, closing."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.codes import all_places
from gateway.pages.forms import text
from gateway.pages.people import all_people, among, login_of
from gateway.pages.session import Said, ask, ask_to_change, for_role, form_errors
from shared.actor import LABORATORY, Role

blp = Blueprint("places", __name__)

#: From the largest to the smallest; the service says what may stand in what.
KINDS = ("site", "room", "safe", "shelf", "box")
_FIELDS = ("name", "kind", "capacity", "logins", "roles", "reason", "parent_id")


@blp.get("/storage/new")
def new() -> str:
    """The form of a new place."""
    for_role(Role.ADMIN)
    return _page(None, parent=_known(request.args.get("parent")))


@blp.post("/storage/new")
def add() -> Response | tuple[str, int]:
    """Adds it."""
    for_role(Role.ADMIN)
    parent = _known(request.form.get("parent"))
    body = {
        "name": text("name") or "",
        "kind": text("kind"),
        "parent_id": None if parent is None else parent["id"],
        **_facts(),
    }
    said = ask("POST", "/locations", {name: value for name, value in body.items() if value is not None})
    if not said.ok:
        return _page(None, parent=parent, errors=_errors(said)), 422
    flash(f"{said.json['path']} is there. Print its label, so that it can be scanned.", "success")
    return redirect(f"/storage/{said.json['id']}", code=303)


@blp.get("/storage/<place_id>/change")
def edit(place_id: str) -> str:
    """The form that changes a place."""
    for_role(Role.ADMIN)
    return _page(_existing(place_id))


@blp.post("/storage/<place_id>/change")
def change(place_id: str) -> Response | tuple[str, int]:
    """Changes it, closes it or opens it again; against the version that the person has seen."""
    for_role(Role.ADMIN)
    place = _existing(place_id)
    closing = request.form.get("do") in ("close", "open")
    if closing:
        body: dict[str, Any] = {"closed": request.form["do"] == "close"}
    else:
        body = {"name": text("name") or "", "kind": text("kind") or place["kind"], **_facts()}
    body["reason"] = text("closing_reason" if closing else "reason") or ""
    said = ask_to_change(
        "PATCH", f"/locations/{place_id}", body, f'"{place_id}.{request.form.get("version", "")}"'
    )
    if not said.ok:
        return _page(place, errors=_errors(said, closing)), 422
    words = {"close": "Closed: nothing more goes into it.", "open": "Open again."}
    flash(words.get(request.form.get("do", ""), "Changed; what it was before stays on record."), "success")
    return redirect(f"/storage/{place_id}", code=303)


def _facts() -> dict[str, Any]:
    capacity = text("capacity")
    known = all_people()
    logins = [login_of(each, known) for each in (text("logins") or "").replace(";", ",").split(",")]
    access = {"roles": request.form.getlist("roles"), "logins": [each for each in logins if each]}
    whole = int(capacity) if capacity is not None and capacity.isdigit() else capacity
    return {"capacity": whole, "access": access if any(access.values()) else None}


def _errors(said: Said, closing: bool = False) -> list[dict[str, str]]:
    errors = form_errors(said, "", (*_FIELDS, "access", *_pointers(said)))
    for error in errors:
        if error["field"].startswith("access"):
            error["field"] = "logins" if "logins" in error["field"] or error["field"] == "access" else "roles"
        if closing and error["field"] == "reason":
            error["field"] = "closing_reason"
    return errors


def _pointers(said: Said) -> list[str]:
    return [
        error["pointer"].strip("/").replace("/", "-")
        for error in (said.json or {}).get("errors") or []
        if error["pointer"].startswith("/access")
    ]


def _page(
    place: dict[str, Any] | None,
    *,
    parent: dict[str, Any] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> str:
    return render_template(
        "pages/place_form.html",
        place=place,
        parent=parent,
        errors=errors,
        form=request.form if errors is not None else _as_it_is(place),
        ticked=request.form.getlist("roles") if errors is not None else _roles(place),
        kinds=([] if place else [("", "the next smaller one")]) + [(kind, kind) for kind in KINDS],
        roles=[role.value for role in LABORATORY],
        people=among([row for row in all_people() if row["role"] != Role.OFFICE.value]),
    )


def _as_it_is(place: dict[str, Any] | None) -> dict[str, Any]:
    if place is None:
        return {}
    access = place["access"]
    return {
        **place,
        "logins": ", ".join(access["logins"]) if access else "",
    }


def _roles(place: dict[str, Any] | None) -> list[str]:
    return list(place["access"]["roles"]) if place is not None and place["access"] else []


def _known(place_id: str | None) -> dict[str, Any] | None:
    return _existing(place_id) if place_id else None


def _existing(place_id: str) -> dict[str, Any]:
    found = next((row for row in all_places() if row["id"] == place_id), None)
    if found is None:
        abort(404)
    return found
