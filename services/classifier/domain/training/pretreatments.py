"""The pre-treatments that training chooses from where the programme leaves the choice open ("auto")."""

from collections.abc import Sequence

import numpy as np

from services.classifier.domain.programme import Analyte
from services.classifier.domain.run import Floats

USUAL = ("log where skewed", "robust_scale")
_FEW = 3
# Below this share of positive values a logarithm would speak of the replacement for zero more than of the measurements.
_POSITIVE = 0.9


def pretreatments_for(
    raw: Floats, analytes: Sequence[Analyte], steps: Sequence[str] | None
) -> tuple[tuple[str, ...], ...]:
    """The programme's own steps alone; else the usual ones, plain scaling, and logarithms and log-ratios of what is positive."""
    if steps is not None:
        return (tuple(steps),)
    options: list[tuple[str, ...]] = [USUAL, ("autoscale",)]
    parts = np.array([not analyte.is_isotope for analyte in analytes])
    values = raw[:, parts]
    known = values[~np.isnan(values)]
    if len(known) and (known >= 0).all() and (known > 0).mean() >= _POSITIVE:
        options.append(("log", "autoscale"))
        if parts.sum() >= _FEW:
            options.append(("log_ratio", "autoscale"))
    return tuple(options)


def different_for_trees(options: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The first option of each kind that trees can tell apart: what rises with a column makes the same splits, a ratio not."""
    kinds = {bool({"log_ratio", "closure"} & set(steps)): steps for steps in reversed(options)}
    return tuple(steps for steps in options if steps in kinds.values())
