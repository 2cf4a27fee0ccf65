"""Answers of the log: proofs, what the last check found, and the log at a glance."""

from marshmallow import fields

from shared.http.schemas import Schema, Timestamp


class ProofSchema(Schema):
    """That one event is in the log of a signed size (RFC 6962); bytes are base64."""

    index = fields.Integer(required=True)
    size = fields.Integer(required=True)
    leaf_hash = fields.String(required=True)
    hashes = fields.List(fields.String(), required=True)
    checkpoint = fields.String(required=True)


class VerificationSchema(Schema):
    """What the last full check of the ledger found."""

    at = Timestamp(required=True)
    size = fields.Integer(required=True)
    ok = fields.Boolean(required=True)
    findings = fields.List(fields.String(), required=True)


class LedgerWitnessSchema(Schema):
    """A witness: what it cosigned last, and how the last attempt ended."""

    name = fields.String(required=True)
    key = fields.String(required=True)
    url = fields.String(required=True)
    size = fields.Integer(required=True, allow_none=True)
    cosigned_at = Timestamp(required=True, allow_none=True)
    tried_at = Timestamp(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class LedgerAuthoritySchema(Schema):
    """The time stamping authority: what it stamped last."""

    url = fields.String(required=True)
    size = fields.Integer(required=True, allow_none=True)
    stamped_at = Timestamp(required=True, allow_none=True)
    tried_at = Timestamp(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class LedgerCopySchema(Schema):
    """The last copy of a head in the locked store."""

    number = fields.Integer(required=True, allow_none=True)
    size = fields.Integer(required=True, allow_none=True)
    key = fields.String(required=True, allow_none=True)
    copied_at = Timestamp(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class LedgerStateSchema(Schema):
    """The log at a glance."""

    origin = fields.String(required=True)
    key = fields.String(required=True)
    key_id = fields.String(required=True, metadata={"description": "C2SP id of the key, hexadecimal"})
    fingerprint = fields.String(required=True, metadata={"description": "SHA-256 of the key's 32 bytes"})
    size = fields.Integer(required=True)
    root = fields.String(required=True, allow_none=True)
    made_at = Timestamp(required=True, allow_none=True)
    waiting = fields.Integer(required=True)
    verification = fields.Nested(VerificationSchema, required=True, allow_none=True)
    witnesses = fields.List(fields.Nested(LedgerWitnessSchema), required=True)
    authority = fields.Nested(LedgerAuthoritySchema, required=True, allow_none=True)
    copy = fields.Nested(LedgerCopySchema, required=True, allow_none=True)
