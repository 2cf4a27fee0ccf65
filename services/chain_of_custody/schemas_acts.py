"""Bodies of acts that write: corrections and seals; and the filters of an item's events."""

from marshmallow import fields, validate

from services.chain_of_custody.schemas import ActSchema, RetrievalSchema
from services.chain_of_custody.schemas_quantities import HEAVIEST_G
from shared.http.lists import ListQuery
from shared.http.schemas import Number, Password, Text, Word

MOST_FIELDS = 20


class EventQuery(ListQuery):
    """Filters of an item's events."""

    type = Word()
    backdated = fields.Boolean(
        metadata={"description": "only acts that were recorded later than they happened, or only others"}
    )


class CorrectionSchema(ActSchema):
    """Which act was written wrongly, why, and what is right, by the names of the fields; by signature."""

    event_id = Word(required=True)
    reason = Text(required=True)
    corrected = fields.Dict(
        keys=Word(),
        values=fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(min=1, max=MOST_FIELDS),
        metadata={"description": "`occurred_at`, `purpose`, or details of the act"},
    )
    password = Password()


class SealSchema(RetrievalSchema):
    """The closing label of an item."""

    seal_number = Word(required=True)
    sealed_by = Word(
        load_default=None, allow_none=True, metadata={"description": "a login; default: the actor"}
    )
    witness = Word(
        load_default=None, allow_none=True, metadata={"description": "a login; signs with `witness_password`"}
    )
    witness_password = Password(required=False)
    gross_mass_g = Number(
        load_default=None, allow_none=True, above=0, most=HEAVIEST_G,
        metadata={"description": "the sealed package, after analysis"},
    )  # fmt: skip
