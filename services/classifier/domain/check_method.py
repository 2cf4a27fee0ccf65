"""Read the chromatographic method of a module from posted data."""

from services.classifier.domain.check_fields import Fields
from services.classifier.domain.programme import Ion, Method, Target

MAX_TARGETS = 300
MAX_QUALIFIERS = 10


def method_from_data(fields: Fields, errors: list[tuple[str, str]]) -> Method:
    """Read one method; what is wrong goes to `errors` with its pointer, and the result is then not to be used."""
    standard = fields.child("internal_standard")
    retention = standard.number("retention_s", above=0.0, required=True)
    least_area = standard.number("minimum_area", above=0.0)
    internal = _target(standard, analyte=False, relative=False, errors=errors)
    main = _target(fields.child("main"), analyte=False, relative=True, errors=errors)
    targets = [
        _target(each, analyte=True, relative=True, errors=errors)
        for each in fields.objects("targets", limit=MAX_TARGETS)
    ]
    method = Method(
        internal_standard=internal,
        retention_s=retention or 1.0,
        main=main,
        targets=tuple(targets),
        window_percent=fields.between("window_percent", 0.05, 20.0, 1.5),
        qualifier_tolerance_percent=fields.between("qualifier_tolerance_percent", 1.0, 100.0, 25.0),
        internal_standard_area=least_area or 0.0,
        saturation=fields.number("saturation", above=0.0),
        provenance=fields.text("provenance", limit=200, required=False),
    )
    fields.nothing_else()
    return method


def _target(fields: Fields, *, analyte: bool, relative: bool, errors: list[tuple[str, str]]) -> Target:
    name = fields.text("analyte" if analyte else "name", limit=120)
    place = fields.number("relative_retention", above=0.0, required=True) if relative else 1.0
    quantifier = fields.number("quantifier", above=0.0, required=True)
    qualifiers = []
    for each in fields.objects("qualifiers", limit=MAX_QUALIFIERS, required=False):
        mz = each.number("mz", above=0.0, required=True)
        ratio = each.number("ratio", above=0.0, required=True)
        each.nothing_else()
        qualifiers.append(Ion(mz or 1.0, ratio or 1.0))
    response = fields.number("response", above=0.0)
    fields.nothing_else()
    return Target(
        name, name if analyte else None, place or 1.0, quantifier or 1.0, tuple(qualifiers), response or 1.0
    )
