"""The slowly moving part of a trace, and the noise on top of it."""

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.run import Floats

_MAD_TO_SD = 1.4826


_PEAK_IN_NOISE = 4.0
_PASSES = 2
_STRAIGHT_IN_NOISE = 6.0
#: Neighbouring windows share nearly all of their points; so many medians in half a window draw the line.
_MEDIANS_A_HALF = 16


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


def baseline_by_chords(x: Floats, y: Floats, longest_s: float, straight_s: float) -> Floats:
    """The line that integrators of detector signals draw: along the signal where it runs straight, from foot to foot under peaks.

    A group of peaks that do not come down to the baseline between them lies over one chord, and each is cut off at its valleys;
    a chord spans `longest_s` at most, so that it does not cut through the hills of a drift. Where the signal is straight over
    `straight_s` to within six times its noise, it is its own baseline. For signals that stand far out of their noise: a peak that
    does not, counts as straight.
    """
    if len(y) < 5:
        return np.full(len(y), y.min() if len(y) else 0.0)
    smoothed, noise = smooth(y, 5), noise_of(y)
    points = max(3, int(straight_s / float(np.median(np.diff(x)))) | 1)
    straight, line = np.zeros(0, np.int64), smoothed
    if points < len(y) // 2:
        mean, scatter = _straightness(smoothed, points)
        straight = np.flatnonzero(scatter < _STRAIGHT_IN_NOISE * noise)
        line = smoothed.copy()
        line[straight] = mean[straight]
    # A drift that falls has no minima of its own; so every so many points one is tried too.
    minima = np.flatnonzero((line[1:-1] <= line[:-2]) & (line[1:-1] < line[2:])) + 1
    tried = np.unique(np.concatenate(([0], minima, straight, np.arange(0, len(y), points), [len(y) - 1])))
    anchors = np.union1d(_feet(x, line, tried, longest_s), straight)
    return np.interp(x, x[anchors], line[anchors])


def _feet(x: Floats, y: Floats, tried: NDArray[np.int64], longest_s: float) -> NDArray[np.int64]:
    """Those of the points that no chord of `longest_s` between two others passes below: the lower hull, piece by piece."""
    kept: list[int] = []
    for at in tried.tolist():
        while len(kept) >= 2 and x[at] - x[kept[-2]] <= longest_s:
            left, middle = kept[-2], kept[-1]
            chord = y[left] + (y[at] - y[left]) * (x[middle] - x[left]) / (x[at] - x[left])
            if y[middle] <= chord:
                break
            kept.pop()
        kept.append(at)
    return np.array(kept, np.int64)


def _straightness(y: Floats, points: int) -> tuple[Floats, Floats]:
    """Mean of the window around every point, and how far from a straight line the window lies (root mean square)."""
    half = points // 2
    offset = float(y.mean())
    padded, places = np.pad(y - offset, half, mode="edge"), np.arange(-half, half + 1.0)
    mean = np.convolve(padded, np.ones(points), "valid") / points
    slope = np.convolve(padded, places[::-1], "valid") / float(places @ places)
    squares = np.convolve(padded**2, np.ones(points), "valid") / points
    rest = squares - mean**2 - slope**2 * float(places @ places) / points
    return mean + offset, np.sqrt(np.maximum(rest, 0.0))


def _running_median(y: Floats, points: int) -> Floats:
    """The median around every point; of wide windows at some points only, with straight lines between them."""
    half = max(1, min(points, len(y)) // 2)
    padded = np.pad(y, half, mode="reflect" if half < len(y) else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    step = max(1, half // _MEDIANS_A_HALF)
    if step == 1 or len(y) <= step:
        return np.asarray(np.median(windows, axis=1))
    at = np.append(np.arange(0, len(y) - 1, step), len(y) - 1)
    return np.interp(np.arange(len(y)), at, np.median(windows[at], axis=1))


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
