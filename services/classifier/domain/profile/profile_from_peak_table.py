"""A table of peaks that an instrument's own software made gives a profile: by the names that it gives its peaks.

A retention time alone identifies nothing here: what the software did not name is not taken, however well its time may fit.
"""

import math
from collections.abc import Mapping
from typing import Any

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.profile.find_peaks import Peak
from services.classifier.domain.profile.profile import NoMethod, Profile, ProfileParameters, ProfileValue
from services.classifier.domain.profile.profile_from_run import method_of
from services.classifier.domain.programme import Analyte, Method, Programme, Target
from services.classifier.domain.qc import QcFinding
from services.classifier.domain.run import TOTAL

IDENTIFIED = "named and integrated by the instrument's software"


def profile_from_peak_table(
    table: PeakTable, programme: Programme, module: str | None = None, *, values: bool = True
) -> Profile:
    """Ratios of the named peaks to the main compound's, of the signal that names most compounds of the method.

    The uncertainty is the programme's alone, since a table has no noise. An analyte that the table does not name was either not
    there or not looked for, which nobody can tell, so it is not censored. Without `values`, as for a blank, the areas are all.
    Raises NoMethod where the programme has no method, or no peak bears a name of it.
    """
    place, method = method_of(programme, module)
    named = _named(table, method)
    if not named:
        raise NoMethod(f"no peak of the table bears a name of the method of {place.name}")
    analytes = [analyte for analyte in programme.analytes if analyte.module == place.name]
    standard = named.get(method.internal_standard.name)
    noted: dict[str, Any] = {}
    if standard is not None:
        noted["retention_shift_percent"] = 100 * (standard.apex_s / method.retention_s - 1)
    main = named.get(method.main.name)
    if values and main is None:
        finding = QcFinding(
            "main_compound", False, f"the table names no peak {method.main.name!r}", place.name
        )
        noted["main_compound"] = False
        given = tuple(ProfileValue(a.name, None, a.unit, None, remark=finding.detail) for a in analytes)
        return _profile(programme, place.name, method, given, (finding,), noted, standard, named)
    targets = {target.analyte: target for target in method.targets}
    made = tuple(
        _value(analyte, targets.get(analyte.name), method, named, main if values else None)
        for analyte in analytes
    )
    return _profile(programme, place.name, method, made, (), noted, standard, named)


def _profile(
    programme: Programme,
    module: str,
    method: Method,
    values: tuple[ProfileValue, ...],
    qc: tuple[QcFinding, ...],
    noted: dict[str, Any],
    standard: Peak | None,
    named: Mapping[str, Peak],
) -> Profile:
    areas = {name: peak.area for name, peak in named.items()}
    return Profile(
        programme.id, programme.version, module, values, qc, noted, ProfileParameters(), standard, method.provenance,
        areas=areas,
    )  # fmt: skip


def _value(
    analyte: Analyte, target: Target | None, method: Method, named: Mapping[str, Peak], main: Peak | None
) -> ProfileValue:
    peak = named.get(analyte.name)
    if main is None or target is None or peak is None:
        remark = "a blank" if main is None else "the table has no peak of this name"
        return ProfileValue(analyte.name, None, analyte.unit, None, remark=remark)
    ratio = peak.area / main.area * method.main.response / target.response
    if analyte.loq is not None and ratio < analyte.loq:
        remark = f"below the limit of quantitation of {analyte.loq:g}"
        return ProfileValue(analyte.name, None, analyte.unit, None, True, remark, peak, main)
    doubt = analyte.declared_uncertainty(ratio)
    return ProfileValue(analyte.name, ratio, analyte.unit, doubt, False, IDENTIFIED, peak, main)


def _named(table: PeakTable, method: Method) -> dict[str, Peak]:
    """The peaks of the method's compounds, in the signal that names most of them; of two of one name the larger."""
    wanted = {compound.name.casefold(): compound.name for compound in method.compounds}
    by_signal: dict[str, dict[str, Peak]] = {}
    for place, (given, signal) in enumerate(zip(table.names, table.signals, strict=True)):
        name = wanted.get(given.strip().casefold())
        peak = _peak(table, place)
        if name is None or peak is None:
            continue
        found = by_signal.setdefault(signal, {})
        if name not in found or peak.area > found[name].area:
            found[name] = peak
    return max(by_signal.values(), key=len, default={})


def _peak(table: PeakTable, place: int) -> Peak | None:
    """As the table has it; None without a time or an area. Its ends are the apex where the table does not tell them."""
    time, area = float(table.time_s[place]), float(table.area[place])
    if not (math.isfinite(time) and math.isfinite(area) and area > 0):
        return None
    ends = []
    for name in ("start_s", "end_s"):
        column = table.amounts.get(name)
        at = float(column[place]) if column is not None else math.nan
        ends.append(at if math.isfinite(at) else time)
    height = float(table.height[place])
    return Peak(TOTAL, -1, -1, ends[0], time, ends[1], height if math.isfinite(height) else 0.0, area, 0.0)
