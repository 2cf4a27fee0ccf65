"""Where raw files lie: what the stores guarantee, whether their locks hold, how the scrub goes on, and what it found."""

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.forms import done, text
from gateway.pages.session import ask, current_person, get
from shared.actor import Role

blp = Blueprint("store", __name__)

_MAY_SEE = (Role.AUDITOR, Role.REVIEWER, Role.CUSTODIAN, Role.ADMIN)
_MAY_ASK = (Role.CUSTODIAN, Role.ADMIN)
_MAY_CLOSE = (Role.CUSTODIAN, Role.REVIEWER)


@blp.get("/store")
def store() -> str:
    """The page of the stores; it does not exist for those who may not see it."""
    person = current_person()
    if person is None or person.actor.role not in _MAY_SEE:
        abort(404)
    found = get("/store/findings", limit=50, cursor=request.args.get("cursor"))
    return render_template(
        "pages/store.html",
        told=get("/store"),
        scrub=get("/store/scrub"),
        open=get("/store/findings", open="true", limit=100)["items"],
        closed=[row for row in found["items"] if row["closed_at"]],
        next_url=f"/store?cursor={found['next']}" if found["next"] else None,
        may_ask=person.actor.role in _MAY_ASK,
        may_close=person.actor.role in _MAY_CLOSE,
    )


@blp.post("/store/scrub")
def ask_for_round() -> Response:
    """Begins a round."""
    return done(ask("POST", "/store/scrub", {}), "A round goes on; the page tells how far it is.", "/store")


@blp.post("/store/findings/<finding_id>/closing")
def close(finding_id: str) -> Response:
    """Says what became of a finding."""
    said = ask("POST", f"/store/findings/{finding_id}/closing", {"reason": text("reason") or ""})
    return done(said, "Closed; the finding stays on record.", "/store")
