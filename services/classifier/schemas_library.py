"""Bodies and answers of the reference library and of models."""

from marshmallow import fields, validate

from shared.http.lists import ListQuery, list_schema
from shared.http.schemas import Password, Schema, Text, Timestamp, Word


class LabelsSchema(Schema):
    """The classes of an authentic, one for each determination that is known."""

    labels = fields.Dict(keys=Word(), values=Word(), required=True, validate=validate.Length(min=1))


class LibraryEntriesSchema(Schema):
    """Many authentics at once, all or none."""

    class _Entry(LabelsSchema):
        exhibit_id = Word(required=True)

    entries = fields.List(fields.Nested(_Entry), required=True, validate=validate.Length(min=1, max=2000))


class ReasonSchema(Schema):
    """Why."""

    reason = Text(required=True)


class LibraryEntrySchema(Schema):
    """An authentic of the library."""

    exhibit_id = fields.String()
    item_id = fields.String()
    item_number = fields.String(allow_none=True)
    programme = fields.String()
    labels = fields.Dict(allow_none=True)
    provenance = fields.String()
    decision = fields.String()
    reason = fields.String(allow_none=True)
    decided_by = fields.String()
    decided_at = Timestamp()


class LibraryWarningSchema(Schema):
    """What asks for a second look: an authentic far from its class, or nearly the same as one of another collection."""

    kind = fields.String(validate=validate.OneOf(["outlier", "duplicate"]))
    exhibit_id = fields.String()
    item_id = fields.String()
    item_number = fields.String()
    determination = fields.String()
    label = fields.String()
    score = fields.Float()
    nearer_to = fields.String(allow_none=True)
    other_exhibit_id = fields.String(allow_none=True)
    other_item_id = fields.String(allow_none=True)
    other_item_number = fields.String(allow_none=True)
    message = fields.String()


LibraryWarningList = list_schema(LibraryWarningSchema)


class WarningsQuery(Schema):
    """Whose library."""

    programme = fields.String(required=True)


class AcceptedEntrySchema(LibraryEntrySchema):
    """An authentic that was taken in, with what asks for a second look."""

    warnings = fields.List(fields.Nested(LibraryWarningSchema))


LibraryList = list_schema(LibraryEntrySchema)


class LibraryQuery(ListQuery):
    """Filters of the library; `decision` is the last one on an exhibit."""

    programme = fields.String()
    decision = fields.String(
        load_default="accepted", validate=validate.OneOf(["accepted", "refused", "withdrawn"])
    )


class NewModelSchema(Schema):
    """What to train."""

    programme = Word(required=True)


class ModelStartedSchema(Schema):
    """The model in the making and the job that makes it."""

    id = fields.String()
    job_id = fields.String()


class ModelSchema(Schema):
    """A model; the bundle itself stays inside."""

    id = fields.String()
    programme = fields.String()
    programme_version = fields.String()
    version = fields.Integer()
    state = fields.String()
    job_id = fields.String()
    digest = fields.String(allow_none=True)
    snapshot = fields.Dict(allow_none=True)
    provenance = fields.String(allow_none=True)
    error = fields.String(allow_none=True)
    trained_by = fields.String()
    trained_at = Timestamp()
    activated_by = fields.String(allow_none=True)
    activated_at = Timestamp(allow_none=True)


ModelList = list_schema(ModelSchema)


class ModelQuery(ListQuery):
    """Filters of the list of models."""

    programme = fields.String()
    state = fields.String()


class ActivateSchema(Schema):
    """The signature of whoever puts the model into use; a reason where a retired one is put into use again."""

    reason = Text()
    password = Password()
