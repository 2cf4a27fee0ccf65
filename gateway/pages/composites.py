"""A composite on a page: pick or scan what goes in, tell each portion, look at the mass balance, then make it."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.balances import all_balances, balance_named
from gateway.pages.forms import moment, number, text
from gateway.pages.scanned import Scanned, read_scanned
from gateway.pages.session import Said, ask, ask_beforehand, current_person, every, field_errors
from shared.actor import Role

blp = Blueprint("composites", __name__)

_MAY = (Role.CUSTODIAN, Role.TECHNICIAN)
_COMMON = ("submission_id", "programme", "kind")
Item = dict[str, Any]


@blp.get("/composites/new")
def new() -> str:
    """The form; `item` is on its list from the start."""
    mine = _mine()
    found = Scanned()
    first = mine.get(request.args.get("item", ""))
    if first is not None:
        found.items.append({"id": first["id"], "number": first["number"]})
    return _page(found, mine)


@blp.post("/composites/new")
def make() -> Response | tuple[str, int] | str:
    """One more on the list, one less, the balance beforehand, or the composite itself."""
    mine = _mine()
    found = read_scanned(lambda item: None, extra=request.form.get("pick", ""))
    do = request.form.get("do")
    # As it was sent, before anything is looked up: the same form sent twice gets the first answer again.
    said = ask("POST", "/composites", _body(found)) if do == "make" and not found.wrong else None
    if said is not None and said.ok:
        flash(f"The composite {said.json['number']} is made; you hold it.", "success")
        return redirect(f"/items/{said.json['id']}", code=303)
    _refuse_others(found, mine)
    if said is not None and not found.wrong:
        preview = ask_beforehand("/composites/preview", _body(found))
        told = preview.json if preview.ok else None
        return _page(found, mine, preview=told, errors=_errors(said, found)), 422
    if do not in ("preview", "make"):
        return _page(found, mine)
    if found.wrong:
        return _page(found, mine, errors=[{"field": "scan", "message": words} for words in found.wrong]), 422
    if len(found.items) < 2:
        words = "A composite is made of at least two items: scan or pick another."
        return _page(found, mine, errors=[{"field": "scan", "message": words}]), 422
    said = ask_beforehand("/composites/preview", _body(found))
    if not said.ok:
        return _page(found, mine, errors=_errors(said, found)), 422
    preview = said.json
    short = [
        {"field": f"mass-{part['item_id']}", "message": f"{part['number']}: {part['problem']}"}
        for part in preview["parts"]
        if part["problem"]
    ]
    return _page(found, mine, preview=preview, errors=short or None), 422 if short else 200


def _body(found: Scanned) -> dict[str, Any]:
    balance = balance_named(text("balance") or "")
    parts = []
    for row in found.items:
        own = number(f"uncertainty-{row['id']}")
        told = {
            "net_mass_mg": number(f"mass-{row['id']}"),
            "uncertainty_mg": number("uncertainty") if own is None else own,
            "balance": balance or None,
        }
        parts.append(
            {"item_id": row["id"], **{name: value for name, value in told.items() if value is not None}}
        )
    body: dict[str, Any] = {"parts": parts, "purpose": text("purpose") or ""}
    happened = moment("occurred_at")
    return {**body, "occurred_at": happened} if happened else body


def _errors(said: Said, found: Scanned) -> list[dict[str, str]]:
    """The API's errors at the portions' fields."""
    names = {"net_mass_mg": "mass", "uncertainty_mg": "uncertainty"}
    errors: list[dict[str, str]] = []
    for error in field_errors(said):
        place, _, field = error["field"].removeprefix("parts-").partition("-")
        if error["field"].startswith("parts-") and place.isdigit() and int(place) < len(found.items):
            row = found.items[int(place)]
            at = (
                "balance"
                if field in ("balance", "calibrated_on")
                else f"{names.get(field, 'mass')}-{row['id']}"
            )
            error = {"field": at, "message": f"{row['number']}: {error['message']}"}
        elif error["field"] not in ("purpose", "occurred_at"):
            error = {"field": "scan" if said.status == 409 else "", "message": error["message"]}
        errors.append(error)
    return errors


def _mine() -> dict[str, Item]:
    """What the person holds and may take portions of, by id; the page does not exist for who may not."""
    person = current_person()
    if person is None or person.actor.role not in _MAY:
        abort(404)
    rows = every("/items", holder=person.actor.login, state="in_custody")
    return {row["id"]: row for row in rows if not row["blocked"] and not row["on_hold"]}


def _refuse_others(found: Scanned, mine: dict[str, Item]) -> None:
    """Takes off the list what the person does not hold or what is of another population than the first."""
    kept: list[dict[str, str]] = []
    for row in found.items:
        item = mine.get(row["id"])
        reason = _reason(row["number"], item, mine.get(kept[0]["id"]) if kept else None)
        if reason is None:
            kept.append(row)
        else:
            found.wrong.append(reason)
            found.said = [words for words in found.said if not words.startswith(f"{row['number']}:")]
    found.items = kept


def _reason(number: str, item: Item | None, first: Item | None) -> str | None:
    if item is None:
        return f"{number} is not in your hands, or waits for a reviewer, or is on hold."
    if item["remaining"] is None:
        return f"{number} has no net mass yet: weigh it first."
    other = [name.removesuffix("_id") for name in _COMMON if first is not None and item[name] != first[name]]
    if first is not None and other:
        return f"{number} is of another {', '.join(other)} than {first['number']}: a composite is of one population."
    return None


def _page(
    found: Scanned,
    mine: dict[str, Item],
    *,
    preview: dict[str, Any] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> str:
    first = mine.get(found.ids[0]) if found.items else None
    fitting = [
        row
        for row in mine.values()
        if row["id"] not in found.ids and _reason(row["number"], row, first) is None
    ]
    return render_template(
        "pages/composite.html",
        found=found,
        mine=mine,
        fitting=sorted(fitting, key=lambda row: row["number"]),
        preview=preview,
        errors=errors,
        form=request.form,
        balances=all_balances(),
    )
