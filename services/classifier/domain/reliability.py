"""How often the likeliest class was the true one, by what its probability promised: the points of a calibration plot."""

import numpy as np

from services.classifier.domain.calibration import Labels, wilson
from services.classifier.domain.run import Floats

_BINS = 10


def reliability_bins(probabilities: Floats, truth: Labels) -> list[dict[str, float]]:
    """Up to ten groups of equal width of promised probability, empty ones left out, with Wilson's 95 % interval.

    `promised` is the mean probability of the likeliest class in the group, `observed` the share in which it was the truth.
    """
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((top * _BINS).astype(int), _BINS - 1)
    rows = []
    for each in np.unique(place):
        inside = place == each
        hits, n = int(right[inside].sum()), int(inside.sum())
        low, high = wilson(hits, n)
        rows.append(
            {"promised": float(top[inside].mean()), "observed": hits / n, "low": low, "high": high, "n": n}
        )
    return rows
