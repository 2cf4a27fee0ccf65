"""Peaks of one trace: where they begin, stand highest and end, and how much lies under them."""

from dataclasses import dataclass

import numpy as np

from services.classifier.domain.profile.baseline import baseline, baseline_by_chords, noise_of, smooth
from services.classifier.domain.run import Floats


@dataclass(frozen=True, slots=True)
class PeakParameters:
    """Parameters of the peak search; lengths in seconds, so that they do not depend on the scan rate.

    `noise_multiple`: least height in standard deviations of the noise. `edge_fraction`: a peak ends where it has fallen to this
    share of its height. `baseline_kind`: `median`, over `baseline_s`; or `chords`, of `baseline_s` at most, between stretches
    that run straight for `straight_s`. A valley parts two peaks where the signal rises from it by more than four times the noise
    and these shares of the peak's height and of the valley's.
    """

    baseline_s: float = 70.0
    smoothing_points: int = 5
    noise_multiple: float = 6.0
    edge_fraction: float = 0.004
    baseline_kind: str = "median"
    straight_s: float = 8.0
    rise_of_top: float = 0.02
    rise_of_valley: float = 0.0


# For the signal of a detector, which stands far out of its noise; the median is for single ions, which do not.
DETECTOR_SIGNAL = PeakParameters(
    baseline_s=150.0,
    edge_fraction=0.002,
    baseline_kind="chords",
    rise_of_top=0.0,
    rise_of_valley=0.01,
)


@dataclass(frozen=True, slots=True)
class Peak:
    """A peak of one channel: `first` and `last` scan, times in s, `area` in intensity x s with its standard uncertainty.

    `height` and `area` stand on the baseline, whose level at the two ends is given in intensity.
    """

    channel: str
    first: int
    last: int
    start_s: float
    apex_s: float
    end_s: float
    height: float
    area: float
    area_uncertainty: float
    baseline_start: float = 0.0
    baseline_end: float = 0.0


@dataclass(frozen=True, slots=True)
class Corrected:
    """A trace without its baseline, the noise that is left, and the baseline that was taken off."""

    channel: str
    x: Floats
    y: Floats
    noise: float
    line: Floats


def correct(channel: str, x: Floats, y: Floats, parameters: PeakParameters) -> Corrected:
    """Take the baseline off a trace."""
    if parameters.baseline_kind == "chords":
        line = baseline_by_chords(x, y, parameters.baseline_s, parameters.straight_s)
        return Corrected(channel, x, y - line, noise_of(y), line)
    step = float(np.median(np.diff(x))) if len(x) > 1 else 1.0
    points = int(parameters.baseline_s / step) | 1
    line = baseline(y, points)
    return Corrected(channel, x, y - line, noise_of(y), line)


def find_peaks(trace: Corrected, start_s: float, end_s: float, parameters: PeakParameters) -> list[Peak]:
    """Peaks whose apex lies from `start_s` to `end_s`, the highest first; each keeps to its own side of a valley."""
    shape = smooth(trace.y, parameters.smoothing_points)
    low, high = np.searchsorted(trace.x, [start_s, end_s])
    least = max(parameters.noise_multiple * trace.noise / np.sqrt(parameters.smoothing_points), 1e-9)
    found: list[Peak] = []
    inner = np.arange(max(int(low), 1), min(int(high), len(shape) - 1))
    tops = inner[
        (shape[inner] > least) & (shape[inner] >= shape[inner - 1]) & (shape[inner] > shape[inner + 1])
    ]
    taken: list[tuple[int, int]] = []
    for top in sorted(tops.tolist(), key=lambda at: -float(shape[at])):
        if any(first <= top <= last for first, last in taken):
            continue
        first, last = _edges(shape, top, trace.noise, parameters)
        taken.append((first, last))
        found.append(integrate(trace, first, last))
    return found


def integrate(trace: Corrected, first: int, last: int) -> Peak:
    """The peak between two scans: trapezoids, and the uncertainty that the noise gives its area."""
    part, x = trace.y[first : last + 1], trace.x[first : last + 1]
    area = float(np.trapezoid(part, x)) if len(part) > 1 else 0.0
    top = int(part.argmax())
    width = float(x[-1] - x[0])
    step = width / max(len(x) - 1, 1)
    # The baseline under the peak is itself uncertain by a small part of the noise, over the whole width at once.
    spread = trace.noise * step * float(np.sqrt(len(x))) + 0.15 * trace.noise * width
    return Peak(
        trace.channel,
        first,
        last,
        float(x[0]),
        float(x[top]),
        float(x[-1]),
        float(part[top]),
        area,
        spread,
        float(trace.line[first]),
        float(trace.line[last]),
    )


def over_chord(trace: Corrected, first: int, last: int) -> Corrected:
    """The trace over a straight baseline from its own value at one scan to that at the other, as one is drawn by hand."""
    whole = trace.y + trace.line
    ends = np.array([trace.x[first], trace.x[last]])
    chord = np.interp(trace.x, ends, np.array([whole[first], whole[last]]))
    return Corrected(trace.channel, trace.x, whole - chord, trace.noise, chord)


def _edges(shape: Floats, top: int, noise: float, parameters: PeakParameters) -> tuple[int, int]:
    floor = max(parameters.edge_fraction * float(shape[top]), 0.5 * noise)
    bounds = []
    for step in (-1, 1):
        at, lowest = top, top
        while 0 < at < len(shape) - 1 and shape[at] > floor:
            at += step
            rise = parameters.rise_of_top * float(shape[top]) + parameters.rise_of_valley * float(
                shape[lowest]
            )
            if shape[at] < shape[lowest]:
                lowest = at
            elif shape[at] > shape[lowest] + 4 * noise + rise:
                # It rises again: the valley is the border to the neighbour.
                at = lowest
                break
        bounds.append(at)
    return bounds[0], bounds[1]
