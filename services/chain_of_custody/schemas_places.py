"""Bodies and answers of places, and of acts upon several items at once."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.chain_of_custody.domain.places import KINDS
from services.chain_of_custody.schemas import (
    MOST_ITEMS,
    ItemSchema,
    MoveSchema,
    RetrievalSchema,
    SignedReasonSchema,
)
from shared.actor import LABORATORY
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Password, Schema, Text, Timestamp, Whole, Word

MOST_CAPACITY = 1_000_000
_ROLES = tuple(role.value for role in LABORATORY)


class AccessSchema(Schema):
    """Who may enter a place, beside who may enter the places around it: people of these roles, and these people."""

    roles = fields.List(fields.String(validate=validate.OneOf(_ROLES)), load_default=list)
    logins = fields.List(Word(), load_default=list, validate=validate.Length(max=MOST_ITEMS))

    @validates_schema
    def check_somebody(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuses a place that nobody could enter."""
        if not data["roles"] and not data["logins"]:
            raise ValidationError("Name a role or a person, or null for everybody of the laboratory.")


class _PlaceSchema(Schema):
    """What may be said of a place."""

    kind = fields.String(validate=validate.OneOf(KINDS))
    capacity = Whole(
        least=0,
        most=MOST_CAPACITY,
        allow_none=True,
        metadata={"description": "items directly in it; null: any"},
    )
    access = fields.Nested(AccessSchema, allow_none=True, metadata={"description": "null: the laboratory"})


class NewLocationSchema(_PlaceSchema):
    """A place to be added; without a kind it is the next smaller than the place around it."""

    name = Word(required=True)
    parent_id = Word(load_default=None, allow_none=True)
    kind = fields.String(validate=validate.OneOf(KINDS), load_default=None)
    capacity = Whole(least=0, most=MOST_CAPACITY, allow_none=True, load_default=None)
    access = fields.Nested(AccessSchema, allow_none=True, load_default=None)
    reason = Text(load_default=None)


class ChangedLocationSchema(_PlaceSchema):
    """What is to be different about a place, and why."""

    name = Word(metadata={"description": "only while nothing lies in it or in a place inside it"})
    closed = fields.Boolean(
        metadata={
            "description": "true: nothing more goes into it; only while nothing lies in it or in a place inside it"
        }
    )
    reason = Text(required=True)


class LocationSchema(Schema):
    """A place; `path` names it with all places around it, `inside` counts the items directly in it."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    parent_id = fields.String(required=True, allow_none=True)
    path = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    capacity = fields.Integer(required=True, allow_none=True)
    inside = fields.Integer(required=True)
    access = fields.Nested(AccessSchema, required=True, allow_none=True)
    closed = fields.Boolean(required=True)
    version = fields.Integer(required=True)


LocationList = list_schema(LocationSchema)


class LocationQuery(ListQuery):
    """Filters of places."""

    parent_id = Word()
    kind = fields.String(validate=validate.OneOf(KINDS))


class LocationChangeSchema(Schema):
    """One change of a place: who, when, why, and what it was before and after; `before` is null for the first."""

    version = fields.Integer(required=True)
    at = Timestamp(required=True)
    actor = fields.String(required=True)
    actor_name = fields.String(required=True)
    actor_role = fields.String(required=True)
    reason = fields.String(required=True)
    before = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    after = fields.Dict(keys=fields.String(), required=True)


LocationChangeList = list_schema(LocationChangeSchema)


def _item_ids() -> fields.List:
    return fields.List(Word(), required=True, validate=validate.Length(min=1, max=MOST_ITEMS))


class MovesSchema(MoveSchema):
    """Several items into one place."""

    item_ids = _item_ids()


class RetrievalsSchema(RetrievalSchema):
    """Several items out of their places."""

    item_ids = _item_ids()


class TakeoverSchema(SignedReasonSchema):
    """Custody without its giver, before a witness who signs as well."""

    witness = Word(required=True)
    witness_password = Password()


class TakeoversSchema(TakeoverSchema):
    """Several items at once."""

    item_ids = _item_ids()


class MovedSchema(Schema):
    """The items as they stand now, in the order asked for, each once."""

    items = fields.List(fields.Nested(ItemSchema), required=True)
