"""Acts upon an item: hand it over, put it away, weigh it, take from it; each a form on the exhibit's page."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.forms import done, number, text
from gateway.pages.session import Said, ask, current_person, items

blp = Blueprint("custody", __name__)


@blp.get("/handovers")
def handovers() -> str:
    """What is offered to me, and what I have offered."""
    person = current_person()
    assert person is not None, "strangers are led to the sign-in"
    rows = items("/handovers", state="offered")
    return render_template(
        "pages/handovers.html",
        to_me=[row for row in rows if row["to"] == person.actor.login],
        by_me=[row for row in rows if row["to"] != person.actor.login],
    )


@blp.post("/handovers/<handover_id>/<any(accept, decline, withdraw):act>")
def decide(handover_id: str, act: str) -> Response:
    """Accepts with a signature, declines or withdraws with a reason."""
    body = (
        {"password": request.form.get("password", "")}
        if act == "accept"
        else {"reason": text("reason") or ""}
    )
    words = {"accept": "Accepted: the items are yours now.", "decline": "Declined.", "withdraw": "Withdrawn."}
    return done(ask("POST", f"/handovers/{handover_id}/{act}", body), words[act], "/handovers")


@blp.post("/items/<item_id>/handover")
def offer(item_id: str) -> Response:
    """Offers the item to somebody."""
    body = {"item_ids": [item_id], "to": text("to") or "", "purpose": text("purpose") or ""}
    return _done(item_id, ask("POST", "/handovers", body), "Offered; it is yours until it is accepted.")


@blp.post("/items/<item_id>/move")
def move(item_id: str) -> Response:
    """Puts the item into a place."""
    body = {"place": text("place") or "", "purpose": text("purpose") or ""}
    return _done(item_id, ask("POST", f"/items/{item_id}/moves", body), "Put away.")


@blp.post("/items/<item_id>/retrieve")
def retrieve(item_id: str) -> Response:
    """Takes the item out of its place."""
    body = {"purpose": text("purpose") or ""}
    return _done(item_id, ask("POST", f"/items/{item_id}/retrievals", body), "Taken out; you hold it now.")


@blp.post("/items/<item_id>/weigh")
def weigh(item_id: str) -> Response:
    """Records a net mass."""
    return _done(item_id, ask("POST", f"/items/{item_id}/weighings", _mass("balance")), "Weighed.")


@blp.post("/items/<item_id>/aliquot")
def aliquot(item_id: str) -> Response:
    """Takes an aliquot."""
    said = ask("POST", f"/items/{item_id}/aliquots", _mass("purpose"))
    return _done(item_id, said, f"Aliquot {said.json['number']} is made." if said.ok else "")


@blp.post("/items/<item_id>/consume")
def consume(item_id: str) -> Response:
    """Records what was used up."""
    return _done(item_id, ask("POST", f"/items/{item_id}/consumptions", _mass("purpose")), "Recorded.")


def _mass(word: str) -> dict[str, object]:
    return {
        "net_mass_mg": number("net_mass_mg"),
        "uncertainty_mg": number("uncertainty_mg"),
        word: text(word) or "",
    }


def _done(item_id: str, said: Said, words: str) -> Response:
    return done(said, words, f"/items/{item_id}")


@blp.get("/items/<item_id>")
def item(item_id: str) -> Response:
    """An item's page is its exhibit's, with the item chosen."""
    found = ask("GET", f"/items/{item_id}")
    onward = f"/exhibits/{found.json['exhibit_id']}?item={item_id}" if found.ok else "/exhibits"
    return redirect(onward, code=303)
