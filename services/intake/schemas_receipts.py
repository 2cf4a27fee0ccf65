"""Bodies and answers around receipt: receipts, exhibits, discrepancies."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.intake.domain.compare_receipt import OUTCOMES, SEALS
from services.intake.schemas import HEAVIEST_G, KINDS, MOST_LINES, line_errors
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Number, OccurredAt, Password, Schema, Text, Timestamp, Whole, Word

DISCREPANCIES = ("weight", "seal", "missing", "unexpected", "damaged")


class ReceivedLineSchema(Schema):
    """What became of one line."""

    line = Whole(least=1, most=100_000, required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    gross_mass_g = Number(above=0, most=HEAVIEST_G, allow_none=True, load_default=None)
    seal_condition = fields.String(required=True, validate=validate.OneOf(SEALS))
    remarks = Text(least=0, load_default="")

    @validates_schema
    def check_mass(self, data: dict[str, Any], **kwargs: Any) -> None:
        """What came is weighed, what did not come is not."""
        if data["outcome"] == "missing" and data["gross_mass_g"] is not None:
            raise ValidationError("What is missing has no mass.", "gross_mass_g")
        if data["outcome"] != "missing" and data["gross_mass_g"] is None:
            raise ValidationError("What came has to be weighed.", "gross_mass_g")


class UnexpectedSchema(Schema):
    """A parcel that nobody announced."""

    description = Text(required=True)
    physical_form = Word(required=True)
    gross_mass_g = Number(above=0, most=HEAVIEST_G, required=True)
    seal_number = Word(allow_none=True)
    seal_condition = fields.String(required=True, validate=validate.OneOf(SEALS))
    remarks = Text(least=0, load_default="")


class NewReceiptSchema(Schema):
    """A receipt: lines that are not named stay expected."""

    received_at = OccurredAt()
    lines = fields.List(
        fields.Nested(ReceivedLineSchema), load_default=list, validate=validate.Length(max=MOST_LINES)
    )
    unexpected = fields.List(
        fields.Nested(UnexpectedSchema), load_default=list, validate=validate.Length(max=500)
    )

    @validates_schema(skip_on_field_errors=False)
    def check_lines(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Something is received, and each line once."""
        lines, unexpected = data.get("lines"), data.get("unexpected")
        errors = line_errors(lines, None)
        if errors:
            raise ValidationError({"lines": errors})
        if lines == [] and unexpected == []:
            raise ValidationError("A receipt names at least one line or one unexpected parcel.", "lines")


class ReceiptSchema(Schema):
    """A receipt as both ends see it."""

    id = fields.String()
    number = fields.String()
    submission_id = fields.String()
    received_by = fields.String()
    received_by_name = fields.String()
    received_at = Timestamp()
    recorded_at = Timestamp()
    lines = fields.List(fields.Dict())
    exhibits = fields.List(fields.Dict())
    discrepancies = fields.List(fields.Dict())


ReceiptList = list_schema(ReceiptSchema)


class ExhibitQuery(ListQuery):
    """Filters of the list of exhibits; `q` finds numbers, cases, seals and words of the description."""

    q = fields.String(validate=validate.Length(max=200))
    programme = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    office = fields.String()
    state = fields.String(validate=validate.OneOf(["received", "blocked"]))
    submission_id = fields.String()


class ExhibitSchema(Schema):
    """A received exhibit."""

    id = fields.String()
    number = fields.String()
    line = fields.Integer(allow_none=True)
    submission_id = fields.String()
    office = fields.String()
    kind = fields.String()
    programme = fields.String(allow_none=True)
    item_id = fields.String(allow_none=True)
    state = fields.String()
    description = fields.String()
    physical_form = fields.String()
    gross_mass_g = fields.Float()
    seal_number = fields.String(allow_none=True)
    seal_condition = fields.String()
    case_number = fields.String(allow_none=True)
    received_by = fields.String()
    received_at = Timestamp()
    authentic = fields.Dict(allow_none=True)


ExhibitList = list_schema(ExhibitSchema)


class DiscrepancyQuery(ListQuery):
    """Filters of the list of discrepancies."""

    state = fields.String(validate=validate.OneOf(["open", "resolved"]))
    submission_id = fields.String()


class DiscrepancySchema(Schema):
    """Something that did not fit."""

    id = fields.String()
    code = fields.String(validate=validate.OneOf(DISCREPANCIES))
    office = fields.String()
    submission_id = fields.String()
    exhibit_id = fields.String(allow_none=True)
    line = fields.Integer(allow_none=True)
    detail = fields.String()
    opened_at = Timestamp()
    state = fields.String()
    resolution = fields.String(allow_none=True)
    resolved_by = fields.String(allow_none=True)
    resolved_at = Timestamp(allow_none=True)


DiscrepancyList = list_schema(DiscrepancySchema)


class ResolveSchema(Schema):
    """How a discrepancy was explained, signed."""

    resolution = Text(required=True, most=4000)
    password = Password()
