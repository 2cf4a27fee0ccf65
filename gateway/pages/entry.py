"""From the code on a report to the entry of the log that holds its release."""

from flask import Blueprint, abort, redirect
from werkzeug.wrappers import Response

from gateway.pages.session import every, get

blp = Blueprint("entry", __name__)
#: The release is what the report was made by; before there is one, the proposal.
_KINDS = ("result_released", "result_rejected", "result_amended", "result_proposed")


@blp.get("/results/<result_id>/entry")
def show(result_id: str) -> Response:
    """The event of this result's release, with its place in the log and its proof."""
    found = get(f"/results/{result_id}")
    events = [
        event
        for event in every(f"/items/{found['item_id']}/events")
        if event["details"].get("result_id") == result_id and event["type"] in _KINDS
    ]
    if not events:
        abort(404)
    event = min(events, key=lambda each: _KINDS.index(each["type"]))
    return redirect(f"/items/{found['item_id']}/events/{event['sequence']}", code=303)
