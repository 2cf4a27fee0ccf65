"""Questions and answers of the statistics."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.classifier.service.statistics import GROUPS
from shared.http.schemas import Schema


class OpinionsQuery(Schema):
    """Which released results: of seizures dated from the first day to the last, both included."""

    programme = fields.String(required=True)
    determination = fields.String()
    from_ = fields.Date(data_key="from")
    to = fields.Date()

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        """Refuses a span that ends before it begins."""
        first, last = data.get("from_"), data.get("to")
        if first is not None and last is not None and first > last:
            raise ValidationError(f"It is after the last day, {last}.", "from")


class OriginsQuery(OpinionsQuery):
    """What the shares are told by."""

    group_by = fields.String(load_default="year", validate=validate.OneOf(GROUPS))


class ShareSchema(Schema):
    """A class's count and share, with the limits of its 95 % interval."""

    n = fields.Integer()
    share = fields.Float()
    low = fields.Float()
    high = fields.Float()


class MeanSchema(Schema):
    """A mean in percent of so many, with the limits of its 95 % interval; one value has none."""

    n = fields.Integer()
    mean = fields.Float()
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)


class OriginsGroupSchema(Schema):
    """One group; the counts of its shares add up to n. Purity is null where none was measured."""

    group = fields.String()
    n = fields.Integer(metadata={"description": "Seizures on which an opinion was given: what shares are of"})
    not_evaluated = fields.Integer(
        metadata={"description": "Seizures on which none could be given; they are in no share"}
    )
    shares = fields.Dict(keys=fields.String(), values=fields.Nested(ShareSchema))
    purity = fields.Nested(MeanSchema, allow_none=True)


class OriginsSchema(Schema):
    """Shares by group, and what must be said with them."""

    programme = fields.String()
    determination = fields.String()
    group_by = fields.String()
    items = fields.List(fields.Nested(OriginsGroupSchema))
    n = fields.Integer()
    not_evaluated = fields.Integer()
    synthetic_n = fields.Integer(
        metadata={"description": "How many of them a model concluded that was trained on generated data"}
    )
    purity_analyte = fields.String(
        allow_none=True, metadata={"description": "The analyte that the programme names for purity"}
    )
    caveat = fields.String()


class ColumnSchema(Schema):
    """A column of the export."""

    name = fields.String()
    description = fields.String()


class DictionarySchema(Schema):
    """The columns of the export."""

    columns = fields.List(fields.Nested(ColumnSchema))
    caveat = fields.String()
