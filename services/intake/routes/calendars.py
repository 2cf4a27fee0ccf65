"""Calendars of offices and of the laboratory over HTTP."""

from typing import Any

from services.intake.schemas_limits import CalendarSchema, NewCalendarSchema
from services.intake.service import calendars
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.etags import etag_of

blp = Blueprint("calendars", __name__, description="Working days of offices and of the laboratory (LAB)")

Tagged = tuple[dict[str, Any], int, dict[str, str]]
_TAG = {"ETag": {"schema": {"type": "string"}, "description": "the version, for If-Match"}}


def _tagged(found: dict[str, Any]) -> Tagged:
    return found, 200, {"ETag": etag_of(calendars.tag_id(found["code"]), found["version"])}


@blp.get("/offices/<code>/calendar")
@blp.response(200, CalendarSchema, headers=_TAG)
def get_calendar(code: str) -> Tagged:
    """The calendar of an office, or of the laboratory (LAB)."""
    return _tagged(calendars.get_calendar(context.actor(), context.uow(), code))


@blp.put("/offices/<code>/calendar")
@blp.arguments(NewCalendarSchema)
@blp.response(200, CalendarSchema, headers=_TAG)
def put_calendar(body: dict[str, Any], code: str) -> Tagged:
    """Sets a calendar; needs If-Match."""
    return _tagged(calendars.put_calendar(context.actor(), context.uow(), code, body, now=context.now()))
