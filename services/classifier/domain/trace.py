"""Thin a trace for drawing, so that no extreme is lost and nothing is drawn that was not measured."""

import itertools

import numpy as np

from services.classifier.domain.run import Floats, Trace

LEAST_POINTS = 2


def window(trace: Trace, start: float | None, end: float | None) -> Trace:
    """The part of a trace from `start` to `end` in seconds, both included; None leaves that side open."""
    low = 0 if start is None else int(np.searchsorted(trace.x, start, side="left"))
    high = len(trace.x) if end is None else int(np.searchsorted(trace.x, end, side="right"))
    return Trace(trace.channel, trace.x[low:high], trace.y[low:high], trace.unit, trace.x_unit)


def decimate(x: Floats, y: Floats, points: int) -> tuple[Floats, Floats]:
    """First, last, and least and greatest of each of `points` equal slices: at most 2 x `points` of the measured values.

    A trace that is no longer than that comes back whole. Where the two ends are no extremes of their slices, the one or two
    values too many that stand out least from their neighbours are left out; the least and the greatest of all always stay.
    Raises ValueError for fewer than 2 points.
    """
    if points < LEAST_POINTS:
        raise ValueError(f"at least {LEAST_POINTS} points are needed to keep both ends and both extremes")
    count = len(x)
    if count <= 2 * points:
        return x, y
    edges = np.linspace(0, count, points + 1).astype(np.int64)
    keep = {0, count - 1}
    for low, high in itertools.pairwise(edges.tolist()):
        part = y[low:high]
        keep.update((low + int(np.argmin(part)), low + int(np.argmax(part))))
    places = sorted(keep)
    fixed = {0, count - 1, int(np.argmin(y)), int(np.argmax(y))}
    while len(places) > 2 * points:
        places.remove(_least_prominent(y, places, fixed))
    chosen = np.array(places)
    return x[chosen], y[chosen]


def _least_prominent(y: Floats, places: list[int], fixed: set[int]) -> int:
    """The place whose value is nearest to the line between its neighbours, other than the fixed ones."""

    def prominence(at: int) -> float:
        before, here, after = places[at - 1], places[at], places[at + 1]
        share = (here - before) / (after - before)
        return abs(float(y[here] - (y[before] + share * (y[after] - y[before]))))

    free = [at for at, place in enumerate(places) if place not in fixed]
    return places[min(free, key=prominence)]
