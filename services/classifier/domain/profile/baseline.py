"""The slowly moving part of a trace, and the noise on top of it."""

import numpy as np

from services.classifier.domain.run import Floats

_MAD_TO_SD = 1.4826


def baseline(y: Floats, points: int) -> Floats:
    """Running median over `points` scans: unbiased by noise, and blind to peaks that fill less than half of the window."""
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
