"""Where a compound lies in this run: the method's places carried over to the run's times by compounds that were found in both.

The same compound moves by more than ten percent in a year of cut columns and changed flows: no time of a method holds alone.
"""

import itertools
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Anchor:
    """A compound at its `place` in the method (seconds, or retention index) and at the time where this run has it."""

    name: str
    place: float
    time_s: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Anchors in rising order of place and of time; one at least.

    One anchor stretches the whole time axis. Between two, places are interpolated, as retention indices of runs with a
    temperature programme are (van den Dool and Kratz, 1963); beyond the outermost the nearest line goes on.
    """

    anchors: tuple[Anchor, ...]

    def time_of(self, place: float) -> float:
        """The expected time of a place, in seconds."""
        if len(self.anchors) == 1:
            only = self.anchors[0]
            return only.time_s * place / only.place
        places = np.array([anchor.place for anchor in self.anchors])
        times = np.array([anchor.time_s for anchor in self.anchors])
        at = int(np.clip(np.searchsorted(places, place), 1, len(places) - 1))
        slope = (times[at] - times[at - 1]) / (places[at] - places[at - 1])
        return float(times[at - 1] + slope * (place - places[at - 1]))

    def with_anchor(self, anchor: Anchor) -> "Alignment | None":
        """This with one more; None where order of places and of times would no longer be the same."""
        order = sorted((*self.anchors, anchor), key=lambda each: each.place)
        rising = all(a.place < b.place and a.time_s < b.time_s for a, b in itertools.pairwise(order))
        return Alignment(tuple(order)) if rising else None
