"""Is a sample like any class at all? Class-wise distances in the manner of DD-SIMCA (Pomerantsev and Rodionova 2014).

A distance has a part inside the principal components that the classes share (score distance) and one outside of them (orthogonal
distance). It is turned into a p-value with the distances of authentics that the fitted distance had not seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Labels
from services.classifier.domain.pretreatment import shrunk_covariance
from services.classifier.domain.run import Floats

_EXPLAINED = 0.95
_LEAST_SPREAD = 0.05


@dataclass(frozen=True, slots=True)
class ClassDistance:
    """Distances to c classes over the p columns of one view of the data.

    `means` (c, p); `loadings` (p, k); `whiteners` (c, k, k); `residual` (1,) variance of one direction outside the loadings.
    `centre`, `spread` and `count` (c,) describe the sixth root of the distances of unseen authentics, which is close to normal;
    `count` is the number of collections, since samples of one collection are alike.
    """

    means: Floats
    loadings: Floats
    whiteners: Floats
    residual: Floats
    centre: Floats
    spread: Floats
    count: Floats

    def parts(self, row: Floats) -> tuple[Floats, Floats]:
        """Score distances and orthogonal distances (c,), squared and scaled, of one row (p,)."""
        deviation = row - self.means
        scores = (deviation[:, :, None] * self.loadings).sum(axis=1)
        white = (scores[:, :, None] * self.whiteners).sum(axis=1)
        outside = (deviation**2).sum(axis=1) - (scores**2).sum(axis=1)
        return (white**2).sum(axis=1), np.maximum(outside, 0.0) / self.residual[0]

    def distances(self, row: Floats) -> Floats:
        """Squared distances (c,) of one row."""
        inside, outside = self.parts(row)
        return inside + outside

    def p_values(self, row: Floats) -> Floats:
        """For each class the chance that one of its own members lies that far out, (c,)."""
        standing = (symmetric(self.distances(row)) - self.centre) / self.spread
        return np.array([upper_tail(t, n) for t, n in zip(standing, self.count, strict=True)])

    def calibrated(self, distances: Floats, truth: Labels, groups: Sequence[str]) -> "ClassDistance":
        """The same distances, with the p-values fitted on distances (n, c) of authentics out of fold."""
        centre, spread, count = calibrate(distances, truth, groups)
        return replace(self, centre=centre, spread=spread, count=count)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        names = ("means", "loadings", "whiteners", "residual", "centre", "spread", "count")
        return {name: getattr(self, name) for name in names}


def fit_distance(rows: Floats, truth: Labels, classes: int) -> ClassDistance:
    """Fit on complete rows (n, p); a class with few members leans on the spread of all classes.

    The p-values mean nothing before `calibrated`.
    """
    columns = rows.shape[1]
    means = np.stack([rows[truth == c].mean(axis=0) for c in range(classes)])
    deviation = rows - means[truth]
    pooled = shrunk_covariance(deviation, len(rows) - classes)
    values, vectors = np.linalg.eigh(pooled)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(values) / values.sum(), _EXPLAINED)) + 1
    kept = min(kept, columns)
    loadings = np.ascontiguousarray(vectors[:, :kept])
    residual = float(values[kept:].mean()) if kept < columns else float(values[-1])
    shared = np.diag(values[:kept])
    whiteners = []
    for c in range(classes):
        scores = deviation[truth == c] @ loadings
        members = len(scores)
        own = scores.T @ scores / max(members - 1, 1)
        trust = max(members - 1, 0) / (max(members - 1, 0) + kept + 2.0)
        covariance = trust * own + (1 - trust) * shared
        whiteners.append(np.linalg.inv(np.linalg.cholesky(covariance)).T)
    nothing = np.zeros(classes)
    return ClassDistance(
        means, loadings, np.stack(whiteners), np.array([residual]), nothing, nothing + 1.0, nothing + 2.0
    )


def symmetric(distances: Floats) -> Floats:
    """Sixth root of squared distances: their tail, with an estimated covariance, is too long for the usual cube root."""
    return np.asarray(np.cbrt(np.sqrt(distances)))


def calibrate(distances: Floats, truth: Labels, groups: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Centre, spread and number of collections (c,) of each class's own distances; single outliers do not widen the spread."""
    classes = distances.shape[1]
    centre, spread, count = np.empty(classes), np.empty(classes), np.empty(classes)
    everyone = symmetric(distances[np.arange(len(truth)), truth])
    for c in range(classes):
        places = np.flatnonzero(truth == c).tolist()
        if len(places) < 4:
            places = list(range(len(truth)))
        known = everyone[places]
        middle = float(np.median(known))
        reach = 3.5 * 1.4826 * float(np.median(np.abs(known - middle))) or math.inf
        tame = np.clip(known, middle - reach, middle + reach)
        centre[c], count[c] = tame.mean(), len({groups[i] for i in places})
        spread[c] = max(float(tame.std(ddof=1)), _LEAST_SPREAD * max(middle, 1e-6))
    return centre, spread, count


def upper_tail(standing: float, count: float) -> float:
    """Chance that a new value of a normal sample of `count` values stands at least `standing` spreads above its mean.

    Student's t with the extra spread of a prediction, by Wallace's (1959) transformation to the normal.
    """
    degrees = max(float(count) - 1.0, 1.0)
    t = float(standing) / math.sqrt(1.0 + 1.0 / max(float(count), 1.0))
    normal = math.sqrt(degrees * math.log1p(t * t / degrees)) * (8 * degrees + 1) / (8 * degrees + 3)
    return 0.5 * math.erfc(math.copysign(normal, t) / math.sqrt(2.0))
