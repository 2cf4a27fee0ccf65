"""Bodies of what other services tell custody; fields that custody does not know are theirs."""

from marshmallow import EXCLUDE, fields
from webargs.fields import DelimitedList

from shared.http.schemas import Schema, Timestamp


class MessageSchema(Schema):
    """A message between services: what it says beside is not refused, so that one side may be renewed first."""

    class Meta:
        unknown = EXCLUDE


class OpenedSchema(MessageSchema):
    """What intake knows of one received exhibit."""

    exhibit_id = fields.String(required=True)
    number = fields.String(required=True)
    office = fields.String(required=True)
    submission_id = fields.String(required=True)
    submission_number = fields.String(required=True)
    line = fields.Integer(required=True, allow_none=True)
    kind = fields.String(required=True)
    programme = fields.String(required=True, allow_none=True)
    description = fields.String(required=True)
    physical_form = fields.String(required=True)
    gross_mass_g = fields.Float(required=True)
    seal_number = fields.String(required=True, allow_none=True)
    seal_condition = fields.String(required=True, allow_none=True)
    seizure_id = fields.String(load_default=None, allow_none=True)
    blocked = fields.Boolean(required=True)


class ReceiptSchema(MessageSchema):
    """A receipt that opens items."""

    receipt_number = fields.String(required=True)
    received_by = fields.String(required=True)
    received_by_name = fields.String(load_default=None, allow_none=True)
    received_at = Timestamp(required=True)
    items = fields.List(fields.Nested(OpenedSchema), required=True)


class AuthorSchema(MessageSchema):
    """Whose act it was."""

    login = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)


class BlockSchema(MessageSchema):
    """A discrepancy that was found on an exhibit after its receipt."""

    exhibit_id = fields.String(required=True)
    discrepancy_id = fields.String(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    opened_at = Timestamp(required=True)
    opened_by = fields.Nested(AuthorSchema, required=True)


class UnblockSchema(MessageSchema):
    """A discrepancy that a reviewer resolved, and those of its exhibit that intake still holds open."""

    exhibit_id = fields.String(required=True, allow_none=True)
    discrepancy_id = fields.String(load_default=None, allow_none=True)
    still_open = fields.List(fields.String(), load_default=list)
    resolution = fields.String(required=True)
    resolved_by = fields.String(required=True)
    resolved_by_name = fields.String(load_default=None, allow_none=True)
    resolved_at = Timestamp(required=True)


class PersonSchema(MessageSchema):
    """An account as the gateway has it."""

    login = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    office = fields.String(load_default=None, allow_none=True)
    active = fields.Boolean(required=True)
    changed_by = fields.Nested(AuthorSchema, load_default=None, allow_none=True)
    changed_at = Timestamp(load_default=None, allow_none=True)


class RecordSchema(MessageSchema):
    """An act that another service did upon an item; `payload` holds the digests of its records."""

    item_id = fields.String(required=True)
    type = fields.String(required=True)
    actor = fields.Nested(AuthorSchema, required=True)
    occurred_at = Timestamp(required=True)
    purpose = fields.String(required=True)
    payload = fields.Dict(keys=fields.String(), required=True)


class FactsQuery(MessageSchema):
    """Which items another service asks for; lists are joined by commas."""

    ids = DelimitedList(fields.String(), load_default=list)
    exhibit_ids = DelimitedList(fields.String(), load_default=list)
    numbers = DelimitedList(fields.String(), load_default=list)
