"""Bodies and answers of intake's API."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.intake.domain.check_lines import number_errors, origin_errors
from services.intake.domain.countries import COUNTRIES
from shared.actor import Role, require
from shared.errors import FieldError
from shared.http import context
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Number, OccurredAt, Schema, Text, Timestamp, Whole, Word

KINDS = ("seizure", "authentic")
STATES = ("draft", "dispatched", "partially_received", "received")
MOST_LINES = 5000
#: A microgram and ten tonnes: less is not weighed, more is no exhibit.
LIGHTEST_G, HEAVIEST_G = 0.000001, 10_000_000.0
PROGRAMME_ID = re.compile(r"[A-Z][A-Z0-9_]{1,15}\Z")
_FIRST_ZONE = timedelta(hours=14)


class PastDate(fields.Date):
    """A calendar date not before 1970 that has begun somewhere on Earth: an office east of Greenwich is a day ahead of UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        found = super()._deserialize(value, attr, data, **kwargs)
        assert isinstance(found, date)
        if found > (datetime.now(UTC) + _FIRST_ZONE).date():
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
    """The id of a programme; whether there is one is asked for all ids of a body at once (`unknown_programmes`)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        words = "A programme's id has 2 to 16 capital letters, digits and underscores, a letter first."
        self.validators = [validate.Regexp(PROGRAMME_ID, error=words), *self.validators]


def unknown_programmes(names: Iterable[Any]) -> set[str]:
    """Those of the well-formed ids that no programme has. Asks for offices alone: a stranger must not make us ask others."""
    require(context.actor(), Role.OFFICE)
    formed = {name for name in names if isinstance(name, str) and PROGRAMME_ID.fullmatch(name)}
    found = context.runtime().extras["programmes"].unknown(formed)
    assert isinstance(found, set)
    return found


class OfficeSchema(Schema):
    """A submitting office."""

    code = fields.String(
        required=True,
        validate=[
            validate.Regexp(r"^[A-Z]{2,8}$", error="Two to eight capital letters."),
            validate.NoneOf(["LAB"], error="LAB stands for the laboratory itself."),
        ],
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
    gross_mass_g = Number(least=LIGHTEST_G, most=HEAVIEST_G, required=True)
    seal_number = Word(required=True)
    case_number = Word(allow_none=True)
    seized_on = PastDate(allow_none=True)
    seized_country = Country(allow_none=True)
    authentic = fields.Nested(AuthenticSchema, allow_none=True)
    seizure = fields.Nested(SeizureSchema, allow_none=True)
    handling = fields.Nested(HandlingSchema, allow_none=True)


class WithLines(Schema):
    """What holds between the lines of one body, told together with every wrong field."""

    items = fields.List(fields.Nested(LineSchema), validate=validate.Length(min=1, max=MOST_LINES))

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_lines(self, data: Any, original: Any, **kwargs: Any) -> None:
        """Lines are numbered once, their programmes exist, and an authentic says where it comes from."""
        items = original.get("items") if isinstance(original, dict) else None
        items = items[:MOST_LINES] if isinstance(items, list) else []
        errors = number_errors(items) + origin_errors(original.get("kind"), items) if items else []
        named = {place: item["programme"] for place, item in enumerate(items) if _names_programme(item)}
        unknown = unknown_programmes(named.values())
        for place, name in named.items():
            if name in unknown:
                message = f"There is no programme {name!r}."
                errors.append(FieldError(pointer=f"/items/{place}/programme", message=message))
        if errors:
            raise ValidationError(nested_messages(errors))


class NewSubmissionSchema(WithLines):
    """A submission as an office writes it."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    courier = Word(required=True)
    tracking_number = Word(required=True)
    seal_numbers = fields.List(Word(), required=True, validate=validate.Length(max=200))
    items = fields.List(
        fields.Nested(LineSchema), required=True, validate=validate.Length(min=1, max=MOST_LINES)
    )


class ChangedSubmissionSchema(WithLines):
    """Changes to a draft; `items` replaces all lines."""

    courier = Word()
    tracking_number = Word()
    seal_numbers = fields.List(Word(), validate=validate.Length(max=200))


def _names_programme(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("programme"), str)


def nested_messages(errors: Iterable[FieldError]) -> dict[Any, Any]:
    """Errors by JSON pointer as marshmallow nests its own, so that both are told in one answer."""
    found: dict[Any, Any] = {}
    for error in errors:
        *path, last = [int(step) if step.isdigit() else step for step in error["pointer"].split("/")[1:]]
        place = found
        for step in path:
            place = place.setdefault(step, {})
        place.setdefault(last, []).append(error["message"])
    return found


class DispatchSchema(Schema):
    """When the parcel left."""

    occurred_at = OccurredAt()


class SubmittedLineSchema(LineSchema):
    """A line and what became of it; `outcome` is null until a receipt names it."""

    outcome = fields.String(allow_none=True)
    exhibit_id = fields.String(allow_none=True)


class SubmissionSummarySchema(Schema):
    """A submission in a list: with the number of its lines instead of the lines."""

    id = fields.String()
    number = fields.String()
    office = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    state = fields.String(validate=validate.OneOf(STATES))
    courier = fields.String()
    tracking_number = fields.String()
    seal_numbers = fields.List(fields.String())
    item_count = fields.Integer()
    created_by = fields.String()
    created_at = Timestamp()
    dispatched_by = fields.String(allow_none=True)
    dispatched_at = Timestamp(allow_none=True)
    arrived_at = Timestamp(allow_none=True, metadata={"description": "when its last parcel came"})


class SubmissionSchema(SubmissionSummarySchema):
    """A submission as it stands."""

    items = fields.List(fields.Nested(SubmittedLineSchema))


SubmissionList = list_schema(SubmissionSummarySchema)


class SubmissionQuery(ListQuery):
    """Filters of the list of submissions; `q` is a submission's or a tracking number."""

    q = fields.String(validate=validate.Length(max=200))
    state = fields.String(validate=validate.OneOf(STATES))
    kind = fields.String(validate=validate.OneOf(KINDS))
    office = fields.String(validate=validate.Length(max=200))
    receipt = fields.String(
        validate=validate.OneOf(["awaited"]),
        metadata={"description": "awaited: sent, and a line of it was never decided by a receipt"},
    )


class PeriodQuery(Schema):
    """A period of whole days, both ends included."""

    from_ = fields.Date(data_key="from", required=True)
    to = fields.Date(required=True)


def load_totals(body: Any) -> dict[str, int]:
    """{programme: number of seizures}; raises ValidationError that names each wrong entry."""
    if not isinstance(body, dict):
        raise ValidationError("Send an object of programme and number of seizures.")
    unknown = unknown_programmes(body)
    errors: dict[str, list[str]] = {}
    for name, count in body.items():
        try:
            ProgrammeId().deserialize(name)
            Whole(most=10**9).deserialize(count)
        except ValidationError as error:
            errors[name] = [str(message) for message in error.messages]
        if name in unknown:
            errors[name] = [f"There is no programme {name!r}."]
    if errors:
        raise ValidationError(errors)
    return body
