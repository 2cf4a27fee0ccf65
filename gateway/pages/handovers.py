"""Hand-overs: scan what goes, name who takes it; accept by signature, decline, withdraw."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.forms import text
from gateway.pages.people import all_people, among, login_of
from gateway.pages.scanned import Scanned, read_scanned, scan_errors
from gateway.pages.session import ask, current_person, every, form_errors

blp = Blueprint("handovers", __name__)

_DONE = {"accept": "Accepted: the items are yours now.", "decline": "Declined.", "withdraw": "Withdrawn."}


@blp.get("/handovers")
def show() -> str:
    """What is offered to me, what I have offered, and a list to offer."""
    return _page(Scanned())


@blp.post("/handovers/scan")
def scan() -> str:
    """One scan more on the list, or one item less."""
    return _page(read_scanned(_not_mine))


@blp.post("/handovers")
def offer() -> Response | tuple[str, int]:
    """Offers what is on the list, all or nothing; a scan that is still in the field is taken along."""
    found = read_scanned(_not_mine)
    if request.form.get("do") != "offer":
        return _page(found), 200
    if found.wrong:
        return _page(found, errors=[{"field": "scan", "message": words} for words in found.wrong]), 422
    if not found.items:
        return _page(found, errors=[{"field": "scan", "message": "Scan or type at least one item."}]), 422
    body = {"item_ids": found.ids, "to": login_of(text("to"), all_people()), "purpose": text("purpose") or ""}
    said = ask("POST", "/handovers", body)
    if not said.ok:
        return _page(found, errors=scan_errors(said, found)), 422
    count = len(said.json["items"])
    what = said.json["items"][0]["number"] if count == 1 else f"{count} items"
    flash(f"{what} offered to {said.json['to_name']}; yours until they accept.", "success")
    return redirect("/handovers", code=303)


@blp.post("/handovers/<handover_id>/<any(accept, decline, withdraw):act>")
def decide(handover_id: str, act: str) -> Response | tuple[str, int]:
    """Accepts with a signature, declines or withdraws with a reason."""
    prefix = f"{act}-{handover_id}-"
    name = "password" if act == "accept" else "reason"
    given = request.form.get(f"{prefix}{name}", "")
    said = ask("POST", f"/handovers/{handover_id}/{act}", {name: given if act == "accept" else given.strip()})
    if said.ok:
        flash(_DONE[act], "success")
        return redirect("/handovers", code=303)
    errors = form_errors(said, prefix, (name,))
    return _page(Scanned(), errors=errors, open_act=f"{act}-{handover_id}"), 422


def _not_mine(item: dict[str, Any]) -> str | None:
    person = current_person()
    assert person is not None, "strangers are led to the sign-in"
    if item["holder"] != {"kind": "person", "name": person.actor.login}:
        where = "in" if item["holder"]["kind"] == "place" else "with"
        return f"{item['number']} is {where} {item['holder_name']}, not in your hands."
    if item["blocked"]:
        return f"{item['number']} waits for a reviewer: a discrepancy is open."
    return None


def _page(found: Scanned, *, errors: list[dict[str, Any]] | None = None, open_act: str = "") -> str:
    person = current_person()
    assert person is not None, "strangers are led to the sign-in"
    rows = every("/handovers", state="offered")
    login = person.actor.login
    return render_template(
        "pages/handovers.html",
        found=found,
        errors=errors,
        form=request.form,
        open_act=open_act,
        people=among(all_people()),
        to_me=[row for row in rows if row["to"] == login],
        by_me=[row for row in rows if row["giver"] == login],
        others=[row for row in rows if login not in (row["to"], row["giver"])],
    )
