"""A raw run and a programme's method give a profile: ratios to the main compound, each traceable to its peaks."""

import functools
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from services.classifier.domain.profile.find_peaks import (
    Corrected,
    Peak,
    PeakParameters,
    correct,
)
from services.classifier.domain.profile.identify import Channel, Identified, identify
from services.classifier.domain.programme import Analyte, Method, Module, Programme, Target
from services.classifier.domain.qc import QcFinding, check_qc
from services.classifier.domain.run import RawRun


class NoMethod(ValueError):
    """This run cannot give a profile of this programme; the message says why."""


@dataclass(frozen=True, slots=True)
class ProfileParameters:
    """Everything that the numbers depend on besides the method; stored with the profile."""

    peaks: PeakParameters = field(default_factory=PeakParameters)
    mass_tolerance: float = 0.4
    standard_search_percent: float = 6.0


@dataclass(frozen=True, slots=True)
class ProfileValue:
    """One analyte: its value with expanded uncertainty (k=2), or None with the reason in `remark`.

    `censored`: looked for, and below the limit of quantitation. `peak` and `main_peak` are what the value was computed from.
    """

    analyte: str
    value: float | None
    unit: str
    uncertainty: float | None
    censored: bool = False
    remark: str = ""
    peak: Peak | None = None
    main_peak: Peak | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The values of one module from one run, the quality findings, and the parameters that gave them."""

    programme: str
    version: str
    module: str
    values: tuple[ProfileValue, ...]
    qc: tuple[QcFinding, ...]
    noted: dict[str, float]
    parameters: ProfileParameters
    internal_standard: Peak | None = None
    provenance: str = field(default="")

    def as_data(self) -> dict[str, Any]:
        """Plain dictionaries, ready for JSON."""
        return asdict(self)


def profile_from_run(
    run: RawRun,
    programme: Programme,
    parameters: ProfileParameters | None = None,
    module: str | None = None,
) -> Profile:
    """Find, integrate and identify the method's compounds in a run.

    `module` names which module's method; by default the first that has one. Raises NoMethod where there is none or the run has no
    spectra. A run without its internal standard or its main compound gives a profile without values and a failed quality finding.
    """
    place, method = _method(programme, module)
    if not run.has_spectra:
        raise NoMethod(f"a {run.format} run has no spectra, and the method of {place.name} needs them")
    used = parameters or ProfileParameters()
    channel = _channels(run, used)
    standard = _internal_standard(method, channel, used)
    noted: dict[str, float] = {"internal_standard_area": 0.0}
    analytes = [analyte for analyte in programme.analytes if analyte.module == place.name]
    if standard.peak is None:
        return _without_values(
            programme, place, analytes, used, noted, f"internal standard: {standard.remark}"
        )
    noted["internal_standard_area"] = standard.peak.area
    noted["retention_drift_percent"] = 100 * (standard.peak.apex_s / method.retention_s - 1)
    main = _find(method, method.main, channel, standard.peak, used)
    if main.peak is None or standard.peak.area < method.internal_standard_area:
        reason = main.remark or f"internal standard: its area of {standard.peak.area:.3g} is too small"
        return _without_values(
            programme, place, analytes, used, noted, f"{method.main.name}: {reason}", standard.peak
        )
    noted["saturated_scans"] = _saturated(run, method, main.peak, used)
    targets = {target.analyte: target for target in method.targets}
    values = tuple(
        _value(analyte, targets.get(analyte.name), method, channel, standard.peak, main.peak, used)
        for analyte in analytes
    )
    return Profile(
        programme.id,
        programme.version,
        place.name,
        values,
        _findings(programme, place, noted),
        noted,
        used,
        standard.peak,
        method.provenance,
    )


def _method(programme: Programme, module: str | None) -> tuple[Module, Method]:
    for found, method in programme.methods():
        if module is None or found.name == module:
            return found, method
    which = f"module {module!r}" if module else "programme"
    raise NoMethod(f"the {which} of {programme.id} version {programme.version} has no chromatographic method")


def _channels(run: RawRun, used: ProfileParameters) -> Channel:
    @functools.cache
    def channel(mass: float) -> Corrected:
        return correct(f"mz:{mass:g}", run.times_s, run.ion(mass, tolerance=used.mass_tolerance), used.peaks)

    return channel


def _internal_standard(method: Method, channel: Channel, used: ProfileParameters) -> Identified:
    return identify(
        method.internal_standard,
        channel,
        method.retention_s,
        used.standard_search_percent,
        method.qualifier_tolerance_percent,
        used.peaks,
    )


def _find(
    method: Method, target: Target, channel: Channel, standard: Peak, used: ProfileParameters
) -> Identified:
    expected = target.relative_retention * standard.apex_s
    return identify(
        target, channel, expected, method.window_percent, method.qualifier_tolerance_percent, used.peaks
    )


def _value(
    analyte: Analyte,
    target: Target | None,
    method: Method,
    channel: Channel,
    standard: Peak,
    main: Peak,
    used: ProfileParameters,
) -> ProfileValue:
    if target is None:
        return ProfileValue(analyte.name, None, analyte.unit, None, remark="the method does not look for it")
    found = _find(method, target, channel, standard, used)
    if found.peak is None:
        censored = not found.interfered and analyte.loq is not None
        return ProfileValue(analyte.name, None, analyte.unit, None, censored, found.remark, None, main)
    ratio = found.peak.area / main.area * method.main.response / target.response
    spread = math.hypot(found.peak.area_uncertainty / found.peak.area, main.area_uncertainty / main.area)
    uncertainty = ratio * math.hypot(2 * spread, (analyte.uncertainty_percent or 0.0) / 100)
    if analyte.loq is not None and ratio < analyte.loq:
        remark = f"below the limit of quantitation of {analyte.loq:g}"
        return ProfileValue(analyte.name, None, analyte.unit, None, True, remark, found.peak, main)
    return ProfileValue(analyte.name, ratio, analyte.unit, uncertainty, False, "", found.peak, main)


def _saturated(run: RawRun, method: Method, main: Peak, used: ProfileParameters) -> float:
    if method.saturation is None:
        return 0.0
    masses = [method.main.quantifier, *(ion.mz for ion in method.main.qualifiers)]
    within = slice(main.first, main.last + 1)
    return float(
        max((run.ion(m, tolerance=used.mass_tolerance)[within] >= method.saturation).sum() for m in masses)
    )


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
    analytes: list[Analyte],
    used: ProfileParameters,
    noted: dict[str, float],
    reason: str,
    standard: Peak | None = None,
) -> Profile:
    values = tuple(ProfileValue(a.name, None, a.unit, None, remark=reason) for a in analytes)
    finding = QcFinding("internal_standard_area", False, reason, place.name)
    findings = tuple(f for f in _findings(programme, place, noted) if f.rule != finding.rule)
    provenance = place.method.provenance if place.method else ""
    return Profile(
        programme.id,
        programme.version,
        place.name,
        values,
        (finding, *findings),
        noted,
        used,
        standard,
        provenance,
    )


def measured_values(profile: Profile) -> tuple[dict[str, float], frozenset[str]]:
    """What classification takes from a profile: measured values, and the analytes below their limit."""
    values = {v.analyte: v.value for v in profile.values if v.value is not None and np.isfinite(v.value)}
    return values, frozenset(v.analyte for v in profile.values if v.censored)
