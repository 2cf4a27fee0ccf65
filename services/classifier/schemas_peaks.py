"""Answers about the peaks of a run."""

from marshmallow import fields, validate

from shared.http.schemas import Schema


class RunPeakSchema(Schema):
    """One peak, in the channel in which it was integrated.

    Times in s, area in intensity x s with its standard uncertainty, the baseline at both ends in intensity.
    """

    kind = fields.String(validate=validate.OneOf(["internal_standard", "main_compound", "analyte"]))
    name = fields.String()
    channel = fields.String(allow_none=True)
    start_s = fields.Float(allow_none=True)
    apex_s = fields.Float()
    end_s = fields.Float(allow_none=True)
    height = fields.Float(allow_none=True)
    area = fields.Float(allow_none=True)
    area_uncertainty = fields.Float(allow_none=True)
    baseline_start = fields.Float(allow_none=True)
    baseline_end = fields.Float(allow_none=True)


class RunProfileSchema(Schema):
    """What one programme's method found in the run, by rising time; `version` is 1 where nobody has integrated it again."""

    programme = fields.String()
    programme_version = fields.String()
    version = fields.Integer()
    module = fields.String(allow_none=True)
    provenance = fields.String()
    peaks = fields.List(fields.Nested(RunPeakSchema))


class RunPeaksSchema(Schema):
    """The peaks that profiles name in a run."""

    spectrum_id = fields.String()
    channels = fields.List(fields.String(), metadata={"description": "The channels that can be drawn"})
    profiles = fields.List(fields.Nested(RunProfileSchema))
