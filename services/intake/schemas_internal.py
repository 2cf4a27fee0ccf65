"""Bodies of what other services tell intake; fields that intake does not know are theirs."""

from marshmallow import EXCLUDE, fields, validate

from services.intake.schemas_receipts import DISCREPANCIES
from shared.http.schemas import Schema, Timestamp


class FoundSchema(Schema):
    """A discrepancy that custody found on an item; what it says beside is not refused, so that one side may be renewed first."""

    class Meta:
        unknown = EXCLUDE

    discrepancy_id = fields.String(required=True)
    item_id = fields.String(required=True)
    item_number = fields.String(required=True)
    exhibit_id = fields.String(required=True, allow_none=True)
    submission_id = fields.String(required=True)
    code = fields.String(required=True, validate=validate.OneOf(DISCREPANCIES))
    detail = fields.String(required=True)
    opened_at = Timestamp(required=True)
    opened_by = fields.String(required=True)
    opened_by_name = fields.String(load_default=None, allow_none=True)


class ExhibitIdsQuery(Schema):
    """Which exhibits, with commas between them."""

    ids = fields.String(required=True, validate=validate.Length(max=20_000))
