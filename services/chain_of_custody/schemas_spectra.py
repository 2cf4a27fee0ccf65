"""Bodies and answers of uploads and spectra."""

from marshmallow import fields, validate

from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import OccurredAt, Schema, Timestamp, Whole, Word

RUN_ROLES = ("sample", "blank", "control", "standard", "replicate")


class NewUploadSchema(Schema):
    """What a client says of a file before its first byte."""

    filename = Word(required=True)
    item_id = Word(required=True)
    technique = Word(required=True)
    instrument = Word(required=True)
    method = Word(required=True)
    run_role = fields.String(required=True, validate=validate.OneOf(RUN_ROLES))
    acquired_at = OccurredAt(required=True)
    sha256 = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9a-f]{64}$", error="SHA-256 as 64 lower-case hex digits."),
    )
    size = Whole(least=0, most=2**53, required=True)


class OffsetQuery(Schema):
    """Where a piece begins."""

    offset = fields.Integer(required=True, validate=validate.Range(min=0))


class SpectrumQuery(ListQuery):
    """Filters of the list of spectra."""

    item_id = fields.String()


class ObjectSchema(Schema):
    """Where a file lies and how long it is locked."""

    key = fields.String()
    version_id = fields.String()
    retain_until = Timestamp()
    legal_hold = fields.Boolean()


class SpectrumSchema(Schema):
    """A stored raw file."""

    id = fields.String()
    item_id = fields.String()
    state = fields.String(validate=validate.OneOf(["verifying", "verified", "quarantined"]))
    reason = fields.String(allow_none=True)
    sha256 = fields.String()
    sha256_declared = fields.String()
    size = fields.Integer()
    filename = fields.String()
    format = fields.String()
    summary = fields.Dict(allow_none=True)
    technique = fields.String()
    instrument = fields.String()
    method = fields.String()
    run_role = fields.String()
    acquired_at = Timestamp()
    uploaded_by = fields.String()
    stored_at = Timestamp()
    object = fields.Nested(ObjectSchema)


SpectrumList = list_schema(SpectrumSchema)


class ReadingSchema(Schema):
    """What the classifier's reader found."""

    format = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    summary = fields.Dict(required=True, allow_none=True)
