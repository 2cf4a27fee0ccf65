"""Bodies and answers of the classifier's API."""

from marshmallow import fields, validate

from services.classifier.domain.programme import LARGEST
from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Number, OccurredAt, Password, Schema, Text, Timestamp, Word


class ProgrammeSchema(Schema):
    """A programme as posted, with what the server knows of it."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    title = fields.String()
    date = fields.String(allow_none=True)
    provenance = fields.String()
    description = fields.String()
    references = fields.List(fields.String())
    modules = fields.List(fields.Dict())
    analytes = fields.List(fields.Dict())
    determinations = fields.List(fields.Dict())
    pretreatment = fields.Raw()
    decision = fields.Dict()
    qc = fields.List(fields.Dict())
    links = fields.Dict()
    main_analyte = fields.String(allow_none=True)
    purity = fields.String(
        metadata={"description": "The analyte, in percent, that statistics tell as purity"}
    )
    digest = fields.String()
    posted_by = fields.String()
    posted_at = Timestamp()


ProgrammeList = list_schema(ProgrammeSchema)


class ValueSchema(Schema):
    """One measured value in its analyte's unit; uncertainty is expanded, k = 2."""

    analyte = Word(required=True)
    value = Number(required=True, allow_none=True, least=-LARGEST, most=LARGEST)
    unit = Word(required=True)
    uncertainty = Number(least=0, most=LARGEST, allow_none=True)


class NewMeasurementSchema(Schema):
    """A measurement to be recorded."""

    item_id = Word(required=True)
    programme = Word(required=True)
    method = Word(required=True)
    instrument = Word(required=True)
    values = fields.List(fields.Nested(ValueSchema), required=True, validate=validate.Length(min=1, max=2000))
    qc = fields.Dict(keys=fields.String(), values=fields.Raw())
    occurred_at = OccurredAt()


class CorrectionSchema(Schema):
    """Corrected values and why."""

    reason = Text(required=True)
    values = fields.List(fields.Nested(ValueSchema), required=True, validate=validate.Length(min=1, max=2000))
    occurred_at = OccurredAt()


class MeasurementSchema(Schema):
    """A recorded measurement."""

    id = fields.String()
    item_id = fields.String()
    programme = fields.String()
    programme_version = fields.String()
    method = fields.String()
    instrument = fields.String()
    values = fields.List(fields.Dict())
    qc = fields.Dict(allow_none=True)
    corrects = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    digest = fields.String()
    measured_by = fields.String()
    occurred_at = Timestamp()
    recorded_at = Timestamp()


MeasurementList = list_schema(MeasurementSchema)


class MeasurementQuery(ListQuery):
    """Filters of the list of measurements."""

    item_id = fields.String()
    programme = fields.String()


class ImportQuery(Schema):
    """Which programme the table's columns belong to; a dry run stores nothing."""

    programme = fields.String(required=True)
    dry_run = fields.Boolean(load_default=False)


class ImportErrorSchema(Schema):
    """One wrong cell; `row` counts as the sheet does, the header is 1."""

    sheet = fields.String(allow_none=True)
    row = fields.Integer()
    column = fields.String(allow_none=True)
    code = fields.String()
    message = fields.String()


class ImportSchema(Schema):
    """What became of a table: all rows, or none."""

    accepted = fields.Integer()
    rejected = fields.Integer()
    errors = fields.List(fields.Nested(ImportErrorSchema))


class ProgrammeQuery(Schema):
    """Names the programme."""

    programme = fields.String(required=True)


class ProfileSchema(Schema):
    """An item's profile: every analyte of the programme, each value with where it comes from."""

    item_id = fields.String()
    programme = fields.String()
    programme_version = fields.String()
    values = fields.List(fields.Dict())
    qc = fields.Dict()
    qc_details = fields.Dict()
    findings = fields.List(fields.Dict())
    inputs = fields.List(fields.String())


class TraceQuery(Schema):
    """Which part of a chromatogram or spectrum, how finely; `from` and `to` in the unit of x, seconds of a run."""

    channel = fields.String(load_default="tic")
    from_ = fields.Float(data_key="from", load_default=None, allow_nan=False)
    to = fields.Float(load_default=None, allow_nan=False)
    points = fields.Integer(load_default=2000, validate=validate.Range(min=2, max=20000))


class TraceSchema(Schema):
    """Points of a chromatogram or a spectrum, all of them measured; x in `x_unit`."""

    spectrum_id = fields.String()
    channel = fields.String()
    x = fields.List(fields.Float())
    y = fields.List(fields.Float())
    unit = fields.String()
    x_unit = fields.String()
    measured_points = fields.Integer()
    sha256 = fields.String()


class NewJobSchema(Schema):
    """Which items to classify."""

    programme = Word(required=True)
    item_ids = fields.List(Word(), required=True, validate=validate.Length(min=1, max=5000))
    model = Word()


class JobSchema(Schema):
    """A job as it stands."""

    id = fields.String()
    kind = fields.String()
    programme = fields.String()
    item_ids = fields.List(fields.String())
    model_id = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf(["queued", "running", "done", "failed", "cancelled"]))
    progress = fields.Float()
    results = fields.List(fields.Dict())
    error = fields.String(allow_none=True)
    requested_by = fields.String()
    requested_at = Timestamp()
    ended_at = Timestamp(allow_none=True)


JobList = list_schema(JobSchema)


class ResultQuery(ListQuery):
    """Filters of the list of results."""

    item_id = fields.String()
    exhibit_id = fields.String()
    programme = fields.String()
    state = fields.String(validate=validate.OneOf(["proposed", "released", "rejected", "superseded"]))


class ResultSchema(Schema):
    """An opinion."""

    id = fields.String()
    item_id = fields.String()
    item_number = fields.String()
    exhibit_id = fields.String()
    programme = fields.String()
    programme_version = fields.String()
    determinations = fields.List(fields.Dict())
    model = fields.Dict()
    inputs = fields.List(fields.String())
    performers = fields.List(fields.String())
    digest = fields.String()
    replaces = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    remarks = fields.String(allow_none=True)
    state = fields.String()
    created_at = Timestamp()
    review = fields.Dict(allow_none=True, dump_only=True)


class WholeResultSchema(ResultSchema):
    """An opinion with the values that it rests on."""

    values = fields.List(
        fields.Dict(),
        dump_only=True,
        metadata={
            "description": "Each value as it was concluded from, its source, and whose its uncertainty is"
        },
    )


ResultList = list_schema(ResultSchema)


class ReviewSchema(Schema):
    """A second examiner's decision."""

    decision = fields.String(required=True, validate=validate.OneOf(["release", "reject"]))
    comment = Text(required=True)
    password = Password()


class AmendmentSchema(Schema):
    """Why a released result is replaced, and by what."""

    reason = Text(required=True)
    password = Password()
    result_id = Word()
    remarks = Text(most=4000)
