"""People as others see them: a name, a login, a role; nothing by which they could be reached or signed in."""

from marshmallow import fields, validate

from shared.actor import LABORATORY, Role
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Schema, Word

_ROLES = (*(role.value for role in LABORATORY), Role.OFFICE.value)


class PersonSchema(Schema):
    """Somebody who may take evidence."""

    login = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(_ROLES))
    office = fields.String(
        required=True, allow_none=True, metadata={"description": "the office's code, null for the laboratory"}
    )


PersonList = list_schema(PersonSchema)


class PersonQuery(ListQuery):
    """Filters of people."""

    login = Word(metadata={"description": "the whole login"})
    role = fields.String(validate=validate.OneOf(_ROLES))
    office = Word(metadata={"description": "an office's code"})
