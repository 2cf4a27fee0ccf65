"""Read the chromatographic method of a module from posted data."""

from services.classifier.domain.check_fields import Fields
from services.classifier.domain.programme import LEAST_MATCH, ControlTarget, Ion, Method, Target

MAX_TARGETS = 300
MAX_QUALIFIERS = 10
MAX_SPECTRUM = 40
MAX_ANCHORS = 60


def method_from_data(fields: Fields, errors: list[tuple[str, str]]) -> Method:
    """Read one method; what is wrong goes to `errors` with its pointer, and the result is then not to be used."""
    standard = fields.child("internal_standard")
    retention = standard.number("retention_s", above=0.0, required=True)
    least_area = standard.number("minimum_area", above=0.0)
    internal = _target(standard, analyte=False, relative=False, errors=errors)
    anchors = [
        _target(each, analyte=False, relative=True, errors=errors)
        for each in fields.objects("anchors", limit=MAX_ANCHORS, required=False)
    ]
    main = _target(fields.child("main"), analyte=False, relative=True, errors=errors, by_index=True)
    targets = [
        _target(each, analyte=True, relative=True, errors=errors, by_index=True)
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
        anchors=tuple(anchors),
        least_match=fields.between("least_match", 0.3, 0.999, LEAST_MATCH),
        controls=_controls(fields),
    )
    fields.nothing_else()
    if method.by_index:
        _check_ladder(method, fields.pointer, errors)
    return method


def _controls(fields: Fields) -> tuple[ControlTarget, ...]:
    found = []
    for each in fields.objects("controls", limit=MAX_TARGETS, required=False):
        analyte, mean = each.text("analyte", limit=120), each.number("mean", required=True)
        sd = each.number("sd", above=0.0, required=True)
        each.nothing_else()
        found.append(ControlTarget(analyte, mean or 0.0, sd or 1.0))
    return tuple(found)


def _check_ladder(method: Method, pointer: str, errors: list[tuple[str, str]]) -> None:
    """Where one compound has a retention index, all need one, and the ladder two steps at least."""
    for place, target in enumerate(method.targets):
        if target.retention_index is None:
            errors.append((f"{pointer}/targets/{place}/retention_index", "the other compounds have one"))
    if method.main.retention_index is None:
        errors.append((f"{pointer}/main/retention_index", "the other compounds have one"))
    steps = {t.retention_index for t in (method.internal_standard, *method.anchors)}
    if None in steps or len(steps) < 2:
        errors.append(
            (f"{pointer}/anchors", "retention indices need two anchors at least, each with its own")
        )


def _target(
    fields: Fields,
    *,
    analyte: bool,
    relative: bool,
    errors: list[tuple[str, str]],
    by_index: bool = False,
) -> Target:
    """One compound; `by_index`: a retention index may stand in the place of the relative retention."""
    name = fields.text("analyte" if analyte else "name", limit=120)
    index = fields.number("retention_index", above=0.0)
    place = (
        fields.number("relative_retention", above=0.0, required=not (by_index and index)) if relative else 1.0
    )
    quantifier = fields.number("quantifier", above=0.0, required=True)
    qualifiers = []
    for each in fields.objects("qualifiers", limit=MAX_QUALIFIERS, required=False):
        mz = each.number("mz", above=0.0, required=True)
        ratio = each.number("ratio", above=0.0, required=True)
        each.nothing_else()
        qualifiers.append(Ion(mz or 1.0, ratio or 1.0))
    response = fields.number("response", above=0.0)
    spectrum = []
    for each in fields.objects("spectrum", limit=MAX_SPECTRUM, required=False):
        mz = each.number("mz", above=0.0, required=True)
        intensity = each.number("intensity", above=0.0, required=True)
        each.nothing_else()
        spectrum.append((mz or 1.0, intensity or 1.0))
    fields.nothing_else()
    return Target(
        name,
        name if analyte else None,
        place or 1.0,
        quantifier or 1.0,
        tuple(qualifiers),
        response or 1.0,
        index,
        tuple(spectrum),
    )
