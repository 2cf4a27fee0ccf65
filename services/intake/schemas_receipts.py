"""Bodies and answers around receipt: receipts, exhibits, discrepancies."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.intake.domain.check_lines import number_errors
from services.intake.domain.compare_receipt import OUTCOMES, SEALS
from services.intake.schemas import (
    HEAVIEST_G,
    KINDS,
    LIGHTEST_G,
    MOST_LINES,
    AuthenticSchema,
    nested_messages,
)
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Number, OccurredAt, Password, Schema, Text, Timestamp, Whole, Word

EXHIBIT_STATES = ("received", "blocked")
DISCREPANCY_STATES = ("open", "resolved")
DISCREPANCIES = ("weight", "seal", "missing", "unexpected", "damaged")


_FILTER = validate.Length(max=200)


class ReceivedLineSchema(Schema):
    """What became of one line."""

    line = Whole(least=1, most=100_000, required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    gross_mass_g = Number(least=LIGHTEST_G, most=HEAVIEST_G, allow_none=True, load_default=None)
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
    gross_mass_g = Number(least=LIGHTEST_G, most=HEAVIEST_G, required=True)
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
        errors = number_errors(lines if isinstance(lines, list) else [], at="/lines")
        if errors:
            raise ValidationError(nested_messages(errors))
        if lines == [] and unexpected == []:
            raise ValidationError("A receipt names at least one line or one unexpected parcel.", "lines")


class DecidedLineSchema(Schema):
    """What became of one line as it was recorded; `line` is null for what nobody announced."""

    line = fields.Integer(allow_none=True)
    outcome = fields.String(validate=validate.OneOf(OUTCOMES))
    gross_mass_g = fields.Float(allow_none=True)
    seal_condition = fields.String(validate=validate.OneOf(SEALS))
    remarks = fields.String()


class NumberedSchema(Schema):
    """An exhibit in its receipt."""

    line = fields.Integer(allow_none=True)
    id = fields.String()
    number = fields.String()


class OpenedSchema(Schema):
    """A discrepancy in the receipt that opened it."""

    id = fields.String()
    line = fields.Integer(allow_none=True)
    code = fields.String(validate=validate.OneOf(DISCREPANCIES))
    state = fields.String(validate=validate.OneOf(DISCREPANCY_STATES))


class ReceiptSchema(Schema):
    """A receipt as both ends see it."""

    id = fields.String()
    number = fields.String()
    submission_id = fields.String()
    received_by = fields.String()
    received_by_name = fields.String()
    received_at = Timestamp()
    recorded_at = Timestamp()
    lines = fields.List(fields.Nested(DecidedLineSchema))
    exhibits = fields.List(fields.Nested(NumberedSchema))
    discrepancies = fields.List(fields.Nested(OpenedSchema))


ReceiptList = list_schema(ReceiptSchema)


class ExhibitQuery(ListQuery):
    """Filters of the list of exhibits; `q` finds numbers, cases, seals and words of the description."""

    q = fields.String(validate=_FILTER)
    programme = fields.String(validate=_FILTER)
    kind = fields.String(validate=validate.OneOf(KINDS))
    office = fields.String(validate=_FILTER)
    state = fields.String(validate=validate.OneOf(EXHIBIT_STATES))
    submission_id = fields.String(validate=_FILTER)


class ExhibitSchema(Schema):
    """A received exhibit."""

    id = fields.String()
    number = fields.String()
    line = fields.Integer(allow_none=True)
    submission_id = fields.String()
    office = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    programme = fields.String(allow_none=True)
    item_id = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf(EXHIBIT_STATES))
    description = fields.String()
    physical_form = fields.String()
    gross_mass_g = fields.Float()
    seal_number = fields.String(allow_none=True)
    seal_condition = fields.String()
    case_number = fields.String(allow_none=True)
    received_by = fields.String()
    received_at = Timestamp()


ExhibitList = list_schema(ExhibitSchema)


class OneExhibitSchema(ExhibitSchema):
    """A received exhibit, with the known origin where it is an authentic."""

    authentic = fields.Nested(AuthenticSchema, allow_none=True)


class DiscrepancyQuery(ListQuery):
    """Filters of the list of discrepancies."""

    state = fields.String(validate=validate.OneOf(DISCREPANCY_STATES))
    code = fields.String(validate=validate.OneOf(DISCREPANCIES))
    office = fields.String(validate=_FILTER)
    submission_id = fields.String(validate=_FILTER)
    exhibit_id = fields.String(validate=_FILTER)


class DiscrepancySchema(Schema):
    """Something that did not fit."""

    id = fields.String()
    code = fields.String(validate=validate.OneOf(DISCREPANCIES))
    office = fields.String()
    submission_id = fields.String()
    exhibit_id = fields.String(allow_none=True)
    item_id = fields.String(
        allow_none=True, metadata={"description": "the item on which custody found it, null for a receipt's"}
    )
    item_number = fields.String(allow_none=True)
    line = fields.Integer(allow_none=True)
    detail = fields.String()
    opened_at = Timestamp()
    opened_by = fields.String(allow_none=True)
    opened_by_name = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf(DISCREPANCY_STATES))
    resolution = fields.String(allow_none=True)
    resolved_by = fields.String(allow_none=True)
    resolved_by_name = fields.String(allow_none=True)
    resolved_at = Timestamp(allow_none=True)
    resolution_recorded_at = Timestamp(allow_none=True)


DiscrepancyList = list_schema(DiscrepancySchema)


class ReportSchema(Schema):
    """What does not fit on an exhibit, found after its receipt."""

    code = fields.String(required=True, validate=validate.OneOf(("weight", "seal", "damaged")))
    detail = Text(required=True, most=4000)


class ResolveSchema(Schema):
    """How a discrepancy was explained, signed."""

    resolution = Text(required=True, most=4000)
    occurred_at = OccurredAt()
    password = Password()
