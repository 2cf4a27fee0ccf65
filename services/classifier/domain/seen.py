"""What a library showed of the analytes that its model does not use, and what of a profile lies beyond it.

An analyte that was below its limit of quantitation in every authentic, or the same in all, teaches a model nothing; much of it in
an exhibit is strange all the same.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.classifier.domain.programme import Analyte

#: Of an analyte whose uncertainty the programme does not state, in percent of the value (k = 2).
_USUAL_UNCERTAINTY = 5.0


@dataclass(frozen=True, slots=True)
class SeenRange:
    """The least and the greatest that authentics had of one analyte; `low` is None where some were below the limit."""

    analyte: str
    low: float | None
    high: float


@dataclass(frozen=True, slots=True)
class Beyond:
    """A value beyond the range of the library: `value` is None below the limit of quantitation; `statement` is for people."""

    analyte: str
    module: str
    value: float | None
    low: float | None
    high: float
    statement: str


def seen_ranges(
    analytes: Iterable[Analyte], rows: Sequence[tuple[Mapping[str, float], frozenset[str]]]
) -> tuple[SeenRange, ...]:
    """Of each analyte that was looked for in any of the authentics (their values, and what was below its limit)."""
    found = []
    for analyte in analytes:
        known = [values[analyte.name] for values, below in rows if analyte.name in values.keys() - below]
        censored = any(analyte.name in below for _, below in rows)
        if censored and analyte.loq is not None:
            found.append(SeenRange(analyte.name, None, max([analyte.loq, *known])))
        elif known:
            found.append(SeenRange(analyte.name, min(known), max(known)))
    return tuple(found)


def beyond(
    analytes: Sequence[Analyte],
    seen: Iterable[SeenRange],
    values: Mapping[str, float],
    censored: frozenset[str],
) -> tuple[Beyond, ...]:
    """What exceeds the library by more than the uncertainty (k = 2), the limit of quantitation and the range's own width."""
    by_name = {analyte.name: analyte for analyte in analytes}
    found = []
    for each in seen:
        analyte = by_name.get(each.analyte)
        if analyte is None:
            continue
        below = each.analyte in censored
        value = analyte.loq if below else values.get(each.analyte)
        if value is None:
            continue
        width = 0.0 if each.low is None else each.high - each.low
        told_as = amount(analyte, value)
        if not below and value - each.high > _least_difference(analyte, value, each.high) + width:
            words = f"{each.analyte} {told_as} where no authentic had more than {amount(analyte, each.high)}"
        elif each.low is not None and each.low - value > _least_difference(analyte, value, each.low) + width:
            words = (
                f"{each.analyte} {'below ' if below else ''}{told_as} "
                f"where no authentic had less than {amount(analyte, each.low)}"
            )
        else:
            continue
        told = None if below else value
        found.append(Beyond(each.analyte, analyte.module, told, each.low, each.high, words))
    return tuple(found)


def _least_difference(analyte: Analyte, one: float, other: float) -> float:
    """What two values must differ by to differ at all."""
    if analyte.uncertainty is not None:
        uncertainty = analyte.uncertainty
    else:
        uncertainty = (analyte.uncertainty_percent or _USUAL_UNCERTAINTY) / 100 * max(abs(one), abs(other))
    return max(uncertainty, analyte.loq or 0.0, math.ulp(1.0))


def amount(analyte: Analyte, value: float) -> str:
    """A value with its unit."""
    return f"{value:.4g}" if analyte.unit == "1" else f"{value:.4g} {analyte.unit}"
