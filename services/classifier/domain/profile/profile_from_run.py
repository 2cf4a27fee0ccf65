"""A raw run and a programme's method give a profile: ratios to the main compound, each traceable to its peaks."""

import math
from collections.abc import Mapping
from typing import Any

from services.classifier.domain.profile.align import Alignment
from services.classifier.domain.profile.find_anchors import Aligned
from services.classifier.domain.profile.find_peaks import Peak
from services.classifier.domain.profile.identify import Identified
from services.classifier.domain.profile.manual import Manual
from services.classifier.domain.profile.profile import NoMethod, Profile, ProfileParameters, ProfileValue
from services.classifier.domain.profile.search import Search
from services.classifier.domain.profile.signal import Signal
from services.classifier.domain.programme import Analyte, Method, Module, Programme, Target
from services.classifier.domain.qc import QcFinding, check_qc


def profile_from_run(
    run: Signal,
    programme: Programme,
    parameters: ProfileParameters | None = None,
    module: str | None = None,
    manual: Mapping[str, Manual] | None = None,
) -> Profile:
    """Align a run, find, identify and integrate the method's compounds in it.

    `module` names which module's method; by default the first that has one. `manual` has the peaks that an examiner set, by the
    name of the compound. Raises NoMethod where there is no method or the run has no spectra, BadBounds for a peak set where
    nothing can be integrated. A run without its internal standard or its main compound gives a profile without values and a
    failed quality finding.
    """
    place, method, search, used = _prepare(run, programme, parameters, module, manual)
    found = search.aligned()
    noted: dict[str, float] = {"internal_standard_area": 0.0}
    if found.standard.peak is None:
        return _without_values(programme, place, used, noted, f"internal standard: {found.standard.remark}")
    standard = found.standard.peak
    noted["internal_standard_area"] = standard.area
    noted["retention_shift_percent"] = 100 * (standard.apex_s / method.retention_s - 1)
    if found.alignment is None:
        reason = "the run cannot be aligned: of the ladder only one step was found"
        return _without_values(programme, place, used, noted, reason, found)
    main = search.find(method.main, found.alignment.time_of(method.place(method.main)))
    if main.peak is None or standard.area < method.internal_standard_area:
        reason = main.remark or f"internal standard: its area of {standard.area:.3g} is too small"
        reason = reason if main.peak is not None else f"{method.main.name}: {reason}"
        return _without_values(programme, place, used, noted, reason, found)
    targets = {target.analyte: target for target in method.targets}
    analytes = [analyte for analyte in programme.analytes if analyte.module == place.name]
    values = tuple(
        _value(analyte, targets.get(analyte.name), method, search, found.alignment, main.peak)
        for analyte in analytes
    )
    noted["saturated_scans"] = _saturated(search, method, standard, main.peak, values)
    areas = {v.analyte: v.peak.area for v in values if v.peak is not None}
    return Profile(
        programme.id,
        programme.version,
        place.name,
        values,
        _findings(programme, place, noted),
        noted,
        used,
        standard,
        method.provenance,
        found.alignment.anchors,
        {method.internal_standard.name: standard.area, method.main.name: main.peak.area, **areas},
    )


def carry_over(
    run: Signal, programme: Programme, parameters: ProfileParameters | None = None, module: str | None = None
) -> Profile:
    """What of the method's compounds lies in a blank: `areas` by name. It has no main compound, and no values.

    A blank without internal standard is searched at the method's own times, as far around them as a standard is looked for.
    """
    place, method, search, used = _prepare(run, programme, parameters, module, None)
    found = search.aligned()
    standard, alignment = found.standard.peak, found.alignment
    noted: dict[str, float] = {}
    areas: dict[str, float] = {}
    if standard is not None:
        noted["internal_standard_area"] = standard.area
        noted["retention_shift_percent"] = 100 * (standard.apex_s / method.retention_s - 1)
        areas[method.internal_standard.name] = standard.area
    if alignment is not None:
        for target in (method.main, *method.targets):
            hit = search.find(target, alignment.time_of(method.place(target))).peak
            if hit is not None:
                areas[target.name] = hit.area
    elif not method.by_index:
        far = ProfileParameters(used.peaks, used.mass_tolerance, window_percent=used.standard_search_percent)
        wide = Search(run, method, far, {})
        for target in (method.main, *method.targets):
            hit = wide.find(target, method.place(target)).peak
            if hit is not None:
                areas[target.name] = hit.area
    values = tuple(
        ProfileValue(a.name, None, a.unit, None, remark="a blank")
        for a in programme.analytes
        if a.module == place.name
    )
    anchors = () if alignment is None else alignment.anchors
    return Profile(
        programme.id, programme.version, place.name, values, (), noted, used, standard, method.provenance, anchors, areas
    )  # fmt: skip


def method_of(programme: Programme, module: str | None = None) -> tuple[Module, Method]:
    """The module of that name, or the first that has a method, and its method; raises NoMethod."""
    for found, method in programme.methods():
        if module is None or found.name == module:
            return found, method
    which = f"module {module!r}" if module else "programme"
    raise NoMethod(f"the {which} of {programme.id} version {programme.version} has no chromatographic method")


def _prepare(
    run: Signal,
    programme: Programme,
    parameters: ProfileParameters | None,
    module: str | None,
    manual: Mapping[str, Manual] | None,
) -> tuple[Module, Method, Search, ProfileParameters]:
    place, method = method_of(programme, module)
    if not run.has_spectra:
        raise NoMethod(f"the run has no spectra, and the method of {place.name} needs them")
    used = parameters or ProfileParameters()
    return place, method, Search(run, method, used, manual or {}), used


def _value(
    analyte: Analyte,
    target: Target | None,
    method: Method,
    search: Search,
    alignment: Alignment,
    main: Peak,
) -> ProfileValue:
    if target is None:
        return ProfileValue(analyte.name, None, analyte.unit, None, remark="the method does not look for it")
    expected = alignment.time_of(method.place(target))
    found = search.find(target, expected)
    about: dict[str, Any] = {
        "expected_s": expected,
        "match": found.match,
        "by_hand": search.is_by_hand(target),
    }
    if found.peak is None:
        censored = not found.interfered and analyte.loq is not None
        return ProfileValue(
            analyte.name, None, analyte.unit, None, censored, found.remark, None, main, **about
        )
    ratio = found.peak.area / main.area * method.main.response / target.response
    if analyte.loq is not None and ratio < analyte.loq:
        remark = f"below the limit of quantitation of {analyte.loq:g}"
        return ProfileValue(analyte.name, None, analyte.unit, None, True, remark, found.peak, main, **about)
    doubt = _uncertainty(analyte, found, main, ratio)
    return ProfileValue(
        analyte.name, ratio, analyte.unit, doubt, False, found.remark, found.peak, main, **about
    )


def _uncertainty(analyte: Analyte, found: Identified, main: Peak, ratio: float) -> float:
    """Expanded, k = 2: the noise of both peaks, and what the programme says of the method as a whole."""
    assert found.peak is not None
    spread = math.hypot(found.peak.area_uncertainty / found.peak.area, main.area_uncertainty / main.area)
    return math.hypot(
        ratio * 2 * spread, ratio * (analyte.uncertainty_percent or 0.0) / 100, analyte.uncertainty or 0.0
    )


def _saturated(
    search: Search, method: Method, standard: Peak, main: Peak, values: tuple[ProfileValue, ...]
) -> float:
    """The most scans at the detector's limit under any peak that gave a value."""
    peaks = {value.analyte: value.peak for value in values if value.peak is not None}
    used = [(method.internal_standard, standard), (method.main, main)]
    used += [(target, peaks[target.name]) for target in method.targets if target.name in peaks]
    return float(max(search.saturated_scans(target, peak) for target, peak in used))


def _findings(programme: Programme, place: Module, noted: dict[str, float]) -> tuple[QcFinding, ...]:
    """The programme's rules on what a run itself shows; what only a sequence of runs shows is not judged here."""
    return tuple(
        finding
        for finding in check_qc(programme, noted)
        if finding.rule in noted and finding.module in (None, place.name)
    )


def _without_values(
    programme: Programme,
    place: Module,
    used: ProfileParameters,
    noted: dict[str, float],
    reason: str,
    found: Aligned | None = None,
) -> Profile:
    values = tuple(
        ProfileValue(a.name, None, a.unit, None, remark=reason)
        for a in programme.analytes
        if a.module == place.name
    )
    finding = QcFinding("internal_standard_area", False, reason, place.name)
    findings = tuple(f for f in _findings(programme, place, noted) if f.rule != finding.rule)
    return Profile(
        programme.id,
        programme.version,
        place.name,
        values,
        (finding, *findings),
        noted,
        used,
        found.standard.peak if found else None,
        place.method.provenance if place.method else "",
        found.alignment.anchors if found and found.alignment else (),
    )
