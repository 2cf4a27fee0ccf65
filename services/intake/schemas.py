"""Bodies and answers of intake's API."""

from datetime import UTC, date, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.intake.domain.countries import COUNTRIES
from shared.http import context
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Number, Schema, Text, Timestamp, Whole, Word

KINDS = ("seizure", "authentic")
STATES = ("draft", "dispatched", "partially_received", "received")
MOST_LINES = 5000
HEAVIEST_G = 10_000_000.0


class PastDate(fields.Date):
    """A calendar date that is not in the future and not before 1970."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        found = super()._deserialize(value, attr, data, **kwargs)
        assert isinstance(found, date)
        if found > datetime.now(UTC).date():
            hint = f" Did you mean {found.year - 543} (B.E. {found.year})?" if found.year > 2400 else ""
            raise ValidationError(f"This date lies in the future.{hint}")
        if found.year < 1970:
            raise ValidationError("This date lies before 1970.")
        return found


class StoredPastDate(PastDate):
    """A past date within a part that is kept as JSON, where it stands as text already."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value if isinstance(value, str) else None


class Country(Word):
    """ISO 3166-1 alpha-2."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        code = super()._deserialize(value, attr, data, **kwargs)
        if code not in COUNTRIES:
            raise ValidationError(
                f"{code[:20]!r} is not a country code; write two letters as MX (ISO 3166-1 alpha-2)."
            )
        return code


class ProgrammeId(Word):
    """A programme that exists, by its id."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        programme = super()._deserialize(value, attr, data, **kwargs)
        if not context.runtime().extras["programmes"].knows(programme):
            raise ValidationError(f"There is no programme {programme[:20]!r}.")
        return programme


class OfficeSchema(Schema):
    """A submitting office."""

    code = fields.String(
        required=True, validate=validate.Regexp(r"^[A-Z]{2,8}$", error="Two to eight capital letters.")
    )
    name = Word(required=True)
    country = Country(required=True)


OfficeList = list_schema(OfficeSchema)


class AuthenticSchema(Schema):
    """What is known of an authentic's origin."""

    collected_on = StoredPastDate(required=True)
    country = Country(required=True)
    region = Word(required=True)
    latitude = Number(least=-90, most=90, allow_none=True)
    longitude = Number(least=-180, most=180, allow_none=True)
    source_type = Word(required=True)
    claimed_class = Word(required=True)
    collected_by = Word(required=True)


class TransitSchema(Schema):
    """One country on the way."""

    country = Country(required=True)
    opportunity = Word()
    source = Word()
    confidence = Word()


class SeizureSchema(Schema):
    """What cannot be learnt later about the seizure."""

    id = Word()
    reason = fields.String(validate=validate.OneOf(["all", "random", "chosen", "case"]))
    stage = Word()
    stream = Word()
    concealment = Word()
    departure = Word()
    transits = fields.List(fields.Nested(TransitSchema), validate=validate.Length(max=50))
    destination = Word()
    total_mass_g = Number(above=0, most=1e12)
    units = Whole(least=1)
    marks = Text(least=0)


class HandlingSchema(Schema):
    """Who may see it."""

    tlp = fields.String(validate=validate.OneOf(["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]))
    handling_code = Word()
    release_to = fields.List(Word(), validate=validate.Length(max=200))
    caveats = fields.List(Text(), validate=validate.Length(max=50))


class LineSchema(Schema):
    """One announced exhibit."""

    line = Whole(least=1, most=100_000, required=True)
    programme = ProgrammeId(allow_none=True, load_default=None)
    description = Text(required=True)
    physical_form = Word(required=True)
    gross_mass_g = Number(above=0, most=HEAVIEST_G, required=True)
    seal_number = Word(required=True)
    case_number = Word(allow_none=True)
    seized_on = PastDate(allow_none=True)
    seized_country = Country(allow_none=True)
    authentic = fields.Nested(AuthenticSchema, allow_none=True)
    seizure = fields.Nested(SeizureSchema, allow_none=True)
    handling = fields.Nested(HandlingSchema, allow_none=True)


class NewSubmissionSchema(Schema):
    """A submission as an office writes it."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    courier = Word(required=True)
    tracking_number = Word(required=True)
    seal_numbers = fields.List(Word(), required=True, validate=validate.Length(max=200))
    items = fields.List(
        fields.Nested(LineSchema), required=True, validate=validate.Length(min=1, max=MOST_LINES)
    )

    @validates_schema(skip_on_field_errors=False)
    def check_lines(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Lines are numbered once, and an authentic says where it comes from."""
        errors = line_errors(data.get("items"), data.get("kind"))
        if errors:
            raise ValidationError({"items": errors})


class ChangedSubmissionSchema(Schema):
    """Changes to a draft; `items` replaces all lines."""

    courier = Word()
    tracking_number = Word()
    seal_numbers = fields.List(Word(), validate=validate.Length(max=200))
    items = fields.List(fields.Nested(LineSchema), validate=validate.Length(min=1, max=MOST_LINES))

    @validates_schema(skip_on_field_errors=False)
    def check_lines(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Lines are numbered once."""
        errors = line_errors(data.get("items"), None)
        if errors:
            raise ValidationError({"items": errors})


def line_errors(items: Any, kind: Any) -> dict[int, dict[str, list[str]]]:
    """Errors that show only between lines or against the kind: {place: {field: [message]}}."""
    errors: dict[int, dict[str, list[str]]] = {}
    seen: set[int] = set()
    for place, item in enumerate(items if isinstance(items, list) else []):
        number = item.get("line") if isinstance(item, dict) else None
        if not isinstance(number, int):
            continue
        if number in seen:
            errors.setdefault(place, {})["line"] = [f"Line {number} stands twice."]
        seen.add(number)
        if kind == "authentic" and item.get("authentic") is None:
            errors.setdefault(place, {})["authentic"] = ["An authentic needs its known origin."]
        if kind == "seizure" and item.get("authentic") is not None:
            errors.setdefault(place, {})["authentic"] = [
                "Only authentics have a known origin; send them as kind authentic."
            ]
    return errors


class SubmissionSchema(Schema):
    """A submission as it stands."""

    id = fields.String()
    number = fields.String()
    office = fields.String()
    kind = fields.String()
    state = fields.String()
    courier = fields.String()
    tracking_number = fields.String()
    seal_numbers = fields.List(fields.String())
    items = fields.List(fields.Nested(LineSchema))
    created_by = fields.String()
    created_at = Timestamp()
    dispatched_at = Timestamp(allow_none=True)


SubmissionList = list_schema(SubmissionSchema)


class SubmissionQuery(ListQuery):
    """Filters of the list of submissions."""

    q = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    office = fields.String()


class PeriodQuery(Schema):
    """A period of whole days, both ends included."""

    from_ = fields.Date(data_key="from", required=True)
    to = fields.Date(required=True)


def load_totals(body: Any) -> dict[str, int]:
    """{programme: number of seizures}; raises ValidationError that names each wrong entry."""
    if not isinstance(body, dict):
        raise ValidationError("Send an object of programme and number of seizures.")
    errors: dict[str, list[str]] = {}
    for name, count in body.items():
        try:
            ProgrammeId().deserialize(name)
            Whole(most=10**9).deserialize(count)
        except ValidationError as error:
            errors[name] = [str(message) for message in error.messages]
    if errors:
        raise ValidationError(errors)
    return body
