"""Bodies and answers about runs: integrations by hand, control charts."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Number, OccurredAt, Schema, Text, Timestamp, Word


class SetPeakSchema(Schema):
    """One peak as an examiner sets it: both ends in seconds, or neither for a compound that is not there."""

    name = Word(required=True)
    start_s = Number(least=0)
    end_s = Number(least=0)
    baseline = fields.String(load_default="found", validate=validate.OneOf(["found", "straight"]))

    @validates_schema
    def _both_ends(self, data: dict[str, Any], **_: Any) -> None:
        start, end = data.get("start_s"), data.get("end_s")
        if (start is None) != (end is None):
            missing = "end_s" if end is None else "start_s"
            raise ValidationError("Give both ends, or neither for a compound that is not there.", missing)
        if start is not None and end is not None and start >= end:
            raise ValidationError("A peak ends after it begins.", "end_s")


class SearchParametersSchema(Schema):
    """What of the search is to be other than usual."""

    baseline_s = Number(least=5, most=2000)
    smoothing_points = fields.Integer(validate=validate.Range(min=1, max=51))
    noise_multiple = Number(least=3, most=100)
    edge_fraction = Number(least=0.0005, most=0.2)
    window_percent = Number(least=0.05, most=20)
    qualifier_tolerance_percent = Number(least=1, most=100)
    standard_search_percent = Number(least=1, most=50)


class NewIntegrationSchema(Schema):
    """Which peaks or parameters of a run are to be other than they were, and why."""

    programme = Word(required=True)
    reason = Text(required=True)
    peaks = fields.List(fields.Nested(SetPeakSchema), load_default=list, validate=validate.Length(max=300))
    parameters = fields.Nested(SearchParametersSchema)
    occurred_at = OccurredAt()

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data.get("peaks") and not data.get("parameters"):
            raise ValidationError("Name at least one peak or one parameter.", "peaks")


class IntegrationSchema(Schema):
    """One version of what was found in a run; the first, found by itself, has no reason."""

    id = fields.String()
    spectrum_id = fields.String()
    item_id = fields.String()
    programme = fields.String()
    programme_version = fields.String()
    version = fields.Integer()
    reason = fields.String(allow_none=True)
    changes = fields.Dict(allow_none=True)
    integrated_by = fields.String(allow_none=True)
    digest = fields.String(allow_none=True)
    recorded_at = Timestamp()
    profile = fields.Dict()


IntegrationList = list_schema(IntegrationSchema)


class IntegrationQuery(ListQuery):
    """Versions of one programme's method alone."""

    programme = fields.String()


class ChartQuery(Schema):
    """Which charts."""

    instrument = fields.String()
    method = fields.String()
    analyte = fields.String()


class ChartSchema(Schema):
    """One control chart; `limits` is null while too little was measured."""

    programme = fields.String()
    instrument = fields.String()
    method = fields.String()
    module = fields.String()
    analyte = fields.String()
    limits = fields.Dict(allow_none=True)
    points = fields.List(fields.Dict())


ChartList = list_schema(ChartSchema)
