"""What must be kept and what is to be destroyed: open holds, and destructions on their way, as lists that lead to their items."""

from flask import Blueprint, abort, render_template

from gateway.pages.session import ask, current_person, items
from shared.actor import LABORATORY, Role

blp = Blueprint("holds", __name__)

#: So many of each are shown, the newest.
_MOST = 50


@blp.get("/holds")
def show() -> str:
    """Open holds; destructions asked for and authorised."""
    person = current_person()
    if person is None or person.actor.role not in (*LABORATORY, Role.AUDITOR):
        abort(404)
    lists = {
        "holds": items("/holds", limit=_MOST, open="true"),
        "asked": items("/disposals", limit=_MOST, state="requested"),
        "authorised": items("/disposals", limit=_MOST, state="authorised"),
        "done": items("/disposals", limit=20, state="executed"),
    }
    wanted = {row["item_id"] for rows in lists.values() for row in rows}
    numbers = {item_id: _number(item_id) for item_id in wanted}
    return render_template("pages/holds.html", **lists, numbers=numbers, most=_MOST)


def _number(item_id: str) -> str:
    said = ask("GET", f"/items/{item_id}")
    return str(said.json["number"]) if said.ok else item_id
