"""Answers about models in use and about why results say what they say."""

from marshmallow import fields

from shared.http.schemas import Schema


class ExplanationSchema(Schema):
    """Why a result says what it says, a determination at a time."""

    result_id = fields.String()
    model = fields.Dict()
    provenance = fields.String(allow_none=True)
    determinations = fields.List(fields.Dict())
