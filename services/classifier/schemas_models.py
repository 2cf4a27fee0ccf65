"""Answers about models in use and about why results say what they say."""

from marshmallow import fields

from shared.http.lists import list_schema
from shared.http.schemas import Password, Schema, Text, Timestamp


class FiguresQuery(Schema):
    """Whether pictures (SVG) come along."""

    figures = fields.Boolean(load_default=False)


class ExplanationSchema(Schema):
    """Why a result says what it says, a determination at a time."""

    result_id = fields.String()
    model = fields.Dict()
    provenance = fields.String(allow_none=True)
    determinations = fields.List(fields.Dict())


class RetireSchema(Schema):
    """Why a model is taken out of use, signed."""

    reason = Text(required=True)
    password = Password()


class ModelActSchema(Schema):
    """One act upon a model; `previous` is the digest of the act before it in the programme."""

    id = fields.String()
    model_id = fields.String()
    act = fields.String()
    reason = fields.String(allow_none=True)
    replaced = fields.String(allow_none=True)
    model_digest = fields.String()
    acted_by = fields.String()
    acted_by_name = fields.String()
    method = fields.String(allow_none=True)
    previous = fields.String()
    digest = fields.String()
    acted_at = Timestamp()


ModelActList = list_schema(ModelActSchema)


class ShadowSchema(Schema):
    """A challenger beside the champion: counts, agreement with its 95 % interval, and where they differed."""

    model_id = fields.String()
    items = fields.Integer()
    agreed = fields.Integer()
    agreement = fields.Float(allow_none=True)
    low = fields.Float()
    high = fields.Float()
    champions = fields.List(fields.Dict())
    determinations = fields.Dict()
    differences = fields.List(fields.Dict())


class DriftSchema(Schema):
    """A model over time beside its validation."""

    model_id = fields.String()
    determinations = fields.Dict()
    reviews = fields.Dict()
    alarms = fields.List(fields.String())
    figures = fields.Dict()
