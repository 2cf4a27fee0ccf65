"""Questions and answers about links."""

from marshmallow import fields, validate

from services.classifier.domain.links.measures import MEASURES
from services.classifier.domain.programme import PRETREATMENT_STEPS
from shared.http.schemas import Schema

_STEP = "|".join(PRETREATMENT_STEPS)


class PopulationQuery(Schema):
    """How to compare; what is not said is as the programme says."""

    programme = fields.String(required=True)
    measure = fields.String(validate=validate.OneOf(MEASURES))
    pretreatment = fields.String(
        validate=validate.Regexp(
            rf"({_STEP})(,({_STEP}))*\Z", error=f"Steps with commas between them, of: {_STEP}."
        ),
        metadata={"example": "fourth_root,autoscale"},
    )


class LinksQuery(PopulationQuery):
    """How many of the most alike."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=1000))


class NetworkQuery(PopulationQuery):
    """Around whom, and how many at most."""

    item_id = fields.String(required=True)
    limit = fields.Integer(load_default=60, validate=validate.Range(min=1, max=200))


class RatioValidationSchema(Schema):
    """How ratios did on pairs that did not shape them; the three lists have one length."""

    cllr = fields.Float()
    misleading_linked = fields.Float()
    misleading_unlinked = fields.Float()
    tippett_at = fields.List(fields.Float(), metadata={"description": "log10 of the likelihood ratio"})
    tippett_linked = fields.List(fields.Float())
    tippett_unlinked = fields.List(fields.Float())


class PopulationSchema(Schema):
    """The rule that made the ratios."""

    id = fields.String()
    made_at = fields.String()
    rule = fields.String()
    measure = fields.String()
    pretreatment = fields.List(fields.String())
    n_linked = fields.Integer()
    n_unlinked = fields.Integer()
    threshold = fields.Float()
    validation = fields.Nested(RatioValidationSchema, allow_none=True)


class LinkSchema(Schema):
    """One profile that is alike."""

    item_id = fields.String()
    number = fields.String(allow_none=True)
    exhibit_id = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    compared = fields.Integer(metadata={"description": "Analytes that were measured in both"})
    analytes = fields.Integer(metadata={"description": "Analytes of the programme"})
    score = fields.Float(allow_none=True)
    likelihood_ratio = fields.Float(
        allow_none=True, metadata={"description": "Null where too few analytes were measured in both"}
    )
    verbal = fields.String()
    beyond_threshold = fields.Boolean(
        metadata={"description": "The score is beyond the threshold and the ratio speaks for a link"}
    )
    note = fields.String(
        allow_none=True, metadata={"description": "What bounds the statement, or why there is none"}
    )


class LinksSchema(Schema):
    """The most alike of those with which enough is shared, the best first; `searched` profiles were looked at."""

    item_id = fields.String()
    programme = fields.String()
    searched = fields.Integer()
    measured = fields.Integer(metadata={"description": "Analytes that were measured of the item"})
    analytes = fields.Integer(metadata={"description": "Analytes of the programme"})
    note = fields.String(allow_none=True)
    items = fields.List(fields.Nested(LinkSchema))
    population = fields.Nested(PopulationSchema)
    synthetic = fields.Boolean(
        metadata={"description": "Whether the library behind the population is generated data"}
    )
    caveat = fields.String()


class NodeSchema(Schema):
    """An item of the picture and the number of its group."""

    item_id = fields.String()
    number = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    group = fields.Integer()


class EdgeSchema(Schema):
    """A link beyond the threshold."""

    from_ = fields.String(attribute="from", data_key="from")
    to = fields.String()
    score = fields.Float()


class NetworkSchema(Schema):
    """The picture of an item's links."""

    nodes = fields.List(fields.Nested(NodeSchema))
    edges = fields.List(fields.Nested(EdgeSchema))
    population = fields.Nested(PopulationSchema)
    synthetic = fields.Boolean(
        metadata={"description": "Whether the library behind the population is generated data"}
    )
    caveat = fields.String()


class ComparedSchema(Schema):
    """An analyte of one profile: what was measured, its place among all profiles, and the number that is compared.

    `rank` is the share of the programme's profiles with a lower value; null where nothing was measured. `compared` is the value
    after the pre-treatment, for what was not measured as it is expected from the rest.
    """

    value = fields.Float(allow_none=True)
    uncertainty = fields.Float(allow_none=True)
    censored = fields.Boolean()
    rank = fields.Float(allow_none=True)
    compared = fields.Float()


class ComparedAnalyteSchema(Schema):
    """One analyte of both profiles."""

    analyte = fields.String()
    unit = fields.String()
    module = fields.String()
    own = fields.Nested(ComparedSchema)
    other = fields.Nested(ComparedSchema)


class ComparisonSchema(Schema):
    """Two profiles beside each other: what a mirror or an overlay is drawn from."""

    item_id = fields.String()
    programme = fields.String()
    profiles = fields.Integer(metadata={"description": "How many profiles the ranks are among"})
    other = fields.Nested(LinkSchema)
    analytes = fields.List(fields.Nested(ComparedAnalyteSchema))
    population = fields.Nested(PopulationSchema)
    synthetic = fields.Boolean()
    caveat = fields.String()
