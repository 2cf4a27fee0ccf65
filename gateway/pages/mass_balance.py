"""The mass balance of an item's whole tree on a page of its own: what came, went and is left, and where it does not close."""

from flask import Blueprint, render_template

from gateway.pages.session import get

blp = Blueprint("mass_balance", __name__)


@blp.get("/items/<item_id>/balance")
def show(item_id: str) -> str:
    """The tree with masses and uncertainties."""
    item, balance = get(f"/items/{item_id}"), get(f"/items/{item_id}/balance")
    rows = balance["items"]
    return render_template(
        "pages/mass_balance.html",
        item=item,
        balance=balance,
        open=[row for row in rows if row["received"] is not None and not row["closes"]],
        unweighed=[row for row in rows if row["received"] is None],
    )
