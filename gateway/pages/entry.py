"""From the code on a report to the entry of the log that holds its release, for everybody who has the report."""

from urllib.parse import quote

from flask import Blueprint, abort, redirect, render_template
from werkzeug.wrappers import Response

from gateway.pages.event import proof_holds
from gateway.pages.session import ask, ask_openly, current_person, every

blp = Blueprint("entry", __name__)
#: The release is what the report was made by; before there is one, the proposal.
_KINDS = ("result_released", "result_rejected", "result_amended", "result_proposed")


@blp.get("/results/<result_id>/entry")
def show(result_id: str) -> Response | str:
    """The event of this result's release for those who may see the result; for all others its entry and proof alone.

    A stranger learns the number of the entry, its hash and the way to the signed head, and nothing of the case.
    """
    said = ask("GET", f"/results/{quote(result_id, safe='')}") if current_person() is not None else None
    if said is None or not said.ok:
        return _of_the_log(result_id)
    found = said.json
    events = [
        event
        for event in every(f"/items/{found['item_id']}/events")
        if event["details"].get("result_id") == result_id and event["type"] in _KINDS
    ]
    if not events:
        abort(404)
    event = min(events, key=lambda each: _KINDS.index(each["type"]))
    return redirect(f"/items/{found['item_id']}/events/{event['sequence']}", code=303)


def _of_the_log(result_id: str) -> str:
    said = ask_openly(f"/ledger/releases/{quote(result_id, safe='')}/proof")
    if not said.ok:
        abort(404 if said.status == 404 else 503, said.detail)
    error = proof_holds(said.json, ask_openly("/ledger/key").raw.body.decode())
    return render_template("pages/entry.html", proof=said.json, error=error)
