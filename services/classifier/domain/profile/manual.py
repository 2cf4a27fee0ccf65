"""A peak as an examiner sets it: its two ends by hand, or not there at all."""

from dataclasses import dataclass

import numpy as np

from services.classifier.domain.profile.find_peaks import Corrected, Peak, integrate, over_chord

FOUND, STRAIGHT = "found", "straight"
_LEAST_SCANS = 3


class BadBounds(ValueError):
    """Ends between which nothing can be integrated; the message says why."""


@dataclass(frozen=True, slots=True)
class Manual:
    """Ends in seconds, both None for a compound that is not there; `baseline`: the one that was found, or a straight line."""

    start_s: float | None = None
    end_s: float | None = None
    baseline: str = FOUND


def integrate_by_hand(name: str, trace: Corrected, manual: Manual) -> Peak | None:
    """The peak between the two ends, None for one that is not there; raises BadBounds."""
    if manual.start_s is None or manual.end_s is None:
        return None
    first = int(np.searchsorted(trace.x, manual.start_s, side="left"))
    last = int(np.searchsorted(trace.x, manual.end_s, side="right")) - 1
    if last - first + 1 < _LEAST_SCANS:
        run = f"the run goes from {trace.x[0]:.1f} to {trace.x[-1]:.1f} s"
        raise BadBounds(
            f"{name}: {manual.start_s:g} to {manual.end_s:g} s holds fewer than {_LEAST_SCANS} scans; {run}"
        )
    peak = integrate(over_chord(trace, first, last) if manual.baseline == STRAIGHT else trace, first, last)
    if peak.area <= 0:
        raise BadBounds(
            f"{name}: nothing lies above the baseline from {peak.start_s:.1f} to {peak.end_s:.1f} s"
        )
    return peak
