"""Calendars: which days are working days at an office, and at the laboratory itself (code LAB)."""

from datetime import datetime
from typing import Any

from services.intake import repository
from services.intake import repository_limits as limits
from services.intake.domain.weekdays import WEEKDAYS
from services.intake.models_limits import Calendar
from services.intake.service.offices import READERS
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound
from shared.http.etags import require_match

#: The laboratory among the offices; no office may have this code.
LABORATORY = "LAB"
_DEFAULT: dict[str, Any] = {"time_zone": "UTC", "weekend": list(WEEKDAYS[5:]), "holidays": []}


def get_calendar(actor: Actor, uow: UnitOfWork, code: str) -> dict[str, Any]:
    """The calendar that holds now; version 0, UTC with Saturday and Sunday off, where none was ever set."""
    require(actor, *READERS)
    _require_known(actor, uow, code)
    return describe(code, limits.calendar(uow.session, code))


def put_calendar(
    actor: Actor, uow: UnitOfWork, code: str, body: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Sets a calendar anew against the version that the caller has seen (If-Match); the earlier version stays on record."""
    require(actor, Role.ADMIN)
    _require_known(actor, uow, code)
    limits.lock_calendar(uow.session, code)
    found = limits.calendar(uow.session, code)
    version = 0 if found is None else found.version
    require_match(tag_id(code), version)
    holidays = [{"date": day["date"].isoformat(), "name": day["name"]} for day in body["holidays"]]
    row = Calendar(
        code=code,
        version=version + 1,
        time_zone=body["time_zone"],
        weekend=sorted(body["weekend"], key=WEEKDAYS.index),
        holidays=sorted(holidays, key=lambda day: day["date"]),
        changed_by=actor.login,
        changed_at=now,
    )
    uow.session.add(row)
    uow.session.flush()
    return describe(code, row)


def tag_id(code: str) -> str:
    """What a calendar's entity tag is made of, beside the version."""
    return f"calendar-{code}"


def describe(code: str, row: Calendar | None) -> dict[str, Any]:
    """A calendar as it is answered."""
    if row is None:
        return {"code": code, **_DEFAULT, "version": 0, "changed_by": None, "changed_at": None}
    names = ("code", "version", "time_zone", "weekend", "holidays", "changed_by", "changed_at")
    return {name: getattr(row, name) for name in names}


def _require_known(actor: Actor, uow: UnitOfWork, code: str) -> None:
    """The laboratory's calendar is everybody's to read; an office knows itself and no other (E30)."""
    if code == LABORATORY:
        return
    if actor.role is Role.OFFICE and actor.office != code:
        raise NotFound(f"There is no office {code!r}.")
    repository.office(uow.session, code)
