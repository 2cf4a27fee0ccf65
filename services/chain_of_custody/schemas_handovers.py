"""Answers and filters of hand-overs."""

from marshmallow import fields, validate

from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Schema, Timestamp, Word

HANDOVER_STATES = ("offered", "accepted", "declined", "withdrawn")


class HandoverItemSchema(Schema):
    """An item of an offer."""

    id = fields.String(required=True)
    number = fields.String(required=True)


class HandoverSchema(Schema):
    """An offer and how it ended."""

    id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(HANDOVER_STATES))
    giver = fields.String(required=True)
    giver_name = fields.String(required=True)
    to = fields.String(required=True)
    to_name = fields.String(required=True)
    purpose = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    offered_at = Timestamp(required=True)
    ended_at = Timestamp(required=True, allow_none=True)
    item_ids = fields.List(fields.String(), required=True)
    items = fields.List(fields.Nested(HandoverItemSchema), required=True)


HandoverList = list_schema(HandoverSchema)


class HandoverQuery(ListQuery):
    """Filters of hand-overs."""

    state = fields.String(validate=validate.OneOf(HANDOVER_STATES))
    item_id = Word()
