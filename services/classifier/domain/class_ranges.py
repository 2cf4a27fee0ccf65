"""Where the authentics of each class lie, analyte by analyte, from what a model keeps of its library."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.model import DeterminationModel
from services.classifier.domain.pretreatment import Pretreatment
from services.classifier.domain.run import Floats

#: The middle nine tenths of a class.
LOW, HIGH = 0.05, 0.95
_SMALL = 5


@dataclass(frozen=True, slots=True)
class ClassRange:
    """5 %, 50 % and 95 % of a class's authentics on the model's scale, and in the analyte's unit where the scale can be undone.

    A class of fewer than five has its least and greatest value instead.
    """

    low: float
    middle: float
    high: float
    in_unit: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class AnalyteRange:
    """One analyte: the range of each class, and where the sample stands on the same scale (None where it was not measured)."""

    analyte: str
    classes: Mapping[str, ClassRange]
    position: float | None


def class_ranges(model: DeterminationModel, raw: Floats) -> tuple[AnalyteRange, ...]:
    """The ranges of all analytes, in the model's order; `raw` (p,) are the sample's values, NaN where there is none.

    Gaps of the library were filled before; a class's range holds them.
    """
    near = model.neighbourhood
    rows = near.white @ np.linalg.inv(near.whitener)
    scale = model.pretreatment
    units = in_units(scale, rows)
    own = scale.transform(raw[None, :])[0]
    labels = np.array(near.labels)
    found = []
    for j, analyte in enumerate(model.analytes):
        classes = {}
        for name in model.classes:
            mine = labels == name
            ends = _ends(rows[mine, j])
            classes[name] = ClassRange(*ends, None if units is None else _ends(units[mine, j]))
        found.append(AnalyteRange(analyte, classes, None if np.isnan(own[j]) else float(own[j])))
    return tuple(found)


def in_units(scale: Pretreatment, rows: Floats) -> Floats | None:
    """Pre-treated rows (n, p) in the analytes' own units; None where a step cannot be undone column by column."""
    if scale.closure or rows.shape[1] != len(scale.power):
        return None
    powered = rows * scale.scale + scale.centre
    undone = powered.copy()
    for j, power in enumerate(scale.power):
        if power == 0.0:
            undone[:, j] = np.exp(np.clip(powered[:, j], -700.0, 700.0))
        elif power != 1.0:
            undone[:, j] = np.maximum(powered[:, j], 0.0) ** (1.0 / power)
    # What the steps do not lead back to where it came from is not told as a measured value.
    again = scale.transform(undone)
    return undone if np.allclose(again, rows, rtol=1e-6, atol=1e-2) else None


def _ends(values: Floats) -> tuple[float, float, float]:
    if len(values) < _SMALL:
        return float(values.min()), float(np.median(values)), float(values.max())
    low, middle, high = np.quantile(values, [LOW, 0.5, HIGH])
    return float(low), float(middle), float(high)
