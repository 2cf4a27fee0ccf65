"""Answers and filters of holds and disposals."""

from marshmallow import fields, validate

from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Schema, Timestamp, Word

DISPOSAL_STATES = ("requested", "authorised", "executed", "withdrawn")


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
