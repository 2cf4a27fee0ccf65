"""Bodies and answers of time limits."""

from marshmallow import fields, validate

from services.chain_of_custody.domain.time_limits import Kind, Unit
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Schema, Timestamp, Word

_KINDS = [kind.value for kind in Kind]


class _Filters:
    """Which entries; `holder` is who has to act."""

    kind = fields.String(validate=validate.OneOf(_KINDS))
    office = Word()
    holder = Word(metadata={"description": "who has to act, by login or name"})
    item_id = Word()
    submission_id = Word()


class OverdueFilter(_Filters, Schema):
    """Filters of the counts."""


class OverdueQuery(_Filters, ListQuery):
    """Filters of the list; `state` tells what is overdue now, what was, or both."""

    state = fields.String(validate=validate.OneOf(("open", "closed", "any")), load_default="open")


class OverdueSchema(Schema):
    """A thing beyond its limit; `subject_id` is an item's, a submission's, a disposal's, a hand-over's or a discrepancy's."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(_KINDS))
    subject_id = fields.String(required=True)
    number = fields.String(required=True)
    office = fields.String(required=True)
    item_id = fields.String(required=True, allow_none=True)
    submission_id = fields.String(required=True, allow_none=True)
    responsible = fields.String(required=True, allow_none=True)
    responsible_name = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True)
    since = Timestamp(required=True)
    since_written = Timestamp(
        required=True,
        allow_none=True,
        metadata={
            "description": "what the act says, where a correction of its time counts instead; else null"
        },
    )
    due_at = Timestamp(required=True)
    days_over = fields.Integer(required=True)
    opened_at = Timestamp(required=True)
    closed_at = Timestamp(required=True, allow_none=True)


OverdueList = list_schema(OverdueSchema)


class LimitSchema(Schema):
    """So long a thing may stay as it is."""

    amount = fields.Integer(required=True)
    unit = fields.String(required=True, validate=validate.OneOf([unit.value for unit in Unit]))


class KindCountSchema(Schema):
    """One kind: its limit, how many are beyond it, and the worst of them."""

    kind = fields.String(required=True, validate=validate.OneOf(_KINDS))
    limit = fields.Nested(LimitSchema, required=True)
    count = fields.Integer(required=True)
    most_days_over = fields.Integer(required=True)


class OverdueCountsSchema(Schema):
    """How many are overdue; `checked_at` is null until all limits were looked at once."""

    total = fields.Integer(required=True)
    kinds = fields.List(fields.Nested(KindCountSchema), required=True)
    checked_at = Timestamp(required=True, allow_none=True)
