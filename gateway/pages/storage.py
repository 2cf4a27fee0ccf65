"""Storage: what is where, put away and take out by scan, and what is in somebody's hands since when."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from gateway.pages.codes import PLACE_PREFIX, all_places, find_item, find_place, words_of
from gateway.pages.forms import text
from gateway.pages.overdue import limit_words
from gateway.pages.place_label import place_label
from gateway.pages.scanned import Scanned, read_scanned, scan_errors
from gateway.pages.session import ask, current_person, get, items
from shared.actor import LABORATORY, Role

blp = Blueprint("storage", __name__)

_READERS = (*LABORATORY, Role.AUDITOR, Role.ADMIN)


@blp.get("/storage")
def show() -> str | BaseResponse:
    """The tree of places; a scanned place or item leads straight to its page."""
    role = _role()
    places = all_places()
    q = request.args.get("q", "").strip()
    wrong = None
    for word in words_of(q)[:1]:
        place = find_place(q if not q.startswith("]") else word, places)
        if place is not None:
            return redirect(f"/storage/{place['id']}", code=303)
        item = find_item(word)
        if item is not None:
            return redirect(f"/items/{item['id']}", code=303)
        wrong = f"There is no place and no item {q}."
    return render_template("pages/storage.html", tree=_tree(places), wrong=wrong, role=role)


@blp.get("/storage/<place_id>")
def place(place_id: str) -> str:
    """One place with what lies in it."""
    _role()
    places = all_places()
    found = next((row for row in places if row["id"] == place_id), None)
    if found is None:
        abort(404)
    page = ask("GET", "/items", holder=place_id, limit=50, cursor=request.args.get("cursor"))
    answer = page.json if page.ok else {"items": [], "next": None}
    onward = f"/storage/{place_id}?cursor={answer['next']}" if answer["next"] else None
    inside = [row for row in _tree(places) if row["parent_id"] == place_id]
    parent = next((row for row in places if row["id"] == found["parent_id"]), None)
    return render_template(
        "pages/place.html",
        place=found,
        parent=parent,
        inside=inside,
        rows=answer["items"],
        next_url=onward,
        closed_by=closing_place(found, places),
        changes=items(f"/locations/{place_id}/changes", limit=500),
    )


@blp.get("/storage/<place_id>/label.pdf")
def label(place_id: str) -> Response:
    """The place's own symbol, to be printed and fixed to it."""
    _role()
    found = get(f"/locations/{place_id}")
    return Response(place_label(f"{PLACE_PREFIX}{found['id']}", found["path"]), mimetype="application/pdf")


@blp.get("/storage/out")
def out() -> str:
    """Items in somebody's hands, the longest out first, with whom and until when (`?holder=` leaves one person's)."""
    _role()
    holder = request.args.get("holder", "")
    page = get("/holdings", limit=100, cursor=request.args.get("cursor"), holder=holder)
    kept = {"holder": holder} if holder else {}
    onward = f"/storage/out?{urlencode({**kept, 'cursor': page['next']})}" if page["next"] else None
    counts = get("/overdue/counts", kind="out_of_storage")
    (limit,) = [limit_words(row["limit"]) for row in counts["kinds"] if row["kind"] == "out_of_storage"]
    return render_template(
        "pages/storage_out.html", rows=page["items"], next_url=onward, holder=holder, limit=limit
    )


@blp.route("/storage/put", methods=["GET", "POST"])
def put() -> str | tuple[str, int] | BaseResponse:
    """Puts away: a place and items, scanned in any order; all or nothing."""
    _role(*LABORATORY)
    found = read_scanned(_not_mine, places=True)
    if request.method == "GET" and request.args.get("place"):
        found.place = find_place(request.args["place"], all_places())
    if request.form.get("do") != "done":
        return _scan_page("put", found)
    errors = _missing(found)
    if found.place is None and not errors:
        errors = [{"field": "scan", "message": "Scan the place, or choose it."}]
    if errors:
        return _scan_page("put", found, errors), 422
    assert found.place is not None, "checked above"
    body = {"item_ids": found.ids, "place": found.place["id"], "purpose": text("purpose") or ""}
    return _act("put", "/moves", body, found, f"put into {found.place['path']}")


@blp.route("/storage/take", methods=["GET", "POST"])
def take() -> str | tuple[str, int] | BaseResponse:
    """A custodian takes items out; all or nothing."""
    _role(Role.CUSTODIAN)
    found = read_scanned(_not_in_place)
    if request.form.get("do") != "done":
        return _scan_page("take", found)
    errors = _missing(found)
    if errors:
        return _scan_page("take", found, errors), 422
    body = {"item_ids": found.ids, "purpose": text("purpose") or ""}
    return _act("take", "/retrievals", body, found, "taken out; you hold them now")


def _act(
    which: str, path: str, body: dict[str, Any], found: Scanned, words: str
) -> tuple[str, int] | BaseResponse:
    said = ask("POST", path, body)
    if not said.ok:
        return _scan_page(which, found, scan_errors(said, found)), 422
    count = len(found.items)
    flash(f"{found.items[0]['number'] if count == 1 else f'{count} items'} {words}.", "success")
    return redirect(f"/storage/{which}", code=303)


def _scan_page(which: str, found: Scanned, errors: list[dict[str, Any]] | None = None) -> str:
    places = (
        [("", "")] + [(row["id"], row["path"]) for row in all_places() if not row["closed"]]
        if which == "put"
        else []
    )
    return render_template(
        "pages/storage_scan.html", which=which, found=found, errors=errors, form=request.form, places=places
    )


def _missing(found: Scanned) -> list[dict[str, Any]]:
    if found.wrong:
        return [{"field": "scan", "message": words} for words in found.wrong]
    return [] if found.items else [{"field": "scan", "message": "Scan or type at least one item."}]


def _role(*roles: Role) -> Role:
    person = current_person()
    if person is None or person.actor.role not in (roles or _READERS):
        abort(404)
    return person.actor.role


def _not_mine(item: dict[str, Any]) -> str | None:
    person = current_person()
    if person is not None and item["holder"] == {"kind": "person", "name": person.actor.login}:
        return None
    where = "in" if item["holder"]["kind"] == "place" else "with"
    return f"{item['number']} is {where} {item['holder_name']}, not in your hands."


def _not_in_place(item: dict[str, Any]) -> str | None:
    if item["holder"]["kind"] == "place":
        return None
    return f"{item['number']} is in no place: it is with {item['holder_name']}."


def closing_place(place: dict[str, Any], places: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The place itself or the one around it that is closed, so that nothing more goes in; None where it is open."""
    by_id = {row["id"]: row for row in places}
    around: dict[str, Any] | None = place
    while around is not None and not around["closed"]:
        around = by_id.get(around["parent_id"])
    return around


def _tree(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The places depth first with `depth` and `within`, the items in it and in all places inside it."""
    children: dict[str | None, list[dict[str, Any]]] = {}
    for row in places:
        children.setdefault(row["parent_id"], []).append(row)
    found: list[dict[str, Any]] = []
    waiting = [(0, row) for row in reversed(children.get(None, []))]
    while waiting:
        depth, row = waiting.pop()
        found.append({**row, "depth": depth, "within": row["inside"]})
        waiting += [(depth + 1, child) for child in reversed(children.get(row["id"], []))]
    by_id = {row["id"]: row for row in found}
    for row in reversed(found):
        parent = by_id.get(row["parent_id"])
        if parent is not None:
            parent["within"] += row["within"]
    return found
