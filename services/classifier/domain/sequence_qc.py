"""What the runs around a sample say of it: carry-over in blanks, the agreement of replicates, drift of retention."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Replicates are compared from so many times the limit of quantitation up: nearer to it, noise alone scatters them.
_ABOVE_LOQ = 3.0
LEAST_EARLIER = 3


@dataclass(frozen=True, slots=True)
class Noted:
    """A value for a quality rule, and in words where it comes from."""

    value: float
    detail: str


def blank_ratio(
    sample: Mapping[str, float], blanks: Mapping[str, Mapping[str, float]], standards: frozenset[str]
) -> Noted | None:
    """The greatest share of a compound's area in the sample that a blank has too; None without a blank.

    `sample` and each of `blanks` (by name of the run) hold areas by compound; internal standards, which belong into a blank, are
    left out.
    """
    if not blanks:
        return None
    worst, where = 0.0, ""
    for run, areas in blanks.items():
        for compound, area in areas.items():
            own = sample.get(compound, 0.0)
            if compound not in standards and own > 0 and area / own > worst:
                worst, where = area / own, f"{compound} in blank {run}"
    return Noted(worst, where or f"nothing of the sample in {len(blanks)} blank(s)")


def replicate_rsd_percent(
    replicates: Sequence[Mapping[str, float]], limits: Mapping[str, float | None]
) -> Noted | None:
    """The greatest relative standard deviation of an analyte's values over the runs, in percent; None for fewer than two runs.

    `limits` are the limits of quantitation; values below three times theirs, and analytes that only one run has, do not count.
    """
    if len(replicates) < 2:
        return None
    worst, where = 0.0, f"of {len(replicates)} runs"
    for analyte, limit in limits.items():
        values = [run[analyte] for run in replicates if analyte in run]
        mean = math.fsum(values) / len(values) if values else 0.0
        if len(values) < 2 or mean <= 0 or (limit is not None and mean < _ABOVE_LOQ * limit):
            continue
        spread = 100 * statistics.stdev(values) / mean
        if spread > worst:
            worst, where = spread, f"{analyte} over {len(values)} runs"
    return Noted(worst, where)


def retention_drift_percent(time_s: float, earlier: Sequence[float]) -> Noted | None:
    """How far the internal standard lies from where the runs before had it, in percent; None for fewer than three of them.

    A column that was cut or has aged moves everything for good, so the method's own time is not what a run is held against.
    """
    if len(earlier) < LEAST_EARLIER:
        return None
    usual = statistics.median(earlier)
    detail = f"internal standard at {time_s:.1f} s; median of the {len(earlier)} runs before {usual:.1f} s"
    return Noted(100 * (time_s / usual - 1), detail)
