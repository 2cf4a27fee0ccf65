"""Working days: the calendars of the laboratory and of each office, read by many, set by administrators."""

import re
import zoneinfo
from functools import lru_cache
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.forms import text
from gateway.pages.session import Said, ask, ask_to_change, current_person, every, field_errors, for_role, get
from shared.actor import Role

blp = Blueprint("calendars", __name__)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LABORATORY = {"code": "LAB", "name": "The laboratory itself", "country": ""}
_LINE = re.compile(r"(\S+)\s*(.*)")


@blp.get("/calendars")
def show() -> str:
    """All calendars that the person may read."""
    rows = []
    for office in [LABORATORY, *every("/offices")]:
        said = ask("GET", f"/offices/{office['code']}/calendar")
        if said.ok:
            rows.append({**office, "calendar": said.json})
    return render_template("pages/calendars.html", rows=rows)


@blp.get("/calendars/<code>")
def one(code: str) -> str:
    """One calendar, with its form for an administrator."""
    return _page(code)


@blp.post("/calendars/<code>")
def change(code: str) -> Response | tuple[str, int]:
    """Sets it anew, against the version that the person has seen."""
    for_role(Role.ADMIN)
    lines = [line.strip() for line in (text("holidays") or "").splitlines()]
    numbered = [(place, line) for place, line in enumerate(lines, start=1) if line]
    holidays = []
    for _, line in numbered:
        found = _LINE.match(line)
        assert found is not None, "a line that is not empty"
        holidays.append({"date": found[1], "name": found[2].strip()})
    body = {
        "time_zone": text("time_zone") or "",
        "weekend": request.form.getlist("weekend"),
        "holidays": holidays,
    }
    tag = f'"calendar-{code}.{request.form.get("version", "")}"'
    said = ask_to_change("PUT", f"/offices/{code}/calendar", body, tag)
    if not said.ok:
        return _page(code, _errors(said, numbered)), 422
    flash(f"The calendar of {code} holds from now on; the one before stays on record.", "success")
    return redirect(f"/calendars/{code}", code=303)


def _errors(said: Said, numbered: list[tuple[int, str]]) -> list[dict[str, str]]:
    errors = field_errors(said)
    for error in errors:
        kind, _, rest = error["field"].partition("-")
        place = rest.partition("-")[0]
        if kind == "holidays" and place.isdigit() and int(place) < len(numbered):
            line, words = numbered[int(place)]
            missing = rest.endswith("name")
            what = "has no name" if missing else "begins with no date (2026-12-25)"
            error["message"] = f"Line {line}, “{words[:40]}”, {what}."
        error["field"] = kind if kind in ("time_zone", "weekend", "holidays") else ""
    return errors


def _page(code: str, errors: list[dict[str, str]] | None = None) -> str:
    calendar = get(f"/offices/{code}/calendar")
    person = current_person()
    may = person is not None and person.actor.role is Role.ADMIN
    shown: dict[str, Any] = {
        **calendar,
        "holidays": "\n".join(f"{day['date']} {day['name']}" for day in calendar["holidays"]),
    }
    return render_template(
        "pages/calendar.html",
        calendar=calendar,
        name=LABORATORY["name"] if code == LABORATORY["code"] else f"Office {code}",
        weekdays=WEEKDAYS,
        zones=_zones() if may else [],
        may=may,
        errors=errors,
        form=shown if errors is None else request.form,
        off=calendar["weekend"] if errors is None else request.form.getlist("weekend"),
    )


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    return sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC")
