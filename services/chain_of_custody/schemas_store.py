"""Bodies and answers about the object stores and the scrub."""

from marshmallow import fields, validate

from services.chain_of_custody.domain.object_standing import KINDS
from services.chain_of_custody.models_store import FIRST, SECOND
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Schema, Text, Timestamp

_PLACES = validate.OneOf((FIRST, SECOND))
OUTCOMES = ("open", "repaired", "locked_again", "right_again", "explained")


class LastCanarySchema(Schema):
    """The last attempt upon the locks, as health tells it."""

    at = fields.String(required=True, metadata={"format": "date-time"})
    holds = fields.Boolean(required=True)


class StoreFactsSchema(Schema):
    """What a store is and guarantees; what is not known of one that is away is left out."""

    kind = fields.String(required=True)
    versioning = fields.Boolean()
    object_lock = fields.Boolean()
    enforced_by = fields.String()
    state = fields.String(required=True, validate=validate.OneOf(("ok", "degraded", "down")))
    detail = fields.String(required=True, allow_none=True)
    free_bytes = fields.Integer(allow_none=True)
    canary = fields.Nested(LastCanarySchema, allow_none=True)


class FirstStoreSchema(StoreFactsSchema):
    """The store that spectra are written to, and beside it the one of second copies."""

    mirror = fields.Nested(StoreFactsSchema, required=True, allow_none=True)


class CopiesSchema(Schema):
    """How far second copies are."""

    mirrored = fields.Boolean(required=True)
    copied = fields.Integer(required=True)
    waiting = fields.Integer(required=True)


class RetentionSchema(Schema):
    """For how many years objects are locked."""

    years = fields.Integer(required=True)
    years_by_kind = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class CanarySchema(Schema):
    """One attempt upon the locks of a store."""

    store = fields.String(required=True, validate=_PLACES)
    at = Timestamp(required=True)
    holds = fields.Boolean(required=True)
    detail = fields.String(required=True)


class StoreSchema(Schema):
    """The object stores."""

    store = fields.Nested(FirstStoreSchema, required=True)
    copies = fields.Nested(CopiesSchema, required=True)
    retention = fields.Nested(RetentionSchema, required=True)
    canaries = fields.List(fields.Nested(CanarySchema), required=True)


class RoundSchema(Schema):
    """One round of the scrub."""

    number = fields.Integer(required=True)
    asked_by = fields.String(required=True, allow_none=True)
    began_at = Timestamp(required=True)
    ended_at = Timestamp(required=True, allow_none=True)
    touched_at = Timestamp(required=True)
    objects_total = fields.Integer(required=True)
    bytes_total = fields.Integer(required=True)
    objects_done = fields.Integer(required=True)
    bytes_done = fields.Integer(required=True)
    mismatches = fields.Integer(required=True)
    heads_done = fields.Integer(required=True)


class StoredSchema(Schema):
    """Files that are stored, whether a round has come to them or not; `since_round` came after the newest round began."""

    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    since_round = fields.Integer(required=True)


class ScrubSchema(Schema):
    """How the scrub goes on."""

    stored = fields.Nested(StoredSchema, required=True)
    round = fields.Nested(RoundSchema, required=True, allow_none=True)
    last_round = fields.Nested(RoundSchema, required=True, allow_none=True)
    next_due_at = Timestamp(required=True, allow_none=True)
    bytes_per_second = fields.Integer(required=True)
    every_days = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    mismatches = fields.Integer(required=True)
    open_findings = fields.Integer(required=True)


class NothingSchema(Schema):
    """A body without fields."""


class FindingQuery(ListQuery):
    """Filter of the list of findings."""

    open = fields.Boolean(load_default=None)


class ClosingSchema(Schema):
    """What became of a finding."""

    reason = Text(required=True, most=2000)


class FindingSchema(Schema):
    """Something that is not as it was stored: a spectrum, or a copy of the log's head, whose key is the file's name then."""

    id = fields.String(required=True)
    spectrum_id = fields.String(required=True, allow_none=True)
    item_id = fields.String(required=True, allow_none=True)
    filename = fields.String(required=True)
    store = fields.String(required=True, validate=_PLACES)
    version_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    detail = fields.String(required=True)
    found_at = Timestamp(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    what_to_do = fields.String(required=True, allow_none=True)
    closed_at = Timestamp(required=True, allow_none=True)
    closed_by = fields.String(required=True, allow_none=True)
    closing_words = fields.String(required=True, allow_none=True)


FindingList = list_schema(FindingSchema)
