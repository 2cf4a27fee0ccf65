"""Control charts of single values, and the rules by which a run of a control material is refused.

Rules after Westgard et al., Clin Chem 27:493 (1981), for one control a run: 1-3s, one value beyond three standard deviations;
2-2s, two one after the other beyond two on one side; R-4s, one beyond plus two and the next beyond minus two, or the other way
round; 4-1s, four beyond one on one side; 10-x, ten on one side of the centre.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Values from which centre and spread are estimated where the programme gives none; nothing is judged before there are `LEAST`.
BASELINE = 20
LEAST = 10
_LONGEST = 10
RULES = ("1-3s", "2-2s", "R-4s", "4-1s", "10-x")


@dataclass(frozen=True, slots=True)
class Limits:
    """Centre and standard deviation of a chart; `from_values` is how many they were estimated from, 0 where they were given."""

    centre: float
    sd: float
    from_values: int

    def at(self, multiple: float) -> float:
        """The value so many standard deviations above the centre."""
        return self.centre + multiple * self.sd


@dataclass(frozen=True, slots=True)
class Point:
    """One value of the chart, its distance from the centre in standard deviations, and the rules that it breaks."""

    value: float
    z: float | None
    violations: tuple[str, ...]
    warning: bool


@dataclass(frozen=True, slots=True)
class ControlChart:
    """`limits` is None, and nothing is judged, while too little was measured."""

    limits: Limits | None
    points: tuple[Point, ...]


def control_chart(values: Sequence[float], given: tuple[float, float] | None = None) -> ControlChart:
    """The chart of values in the order of their measurement; `given` is (centre, standard deviation).

    Without given limits each value is held against those before it, from the `LEAST`th on; a value that keeps within three
    standard deviations then counts for the next, until `BASELINE` values have made the limits that stay. So no value is part of
    what it is judged by. Values that are all alike have no spread and are not judged.
    """
    limits = Limits(*given, 0) if given is not None else None
    accepted: list[float] = []
    scores: list[float] = []
    points = []
    for value in values:
        if given is None and len(accepted) <= BASELINE:
            limits = _estimated(accepted)
        if limits is None:
            points.append(Point(value, None, (), False))
            accepted.append(value)
            continue
        # Limits from few values are uncertain themselves.
        doubt = math.sqrt(1 + 1 / limits.from_values) if limits.from_values else 1.0
        z = (value - limits.centre) / (limits.sd * doubt)
        scores.append(z)
        points.append(Point(value, z, broken_rules(scores[-_LONGEST:]), abs(z) > 2))
        if abs(z) <= 3 and len(accepted) < BASELINE:
            accepted.append(value)
    if given is None:
        limits = _estimated(accepted)
    return ControlChart(limits, tuple(points))


def broken_rules(scores: Sequence[float]) -> tuple[str, ...]:
    """The rules that the last of these scores completes a breach of, in the order of RULES."""
    z = scores[-1]
    found = []
    if abs(z) > 3:
        found.append("1-3s")
    if _all_beyond(scores, 2, 2.0):
        found.append("2-2s")
    if len(scores) > 1 and min(z, scores[-2]) < -2 and max(z, scores[-2]) > 2:
        found.append("R-4s")
    if _all_beyond(scores, 4, 1.0):
        found.append("4-1s")
    if _all_beyond(scores, 10, 0.0):
        found.append("10-x")
    return tuple(found)


def _all_beyond(scores: Sequence[float], count: int, limit: float) -> bool:
    """Whether the last `count` all lie beyond the limit on one side."""
    last = scores[-count:]
    return len(last) == count and (all(z > limit for z in last) or all(z < -limit for z in last))


def _estimated(values: Sequence[float]) -> Limits | None:
    if len(values) < LEAST:
        return None
    centre = math.fsum(values) / len(values)
    sd = math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))
    return Limits(centre, sd, len(values)) if sd > 0 else None
