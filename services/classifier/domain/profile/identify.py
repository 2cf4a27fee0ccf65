"""Which peak is which compound: by retention, and by the ratios of qualifier ions or a reference spectrum."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.profile.find_peaks import (
    Corrected,
    Peak,
    PeakParameters,
    find_peaks,
    integrate,
)
from services.classifier.domain.profile.match_spectrum import match_spectrum
from services.classifier.domain.programme import Target

Channel = Callable[[float], Corrected]


@dataclass(frozen=True, slots=True)
class Criteria:
    """How near a peak must come: time and ratios of ions in percent, the least cosine to a reference spectrum."""

    window_percent: float
    tolerance_percent: float
    least_match: float
    peaks: PeakParameters


@dataclass(frozen=True, slots=True)
class Identified:
    """The outcome of the search for one compound; `peak` is None where nothing was found, `remark` says why in words.

    `match` is the cosine to the reference spectrum, None where the method has none.
    """

    peak: Peak | None
    remark: str
    interfered: bool = False
    match: float | None = None


def identify(target: Target, channel: Channel, expected_s: float, criteria: Criteria) -> Identified:
    """The highest peak of the quantifier inside the window whose qualifiers agree and whose spectrum is the reference's."""
    found, missed = candidates(target, channel, expected_s, criteria)
    return found[0] if found else missed


def candidates(
    target: Target, channel: Channel, expected_s: float, criteria: Criteria
) -> tuple[list[Identified], Identified]:
    """Every peak that could be the compound, the highest first, and what to say where there is none."""
    half = expected_s * criteria.window_percent / 100
    peaks = find_peaks(channel(target.quantifier), expected_s - half, expected_s + half, criteria.peaks)
    where = f"at {expected_s:.1f} +- {half:.1f} s"
    found, missed = [], Identified(None, f"no peak of m/z {target.quantifier:g} {where}")
    for peak in peaks:
        refused = disagreement(target, channel, peak, criteria.tolerance_percent)
        match = spectrum_match(target, channel, peak)
        if not refused and match is not None and match < criteria.least_match:
            refused = (
                f"the peak at {peak.apex_s:.1f} s has a spectrum that agrees with the reference to {match:.3f}, "
                f"not {criteria.least_match:g}"
            )
        if refused:
            missed = Identified(None, refused, interfered=True, match=match)
        else:
            found.append(Identified(peak, "", match=match))
    return found, missed


def disagreement(target: Target, channel: Channel, peak: Peak, tolerance_percent: float) -> str:
    """Which qualifier disagrees, in words; empty where all agree.

    One agrees within `tolerance_percent` of its expected ratio, widened by three standard uncertainties.
    """
    for qualifier in target.qualifiers:
        other = integrate(channel(qualifier.mz), peak.first, peak.last)
        ratio = other.area / peak.area
        doubt = (abs(other.area_uncertainty) + qualifier.ratio * peak.area_uncertainty) / peak.area
        if abs(ratio - qualifier.ratio) > tolerance_percent / 100 * qualifier.ratio + 3 * doubt:
            return (
                f"the peak at {peak.apex_s:.1f} s has a ratio of m/z {qualifier.mz:g} to {target.quantifier:g} of {ratio:.3f}, "
                f"not {qualifier.ratio:.3f}"
            )
    return ""


def spectrum_match(target: Target, channel: Channel, peak: Peak) -> float | None:
    """The cosine to the method's reference spectrum over the ions of that spectrum; None where the method has none."""
    if not target.spectrum:
        return None
    areas = np.array([integrate(channel(mass), peak.first, peak.last).area for mass, _ in target.spectrum])
    return match_spectrum(target.spectrum, areas)
