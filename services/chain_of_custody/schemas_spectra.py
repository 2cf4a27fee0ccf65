"""Bodies and answers of uploads and spectra."""

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

from services.chain_of_custody.models_spectra import QUARANTINED, VERIFIED, VERIFYING
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import OccurredAt, Schema, Text, Timestamp, Whole, Word

#: No piece that is handed over beside the bus has more bytes.
LARGEST_PIECE = 32 * 1024 * 1024
RUN_ROLES = ("sample", "blank", "control", "standard", "replicate")
STATES = (VERIFYING, VERIFIED, QUARANTINED)
_UNFIT_FOR_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\]")


def _file_name(name: str) -> None:
    if _UNFIT_FOR_A_NAME.search(name) or name in (".", ".."):
        raise ValidationError("A file's name alone, without folders and control characters.")


class Digest(fields.String):
    """A SHA-256 as 64 hexadecimal digits, kept in small letters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
            raise ValidationError("Not a SHA-256: it has 64 hexadecimal digits.")
        return text.lower()


class NewUploadSchema(Schema):
    """What is told when an upload begins."""

    size = Whole(required=True, most=2**63 - 1)
    filename = Text(required=True, most=255, validate=_file_name)
    item_id = Word(required=True)
    technique = Word(required=True)
    instrument = Word(required=True)
    method = Word(required=True)
    run_role = fields.String(required=True, validate=validate.OneOf(RUN_ROLES))
    acquired_at = OccurredAt(required=True)
    sha256 = Digest(required=True)


class OffsetQuery(Schema):
    """Where a piece begins; `piece` and `size` name it where it is not the request's body but was handed over beside it."""

    offset = fields.Integer(required=True, validate=validate.Range(min=0, max=2**63 - 1))
    piece = fields.String(load_default=None, validate=validate.Length(equal=32))
    size = fields.Integer(load_default=0, validate=validate.Range(min=0, max=LARGEST_PIECE))


class ReadingSchema(Schema):
    """What the classifier read in a file; `reason` says why it could not, null where it could."""

    format = Word(required=True)
    reason = Text(required=True, allow_none=True, most=2000)
    summary = fields.Dict(required=True, allow_none=True)


class SpectrumQuery(ListQuery):
    """Filters of the list of spectra."""

    item_id = fields.String(load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class ObjectSchema(Schema):
    """Where the bytes lie, and what keeps them there."""

    key = fields.String(required=True)
    version_id = fields.String(required=True)
    retain_until = Timestamp(required=True)
    legal_hold = fields.Boolean(required=True)


class SpectrumSchema(Schema):
    """A spectrum."""

    id = fields.String(required=True)
    item_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(required=True, allow_none=True)
    sha256 = fields.String(required=True)
    declared_sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    filename = fields.String(required=True)
    format = fields.String(required=True)
    technique = fields.String(required=True)
    instrument = fields.String(required=True)
    method = fields.String(required=True)
    run_role = fields.String(required=True, validate=validate.OneOf(RUN_ROLES))
    acquired_at = Timestamp(required=True)
    summary = fields.Dict(required=True, allow_none=True)
    uploaded_by = fields.String(required=True)
    uploaded_at = Timestamp(required=True)
    checked_at = Timestamp(required=True, allow_none=True)
    read_at = Timestamp(required=True, allow_none=True)
    object = fields.Nested(ObjectSchema, required=True)


SpectrumList = list_schema(SpectrumSchema)
