"""Where values lie among all profiles: a scale without unit, on which ratios, isotopes and elements can be compared."""

import numpy as np

from services.classifier.domain.run import Floats


def ranks(archive: Floats, rows: Floats) -> Floats:
    """For rows (n, p) the share of the archive's values (m, p) below each, equal ones counted half; NaN where not measured."""
    found = np.full(rows.shape, np.nan)
    for column in range(rows.shape[1]):
        known = np.sort(archive[~np.isnan(archive[:, column]), column])
        if not len(known):
            continue
        values = rows[:, column]
        below = np.searchsorted(known, values, side="left")
        up_to = np.searchsorted(known, values, side="right")
        found[:, column] = np.where(np.isnan(values), np.nan, (below + up_to) / (2 * len(known)))
    return found
