"""Answers about what is out of storage."""

from marshmallow import fields, validate

from services.chain_of_custody.domain.standing import STATES
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Schema, Timestamp, Word


class HoldingQuery(ListQuery):
    """Filters of what is out of storage."""

    holder = Word(metadata={"description": "a login"})


class HoldingSchema(Schema):
    """An item in somebody's hands, and since when it is there."""

    item_id = fields.String(required=True)
    number = fields.String(required=True)
    office = fields.String(required=True)
    programme = fields.String(required=True, allow_none=True)
    description = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    holder = fields.String(required=True)
    holder_name = fields.String(required=True)
    since = Timestamp(required=True)


HoldingList = list_schema(HoldingSchema)
