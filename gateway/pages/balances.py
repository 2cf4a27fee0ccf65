"""The register of balances: until when each is calibrated, and a label of each for the scanner at the weighing form."""

from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from gateway.pages.codes import bare
from gateway.pages.forms import number, text
from gateway.pages.place_label import place_label
from gateway.pages.session import ask, current_person, every, form_errors
from shared.actor import LABORATORY, Role

blp = Blueprint("balances", __name__)

#: What stands before the id in a balance's own symbol.
BALANCE_PREFIX = "BAL:"
_READERS = (*LABORATORY, Role.AUDITOR, Role.ADMIN)
_SOON_DAYS = 30
_CALIBRATION = ("calibrated_on", "next_due", "certificate")
_NEW = ("name", "serial_number", "readability_mg", "repeatability_mg", *_CALIBRATION)


def all_balances() -> list[dict[str, Any]]:
    """The register, each with `standing` (in_calibration, due_soon, overdue), `days` to its due date and a `choice` for lists."""
    today = datetime.now(UTC).date()
    rows = every("/balances")
    for row in rows:
        row["days"] = (date.fromisoformat(row["next_due"]) - today).days
        soon = row["days"] <= _SOON_DAYS
        row["standing"] = "overdue" if not row["in_calibration"] else "due_soon" if soon else "in_calibration"
        until = "OVERDUE since" if not row["in_calibration"] else "calibrated to"
        row["choice"] = (row["name"], f"no. {row['serial_number']}, {until} {row['next_due']}")
    return rows


def balance_named(typed: str) -> str:
    """The name of the balance that a label, a serial number or a name means; what means none goes on as it is."""
    code = bare(typed)
    if not code:
        return ""
    rows = every("/balances")
    if code.upper().startswith(BALANCE_PREFIX):
        wanted = code[len(BALANCE_PREFIX) :].casefold()
        return next((str(row["name"]) for row in rows if row["id"].casefold() == wanted), code)
    for name in ("name", "serial_number"):
        for row in rows:
            if row[name].casefold() == code.casefold():
                return str(row["name"])
    return code


@blp.get("/balances")
def show() -> str:
    """The register, the overdue first."""
    _role(*_READERS)
    return _register()


@blp.post("/balances")
def add() -> BaseResponse | tuple[str, int]:
    """An administrator adds one with its first calibration."""
    _role(Role.ADMIN)
    body = {
        "name": text("name") or "",
        "serial_number": text("serial_number") or "",
        "readability_mg": number("readability_mg"),
        "repeatability_mg": number("repeatability_mg"),
        **_calibration(),
    }
    said = ask("POST", "/balances", {name: value for name, value in body.items() if value is not None})
    if not said.ok:
        return _register(form_errors(said, "", _NEW)), 422
    flash(f"{said.json['name']} is in the register.", "success")
    return redirect(f"/balances/{said.json['id']}", code=303)


@blp.get("/balances/<balance_id>")
def one(balance_id: str) -> str:
    """One balance with all its calibrations."""
    _role(*_READERS)
    return _page(balance_id)


@blp.post("/balances/<balance_id>/calibrations")
def calibrate(balance_id: str) -> BaseResponse | tuple[str, int]:
    """An administrator enters a calibration that was done."""
    _role(Role.ADMIN)
    body = {name: value for name, value in _calibration().items() if value is not None}
    said = ask("POST", f"/balances/{_existing(balance_id)['id']}/calibrations", body)
    if not said.ok:
        return _page(balance_id, form_errors(said, "", _CALIBRATION)), 422
    flash(f"Entered; the next calibration is due {said.json['next_due']}.", "success")
    return redirect(f"/balances/{balance_id}", code=303)


@blp.get("/balances/<balance_id>/label.pdf")
def label(balance_id: str) -> Response:
    """The balance's own symbol; scanned at the weighing form it chooses the balance."""
    _role(*_READERS)
    found = _existing(balance_id)
    words = f"{found['name']}, no. {found['serial_number']}"
    return Response(place_label(f"{BALANCE_PREFIX}{found['id']}", words), mimetype="application/pdf")


def _register(errors: list[dict[str, str]] | None = None) -> str:
    rows = sorted(all_balances(), key=lambda row: (row["in_calibration"], row["next_due"], row["name"]))
    return render_template("pages/balances.html", rows=rows, errors=errors, form=request.form)


def _page(balance_id: str, errors: list[dict[str, str]] | None = None) -> str:
    found = _existing(balance_id)
    return render_template("pages/balance.html", b=found, errors=errors, form=request.form)


def _existing(balance_id: str) -> dict[str, Any]:
    found = next((row for row in all_balances() if row["id"] == balance_id), None)
    if found is None:
        abort(404)
    return found


def _calibration() -> dict[str, Any]:
    return {
        "calibrated_on": text("calibrated_on") or "",
        "next_due": text("next_due") or "",
        "certificate": text("certificate"),
    }


def _role(*roles: Role) -> None:
    person = current_person()
    if person is None or person.actor.role not in roles:
        abort(404)
