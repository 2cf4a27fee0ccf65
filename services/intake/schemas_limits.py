"""Bodies and answers of arrivals and calendars."""

import zoneinfo
from functools import lru_cache
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.intake.domain.compare_receipt import SEALS
from services.intake.domain.weekdays import WEEKDAYS
from shared.http.lists import list_schema
from shared.http.schemas import OccurredAt, Password, Schema, Text, Timestamp, Word

_MOST_HOLIDAYS = 1000


class NewArrivalSchema(Schema):
    """A closed parcel at the door."""

    arrived_at = OccurredAt()
    delivered_by = Word(required=True, metadata={"description": "the courier's person, as they sign"})
    seal_condition = fields.String(required=True, validate=validate.OneOf(SEALS))
    remarks = Text(least=0, load_default="")
    password = Password()


class ArrivalSignatureSchema(Schema):
    """The signature of who took the parcel, bound to the digest of the record (E16)."""

    login = fields.String()
    name = fields.String()
    role = fields.String()
    method = fields.String()
    at = fields.String()
    meaning = fields.String()
    record_sha256 = fields.String()


class ArrivalSchema(Schema):
    """An arrival as both ends see it."""

    id = fields.String()
    submission_id = fields.String()
    arrived_at = Timestamp()
    recorded_at = Timestamp()
    received_by = fields.String()
    received_by_name = fields.String()
    delivered_by = fields.String()
    seal_condition = fields.String(validate=validate.OneOf(SEALS))
    remarks = fields.String()
    signature = fields.Nested(
        ArrivalSignatureSchema,
        allow_none=True,
        metadata={"description": "null where it was recorded before arrivals were signed"},
    )


ArrivalList = list_schema(ArrivalSchema)


class TimeZone(Word):
    """An IANA time zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if name not in _zones():
            raise ValidationError(f"{name[:40]!r} is no time zone; write it as America/Bogota (IANA).")
        return name


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


class HolidaySchema(Schema):
    """A day on which nobody works."""

    date = fields.Date(required=True)
    name = Word(required=True)


class NewCalendarSchema(Schema):
    """Which days are working days."""

    time_zone = TimeZone(required=True)
    weekend = fields.List(
        fields.String(validate=validate.OneOf(WEEKDAYS)),
        required=True,
        validate=validate.Length(max=6, error="A week has at least one working day."),
    )
    holidays = fields.List(
        fields.Nested(HolidaySchema), required=True, validate=validate.Length(max=_MOST_HOLIDAYS)
    )

    @validates_schema
    def check_once(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Each day stands once."""
        if len(set(data["weekend"])) != len(data["weekend"]):
            raise ValidationError("A day of the week stands twice.", "weekend")
        days = [day["date"] for day in data["holidays"]]
        twice = sorted({day for day in days if days.count(day) > 1})
        if twice:
            raise ValidationError(f"The holiday {twice[0].isoformat()} stands twice.", "holidays")


class CalendarHolidaySchema(Schema):
    """A holiday as it is answered."""

    date = fields.String(required=True, metadata={"format": "date"})
    name = fields.String(required=True)


class CalendarSchema(Schema):
    """A calendar that holds; version 0 where none was ever set."""

    code = fields.String(required=True)
    time_zone = fields.String(required=True)
    weekend = fields.List(fields.String(validate=validate.OneOf(WEEKDAYS)), required=True)
    holidays = fields.List(fields.Nested(CalendarHolidaySchema), required=True)
    version = fields.Integer(required=True)
    changed_by = fields.String(required=True, allow_none=True)
    changed_at = Timestamp(required=True, allow_none=True)
