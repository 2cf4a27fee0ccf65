"""One entry of an item's history: its record, its proof checked here and now, and the form that corrects it."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.forms import secret, text
from gateway.pages.session import ask, current_person, every, form_errors, get
from shared.actor import LABORATORY, Actor, Role
from siglab_clients.tlog.checkpoints import open_checkpoint
from siglab_clients.tlog.encoding import decode_base64
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import parse_verifier_key
from siglab_clients.tlog.proofs import verify_inclusion

blp = Blueprint("event", __name__)

#: Who corrects acts of others; a measured mass is put right by one of them who did not tell it.
_OVERSEERS = (Role.CUSTODIAN, Role.REVIEWER)
_MASSES = frozenset({"net_mass_mg", "mass_g", "uncertainty_mg"})


@blp.get("/items/<item_id>/events/<int:sequence>")
def show(item_id: str, sequence: int) -> str:
    """The entry."""
    return _page(item_id, sequence)


@blp.post("/items/<item_id>/events/<int:sequence>/correct")
def correct(item_id: str, sequence: int) -> Response | tuple[str, int]:
    """Corrects one field of it by a new, signed act."""
    event = _event(item_id, sequence)
    name = text("correct-field") or ""
    body = {
        "event_id": event["id"],
        "reason": text("correct-reason") or "",
        "corrected": {name: as_before(said_by(event).get(name), text("correct-right"))} if name else {},
        "password": secret("correct-password"),
    }
    said = ask("POST", f"/items/{quote(item_id, safe='')}/corrections", body)
    if said.ok:
        flash(f"Corrected by no. {said.json['sequence']}; no. {sequence} stays as it was.", "success")
        return redirect(f"/items/{item_id}#no-{said.json['sequence']}", code=303)
    errors = form_errors(said, "correct-", ("reason", "password", f"corrected-{name}", "corrected"))
    for error in errors:
        if error["field"].startswith("correct-corrected"):
            error["field"] = "correct-right"
    return _page(item_id, sequence, errors), 422


def _page(item_id: str, sequence: int, errors: list[dict[str, str]] | None = None) -> str:
    event, person = _event(item_id, sequence), current_person()
    proof = None
    if event["index"] is not None:
        said = ask("GET", f"/ledger/events/{event['index']}/proof")
        proof = said.json if said.ok else None
    return render_template(
        "pages/event.html",
        item=get(f"/items/{item_id}"),
        event=event,
        proof=proof,
        verdict=_verdict(event, proof),
        fields=[] if person is None else correctable(event, person.actor),
        errors=errors,
        form=request.form,
    )


def _event(item_id: str, sequence: int) -> dict[str, Any]:
    found = next((row for row in every(f"/items/{item_id}/events") if row["sequence"] == sequence), None)
    if found is None:
        abort(404)
    return dict(found)


def _verdict(event: dict[str, Any], proof: dict[str, Any] | None) -> dict[str, Any]:
    """What the proof shows when it is computed again from the leaf to the signed head; nothing for a record that was changed."""
    if not event["intact"]:
        words = "Not proved: what stands here is not what was recorded. The log's entry is of another record."
        if event["index"] is None:
            words = "Not proved: what stands here is not what was recorded."
        return {"holds": False, "words": words}
    if proof is None:
        return {
            "holds": False,
            "words": "It waits for its place in the log; load this page again in a few seconds.",
        }
    error = proof_holds(proof, ask("GET", "/ledger/key").raw.body.decode())
    if error is not None:
        return {"holds": False, "words": f"The proof does not hold: {error}."}
    words = (
        f"Checked now: its leaf is entry {event['index']} of the signed log of {proof['size']} entries. "
        "The laboratory held the record against its leaf; that the leaf stands for this record is shown to others by the "
        "evidence bundle, which holds the salt."
    )
    return {"holds": True, "words": words}


def proof_holds(proof: dict[str, Any], key: str) -> str | None:
    """Why a proof does not lead from its leaf to the head that the key signed; None where it does."""
    try:
        head = open_checkpoint(proof["checkpoint"].encode(), parse_verifier_key(key))
        hashes = [decode_base64(each) for each in proof["hashes"]]
        verify_inclusion(proof["index"], head.size, decode_base64(proof["leaf_hash"]), hashes, head.root)
    except (EvidenceError, ValueError) as error:
        return str(error)
    return None if head.size == proof["size"] else f"the signed head is of {head.size} entries"


def said_by(event: dict[str, Any]) -> dict[str, Any]:
    """What an act says, by the name of the field; a correction says what is right."""
    details = event["details"]
    said = details.get("corrected", {}) if event["type"] == "corrected" else details
    return {**said, "occurred_at": event["occurred_at"], "purpose": event["purpose"]}


def correctable(event: dict[str, Any], actor: Actor) -> list[tuple[str, str]]:
    """(name, words) of what this person may say was written wrongly; empty where they may correct nothing."""
    own, overseer = event["actor"] == actor.login, actor.role in _OVERSEERS
    if actor.role not in LABORATORY or not (own or overseer):
        return []
    said = said_by(event)
    return [
        (name, f"{name.replace('_', ' ')}: {said[name]}")
        for name in event["correctable"]
        if said[name] is not None and (name not in _MASSES or (overseer and not own))
    ]


def as_before(before: Any, given: str | None) -> Any:
    """What was typed, as a number or a yes where the record had one."""
    if given is None:
        return ""
    if isinstance(before, bool):
        return given.lower() in ("yes", "true")
    if isinstance(before, int | float):
        try:
            return type(before)(given.replace(",", "."))
        except ValueError:
            return given
    return given
