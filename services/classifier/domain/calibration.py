"""Probabilities that mean what they say, and prediction sets with a stated coverage.

Both are calibrated on scores of samples that the scoring model had not seen (out of fold).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.run import Floats

Labels = NDArray[np.int64]

_ROUNDING = 1e-12


def softmax(scores: Floats, sharpness: float) -> Floats:
    """Probabilities (n, classes) from scores (n, classes)."""
    scaled = sharpness * (scores - scores.max(axis=1, keepdims=True))
    weight = np.exp(scaled)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def fit_sharpness(scores: Floats, truth: Labels) -> float:
    """The one factor on the scores (inverse temperature) that makes the truth likeliest; classes weigh alike.

    Targets are softened in the manner of Platt (1999), so that a perfect separation does not claim certainty; the softened
    part goes to the strongest rival alone, lest classes far from all others make those that are near look uncertain.
    """
    count, classes = scores.shape
    per_class = np.bincount(truth, minlength=classes)
    soft = 1.0 / (count + 2.0)
    rival = scores.copy()
    rival[np.arange(count), truth] = -np.inf
    target = np.zeros((count, classes))
    target[np.arange(count), rival.argmax(axis=1)] = soft
    target[np.arange(count), truth] = 1.0 - soft
    weight = 1.0 / per_class[truth]

    def loss(log_sharpness: float) -> float:
        chance = softmax(scores, float(np.exp(log_sharpness)))
        return float((-(target * np.log(chance + 1e-300)).sum(axis=1) * weight).sum())

    spread = float(np.abs(scores - scores.max(axis=1, keepdims=True)).mean()) or 1.0
    low, high = -np.log(spread) - 8.0, -np.log(spread) + 8.0
    grid = np.linspace(low, high, 65)
    best = int(np.argmin([loss(each) for each in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, 64)]
    for _ in range(40):
        third = (high - low) / 3
        if loss(low + third) < loss(high - third):
            high -= third
        else:
            low += third
    return float(np.exp((low + high) / 2))


@dataclass(frozen=True, slots=True)
class Conformal:
    """Mondrian conformal predictor: for each class the sorted nonconformities (1 - probability) of its own authentics.

    A class with fewer authentics than the coverage needs borrows those of all classes; `borrowed` names its place.
    """

    coverage: float
    reference: tuple[Floats, ...]
    borrowed: tuple[int, ...]

    def p_values(self, probabilities: Floats) -> Floats:
        """For one sample (classes,) the share of each class's authentics that are no better than it, itself among them."""
        strange = 1.0 - probabilities
        return np.array([_p_value(known, strange[c]) for c, known in enumerate(self.reference)])

    def members(self, probabilities: Floats) -> list[int]:
        """The classes of the prediction set of one sample: never empty, it always holds the likeliest, which only adds coverage.

        Each class is held against its own authentics, so that a likelier class may fail where a less likely one does not; alone
        the less likely one would be named as though the likelier had been excluded.
        """
        likeliest = int(probabilities.argmax())
        p_values = self.p_values(probabilities)
        least = 1.0 - self.coverage + _ROUNDING
        return [c for c, p in enumerate(p_values) if c == likeliest or p > least]


def fit_conformal(probabilities: Floats, truth: Labels, classes: int, coverage: float) -> Conformal:
    """Calibrate on out-of-fold probabilities (n, classes)."""
    strange = 1.0 - probabilities[np.arange(len(truth)), truth]
    least = int(np.ceil(round(1.0 / (1.0 - coverage), 9))) - 1
    own = [np.sort(strange[truth == c]) for c in range(classes)]
    borrowed = tuple(c for c in range(classes) if len(own[c]) < least)
    everyone = np.sort(strange)
    return Conformal(coverage, tuple(everyone if c in borrowed else own[c] for c in range(classes)), borrowed)


def _p_value(known: Floats, strange: float) -> float:
    # Differences that only rounding makes must not order samples that are alike.
    at_least = len(known) - int(np.searchsorted(known, strange - _ROUNDING, side="left"))
    return (at_least + 1) / (len(known) + 1)


def wilson(hits: float, total: float, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * float(np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def between_groups(hits: NDArray[np.bool_], groups: NDArray[np.str_]) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of authentics of which those of one seizure or collection are alike.

    It counts so many independent ones as give the variance that is seen between the groups (Kish's effective sample size);
    where all are alike, one a group.
    """
    count, share = len(hits), float(hits.mean())
    names, place = np.unique(groups, return_inverse=True)
    if len(names) < 2 or share in (0.0, 1.0):
        effective = float(len(names))
    else:
        beyond = np.bincount(place, weights=hits - share)
        variance = len(names) / (len(names) - 1) * float((beyond**2).sum()) / count**2
        effective = min(float(count), max(1.0, share * (1 - share) / max(variance, 1e-12)))
    return wilson(share * effective, effective)


def expected_calibration_error(probabilities: Floats, truth: Labels, bins: int = 10) -> float:
    """Mean gap between the probability of the likeliest class and how often it is right, over bins of equal width."""
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((top * bins).astype(int), bins - 1)
    gaps: Sequence[float] = [
        float(abs(right[place == b].mean() - top[place == b].mean()) * (place == b).mean())
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))
