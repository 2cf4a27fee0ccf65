"""Answers and filters of hand-overs, holds and disposals."""

from marshmallow import fields, validate

from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Schema, Timestamp, Word

HANDOVER_STATES = ("offered", "accepted", "declined", "withdrawn")
DISPOSAL_STATES = ("requested", "authorised", "executed", "withdrawn")


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


class HoldSchema(Schema):
    """An order that an item be kept as it is."""

    id = fields.String(required=True)
    item_id = fields.String(required=True)
    reason = fields.String(required=True)
    placed_by = fields.String(required=True)
    placed_at = Timestamp(required=True)
    released_by = fields.String(required=True, allow_none=True)
    released_at = Timestamp(required=True, allow_none=True)
    release_reason = fields.String(required=True, allow_none=True)
    covers = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "the item and all that came from it, by id"},
    )


HoldList = list_schema(HoldSchema)


class HoldQuery(ListQuery):
    """Filters of holds."""

    item_id = Word(metadata={"description": "holds that cover this item"})
    open = fields.Boolean()


class DisposalAnswerSchema(Schema):
    """A destruction on its way."""

    id = fields.String(required=True)
    item_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(DISPOSAL_STATES))
    method = fields.String(required=True)
    purpose = fields.String(required=True)
    requested_by = fields.String(required=True)
    requested_at = Timestamp(required=True)
    authorised_by = fields.String(required=True, allow_none=True)
    authorised_at = Timestamp(required=True, allow_none=True)
    executed_by = fields.String(required=True, allow_none=True)
    witness = fields.String(required=True, allow_none=True)
    executed_at = Timestamp(required=True, allow_none=True)
    withdrawn_by = fields.String(required=True, allow_none=True)
    withdrawn_at = Timestamp(required=True, allow_none=True)
    withdraw_reason = fields.String(required=True, allow_none=True)


DisposalList = list_schema(DisposalAnswerSchema)


class DisposalQuery(ListQuery):
    """Filters of disposals."""

    state = fields.String(validate=validate.OneOf(DISPOSAL_STATES))
    item_id = Word()
