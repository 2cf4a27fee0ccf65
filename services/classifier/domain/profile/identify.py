"""Which peak is which compound: by retention relative to the internal standard, and by the ratios of qualifier ions."""

from collections.abc import Callable
from dataclasses import dataclass

from services.classifier.domain.profile.find_peaks import (
    Corrected,
    Peak,
    PeakParameters,
    find_peaks,
    integrate,
)
from services.classifier.domain.programme import Target

Channel = Callable[[float], Corrected]


@dataclass(frozen=True, slots=True)
class Identified:
    """The outcome of the search for one compound; `peak` is None where nothing was found, `remark` says why in words."""

    peak: Peak | None
    remark: str
    interfered: bool = False


def identify(
    target: Target,
    channel: Channel,
    expected_s: float,
    window_percent: float,
    tolerance_percent: float,
    parameters: PeakParameters,
) -> Identified:
    """The highest peak of the quantifier inside the window whose qualifiers agree.

    A qualifier agrees within `tolerance_percent` of its expected ratio, widened by three standard uncertainties.
    """
    half = expected_s * window_percent / 100
    candidates = find_peaks(channel(target.quantifier), expected_s - half, expected_s + half, parameters)
    if not candidates:
        return Identified(None, f"no peak of m/z {target.quantifier:g} at {expected_s:.1f} +- {half:.1f} s")
    refused = ""
    for peak in candidates:
        refused = _disagreement(target, channel, peak, tolerance_percent)
        if not refused:
            return Identified(peak, "")
    return Identified(None, refused, interfered=True)


def _disagreement(target: Target, channel: Channel, peak: Peak, tolerance_percent: float) -> str:
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
