"""Answers about what is out of storage."""

from marshmallow import fields, validate

from services.chain_of_custody.domain.standing import STATES
from services.chain_of_custody.domain.take_over import CLOSED, ROLE_GONE
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Schema, Timestamp, Word


class HoldingQuery(ListQuery):
    """Filters of what is out of storage."""

    holder = Word(metadata={"description": "a login"})
    item_id = Word()


class HoldingSchema(Schema):
    """An item in somebody's hands: since when out of storage, since when with this person, until when that is within the limit.

    Times are as corrected; beside each stands what the act itself says, null where no correction says otherwise.
    """

    item_id = fields.String(required=True)
    number = fields.String(required=True)
    office = fields.String(required=True)
    programme = fields.String(required=True, allow_none=True)
    description = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    holder = fields.String(required=True)
    holder_name = fields.String(required=True)
    holder_unable = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf((CLOSED, ROLE_GONE)),
        metadata={"description": "why the holder can hand nothing over any more, else null; see /takeovers"},
    )
    since = Timestamp(required=True, metadata={"description": "in these hands"})
    since_written = Timestamp(required=True, allow_none=True)
    out_since = Timestamp(required=True, metadata={"description": "out of storage, in whatever hands"})
    out_written = Timestamp(required=True, allow_none=True)
    working_days_out = fields.Integer(required=True)
    due_at = Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "when the limit ends; null of what is used up"},
    )
    days_over = fields.Integer(required=True)


HoldingList = list_schema(HoldingSchema)
