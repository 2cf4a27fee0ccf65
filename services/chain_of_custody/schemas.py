"""Bodies and answers of custody's API: items, their histories, and acts upon them."""

from marshmallow import fields, validate

from services.chain_of_custody.domain.standing import STATES
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import OccurredAt, Password, Schema, Text, Timestamp, Word

MOST_ITEMS = 500


class HolderSchema(Schema):
    """Who or what has an item: a person by login, a place by its whole name."""

    kind = fields.String(required=True, validate=validate.OneOf(("person", "place")))
    name = fields.String(required=True)


class QuantitySchema(Schema):
    """A net mass with its expanded uncertainty (k = 2)."""

    net_mass_mg = fields.Float(required=True)
    uncertainty_mg = fields.Float(required=True)


class ItemSchema(Schema):
    """An item as it stands now."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    parent_id = fields.String(required=True, allow_none=True)
    root_id = fields.String(required=True)
    exhibit_id = fields.String(required=True)
    office = fields.String(required=True)
    submission_id = fields.String(required=True)
    submission_number = fields.String(required=True)
    receipt_number = fields.String(required=True)
    line = fields.Integer(required=True, allow_none=True)
    kind = fields.String(required=True)
    programme = fields.String(required=True, allow_none=True)
    description = fields.String(required=True)
    physical_form = fields.String(required=True)
    gross_mass_g = fields.Float(required=True, allow_none=True)
    seal_number = fields.String(required=True, allow_none=True)
    seal_condition = fields.String(required=True, allow_none=True)
    seizure_id = fields.String(required=True, allow_none=True)
    holder = fields.Nested(HolderSchema, required=True)
    holder_name = fields.String(required=True)
    place_id = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    blocked = fields.Boolean(required=True)
    on_hold = fields.Boolean(required=True)
    remaining = fields.Nested(QuantitySchema, required=True, allow_none=True)
    events = fields.Integer(required=True)
    created_at = Timestamp(required=True)


ItemList = list_schema(ItemSchema)


class DamageSchema(Schema):
    """One thing that is not what was recorded."""

    item_id = fields.String(required=True)
    number = fields.String(required=True)
    sequence = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "the act's, null where it is not about one act"},
    )
    message = fields.String(required=True)


class DamagedSchema(Schema):
    """Whether what is answered is what was recorded, computed for this answer."""

    damaged = fields.Boolean(required=True)
    damage = fields.List(fields.Nested(DamageSchema), required=True)


class WholeItemSchema(ItemSchema, DamagedSchema):
    """An item with what of its record is not what was recorded."""


class ExportQuery(Schema):
    """Whether what is damaged is wanted all the same."""

    damaged = fields.Boolean(
        load_default=False,
        metadata={"description": "of a damaged record too (409 otherwise), marked as damaged throughout"},
    )


class ItemQuery(ListQuery):
    """Filters of items."""

    q = Word(metadata={"description": "the beginning of a number, or a part of the description"})
    number = Word(metadata={"description": "the whole number"})
    holder = Word(metadata={"description": "a login, or a place by its id or whole name"})
    state = fields.String(validate=validate.OneOf(STATES))
    programme = Word()
    kind = Word()
    office = Word()
    parent_id = Word()
    root_id = Word()
    exhibit_id = Word()
    submission_id = Word()


class BundleQuery(Schema):
    """What goes into a bundle."""

    spectra = fields.Boolean(
        load_default=False,
        metadata={"description": "the bytes of the verified spectra too; for whoever may read spectra"},
    )


class SignatureSchema(Schema):
    """A signature on an event, bound to the digest of its record (E16)."""

    login = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    method = fields.String(required=True)
    meaning = fields.String(required=True)
    at = fields.String(required=True)
    record_sha256 = fields.String(required=True)


class FactSchema(Schema):
    """A detail of an event as people read it, with its unit; `name` is its name in the record."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    text = fields.String(required=True)


class EventSchema(Schema):
    """One act upon an item; `index` is its place in the log, null until it has one.

    `title`, `facts` and `backdated` (by how much later than it happened the act was recorded) say the record in words.
    `out_of_order`: it happened before another act that was recorded earlier. `corrects` and `corrected_by` name events.
    """

    id = fields.String(required=True)
    v = fields.Integer(required=True)
    index = fields.Integer(required=True, allow_none=True)
    item_id = fields.String(
        required=True, allow_none=True, metadata={"description": "null for an act upon an account"}
    )
    item_number = fields.String(required=True)
    sequence = fields.Integer(required=True)
    previous = fields.String(required=True, allow_none=True)
    digest = fields.String(
        required=True, metadata={"description": "SHA-256 of the record, as it was kept when it was recorded"}
    )
    intact = fields.Boolean(
        required=True,
        metadata={
            "description": "computed for this answer: the record is the one that was recorded, signed and logged"
        },
    )
    damage = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "what is wrong with a record that is not intact; its signatures do not hold"
        },
    )
    type = fields.String(required=True)
    actor = fields.String(required=True)
    actor_name = fields.String(required=True)
    actor_role = fields.String(required=True)
    occurred_at = fields.String(required=True)
    recorded_at = fields.String(required=True)
    purpose = fields.String(required=True)
    details = fields.Dict(keys=fields.String(), required=True)
    standing = fields.Dict(
        keys=fields.String(),
        metadata={"description": "how the act left the item; masses in mg, exact, as text"},
    )
    signatures = fields.List(fields.Nested(SignatureSchema), required=True)
    title = fields.String(required=True)
    facts = fields.List(fields.Nested(FactSchema), required=True)
    backdated = fields.String(required=True, allow_none=True)
    delay_seconds = fields.Float(required=True)
    out_of_order = fields.Boolean(required=True)
    exceptional = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "what is not as it should be about the act (a takeover, a late file, a balance out of calibration)"
        },
    )
    correctable = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "the fields that a correction may put right, by name"},
    )
    corrects = fields.String(required=True, allow_none=True)
    corrected_by = fields.List(fields.String(), required=True)


EventList = list_schema(EventSchema)


class ActSchema(Schema):
    """What every act upon evidence may tell: when it happened (E9)."""

    occurred_at = OccurredAt()


class RetrievalSchema(ActSchema):
    """Out of a place."""

    purpose = Text(required=True)


class MoveSchema(RetrievalSchema):
    """Into a place."""

    place = Word(required=True, metadata={"description": "id of a location"})


class OfferSchema(RetrievalSchema):
    """An offer of items to one person."""

    item_ids = fields.List(Word(), required=True, validate=validate.Length(min=1, max=MOST_ITEMS))
    to = Word(required=True)


class SigningSchema(ActSchema):
    """An act by signature alone."""

    password = Password()


class ReasonSchema(ActSchema):
    """Why."""

    reason = Text(required=True)


class SignedReasonSchema(ReasonSchema):
    """Why, by signature."""

    password = Password()


class DisposalSchema(RetrievalSchema):
    """How an item is to be destroyed, by signature."""

    method = Word(required=True)
    password = Password()


class ExecutionSchema(SigningSchema):
    """A destruction before a witness, who signs as well."""

    witness = Word(required=True)
    witness_password = Password()
    unweighed = Text(metadata={"description": "why an item that was opened has no net mass"})
