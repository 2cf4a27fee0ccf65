"""The slowly moving part of a trace, and the noise on top of it."""

import numpy as np

from services.classifier.domain.run import Floats

_MAD_TO_SD = 1.4826


_PEAK_IN_NOISE = 4.0
_PASSES = 2


def baseline(y: Floats, points: int) -> Floats:
    """Running median over `points` scans, unbiased by noise, of the trace with a straight line in the place of every peak."""
    found, noise = _running_median(y, points), noise_of(y)
    for _ in range(_PASSES):
        high = (y - found > _PEAK_IN_NOISE * noise) & (y > found)
        # A peak reaches farther than it stands out of the noise.
        wide = np.convolve(high, np.ones(2 * max(3, points // 20) + 1), mode="same") > 0
        if wide.all() or not wide.any():
            return found
        places = np.arange(len(y))
        without = np.where(wide, np.interp(places, places[~wide], found[~wide]), y)
        found = _running_median(without, points)
    return found


def _running_median(y: Floats, points: int) -> Floats:
    half = max(1, min(points, len(y)) // 2)
    padded = np.pad(y, half, mode="reflect" if half < len(y) else "edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1))


def noise_of(y: Floats) -> float:
    """Standard deviation of the noise, from differences of second order, so that neither peaks nor slopes count."""
    if len(y) < 5:
        return 0.0
    difference = y[2:] - 2 * y[1:-1] + y[:-2]
    return float(_MAD_TO_SD * np.median(np.abs(difference - np.median(difference))) / np.sqrt(6.0))


def smooth(y: Floats, points: int) -> Floats:
    """Moving average over an odd number of scans; it moves no apex of a symmetric peak."""
    half = points // 2
    if half == 0 or len(y) <= 2 * half:
        return y
    padded = np.pad(y, half, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).mean(axis=1))
