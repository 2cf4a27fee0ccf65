"""One page for an exhibit, an aliquot or a composite: where it is, all that happened to it, its lineage, and the acts upon it."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.accounts.tokens import Identity
from gateway.pages.acts import ACTS, HANDS, Standing
from gateway.pages.balances import all_balances
from gateway.pages.codes import all_places
from gateway.pages.history import GROUPS, corrections, shown, visible_facts
from gateway.pages.people import all_people, among
from gateway.pages.session import ask, current_person, every, form_errors, get, items
from shared.actor import Role

blp = Blueprint("item", __name__)

_ENDED = ("returned", "disposed")
_PAGE = 100


@blp.get("/exhibits/<exhibit_id>")
def exhibit(exhibit_id: str) -> str:
    """One exhibit, or one of its aliquots (`?item=`)."""
    found = get(f"/exhibits/{exhibit_id}")
    wanted = request.args.get("item") or found["item_id"]
    item = None
    if wanted:
        said = ask("GET", f"/items/{wanted}")
        item = said.json if said.ok and said.json["exhibit_id"] == exhibit_id else None
        if item is None and request.args.get("item"):
            abort(404)
    return _page(found, item)


@blp.get("/items/<item_id>")
def show(item_id: str) -> str | Response:
    """An exhibit's own item is on the exhibit's page; an aliquot or a composite has its own."""
    item = get(f"/items/{item_id}")
    exhibit = _exhibit_of(item)
    if exhibit is not None and item["parent_id"] is None:
        return redirect(f"/exhibits/{item['exhibit_id']}?item={item_id}", code=303)
    return _page(exhibit, item)


_NAMES = ", ".join(ACTS)


@blp.post(f"/items/<item_id>/<any({_NAMES}):name>")
@blp.post(f"/items/<item_id>/<any({_NAMES}):name>/<target>")
def act(item_id: str, name: str, target: str = "") -> Response | tuple[str, int]:
    """One act; what the API refuses is said at the fields of the form, which stays as it was filled in."""
    what = ACTS[name]
    prefix = f"{name}-{target}-" if target else f"{name}-"
    body = what.body(prefix)
    if name == "handover":
        body["item_ids"] = [item_id]
    said = ask("POST", what.path.format(item=quote(item_id, safe=""), target=quote(target, safe="")), body)
    if said.ok:
        flash(what.done.format(**said.json) if "{" in what.done else what.done, "success")
        return redirect(f"/items/{item_id}", code=303)
    item = get(f"/items/{item_id}")
    errors = form_errors(said, prefix, (*what.fields, "occurred_at"))
    return _page(_exhibit_of(item), item, errors=errors, open_act=prefix.rstrip("-")), 422


def _exhibit_of(item: dict[str, Any]) -> dict[str, Any] | None:
    said = ask("GET", f"/exhibits/{item['exhibit_id']}") if item.get("exhibit_id") else None
    return said.json if said is not None and said.ok else None


def _page(
    exhibit: dict[str, Any] | None,
    item: dict[str, Any] | None,
    *,
    errors: list[dict[str, str]] | None = None,
    open_act: str = "",
) -> str:
    person = current_person()
    assert person is not None, "strangers are led to the sign-in"
    events = every(f"/items/{item['id']}/events") if item else []
    standing = _standing(person, item) if item else None
    acts = standing.possible() if standing else []
    discrepancies = items("/discrepancies", exhibit_id=exhibit["id"]) if exhibit else []
    entries, later = shown(events, request.args.get("show", ""), request.args.get("before", ""), _PAGE)
    return render_template(
        "pages/item.html",
        e=exhibit,
        item=item,
        errors=errors,
        form=request.form,
        open_act=open_act,
        groups=GROUPS,
        entries=entries,
        later=later,
        all_events=len(events),
        corrections=corrections(events),
        damaged=[row for row in events if row["damage"]],
        visible=visible_facts,
        standing=standing,
        acts=acts,
        discrepancies=discrepancies,
        balance=_balance(item),
        family=items("/items", limit=500, root_id=item["root_id"]) if item else [],
        spectra=items("/spectra", limit=500, item_id=item["id"]) if item else [],
        results=items("/results", item_id=item["id"]) if item else [],
        late=items("/overdue", item_id=item["id"]) if item else [],
        unable=_unable(person, item),
        places=[(row["id"], row["path"]) for row in all_places() if not row["closed"]]
        if "move" in acts
        else [],
        balances=all_balances() if {"weigh", "lose"} & set(acts) else [],
        people=among(all_people()) if {"handover", "seal", "execute"} & set(acts) else [],
        may_pool=standing is not None and standing.is_mine and person.actor.role in HANDS,
        programmes=[(row["id"], row["id"]) for row in items("/programmes")] if acts else [],
    )


def _unable(person: Identity, item: dict[str, Any] | None) -> str | None:
    """Why the item's holder can hand it to nobody any more, for a custodian who would take it over."""
    if item is None or person.actor.role is not Role.CUSTODIAN or item["holder"]["kind"] != "person":
        return None
    held = items("/holdings", item_id=item["id"])
    return held[0]["holder_unable"] if held else None


def _balance(item: dict[str, Any] | None) -> dict[str, Any] | None:
    said = ask("GET", f"/items/{item['id']}/balance") if item else None
    return said.json if said is not None and said.ok else None


def _standing(person: Identity, item: dict[str, Any]) -> Standing:
    disposals = items("/disposals", item_id=item["id"])
    return Standing(
        role=person.actor.role,
        is_mine=item["holder"] == {"kind": "person", "name": person.actor.login},
        in_place=item["holder"]["kind"] == "place",
        ended=item["state"] in _ENDED,
        blocked=item["blocked"],
        holds=items("/holds", item_id=item["id"], open="true"),
        disposal=next((row for row in disposals if row["state"] in ("requested", "authorised")), None),
    )
