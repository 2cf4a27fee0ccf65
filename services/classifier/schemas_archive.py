"""Questions and answers about work on a programme's whole archive."""

from marshmallow import fields

from shared.http.lists import list_schema
from shared.http.schemas import Schema, Word


class NewReclassificationSchema(Schema):
    """Which archive, and which model; without one, the model that is active."""

    programme = Word(required=True)
    model = Word()


class QueuedSchema(Schema):
    """The job that does the work: see /jobs/{job_id} for its progress."""

    job_id = fields.String()


class ChangeSchema(Schema):
    """How often a conclusion that stood became another one; `former` is null where no result stood."""

    former = fields.String(allow_none=True)
    now = fields.String()
    n = fields.Integer()


class ReclassificationSchema(Schema):
    """What came of it so far: all profiles, those with a result that stood, and those whose conclusion differs."""

    job_id = fields.String()
    programme = fields.String()
    model_id = fields.String()
    state = fields.String()
    progress = fields.Float()
    error = fields.String(allow_none=True)
    profiles = fields.Integer()
    compared = fields.Integer()
    differing = fields.Integer()
    changes = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(ChangeSchema)))


class DifferenceSchema(Schema):
    """An item with the conclusions that stood and those of the model, by determination."""

    item_id = fields.String()
    number = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    result_id = fields.String()
    former = fields.Dict(keys=fields.String(), values=fields.String())
    conclusions = fields.Dict(keys=fields.String(), values=fields.String())


DifferenceList = list_schema(DifferenceSchema)
