"""Is a sample like any class at all? Class-wise distances in the manner of DD-SIMCA (Pomerantsev and Rodionova 2014).

A distance has a part inside the principal components that the classes share (score distance) and one outside of them (orthogonal
distance). Beside it stands the distance to the nearest members, which sees hollows that an ellipsoid does not. Their mean,
each in its own spreads, is turned into a p-value with distances of authentics that the fitted distance had not seen.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Labels
from services.classifier.domain.pretreatment import shrunk_covariance
from services.classifier.domain.run import Floats

_EXPLAINED = 0.95
_LEAST_SPREAD = 0.05
_NEIGHBOURS = 3
_IDEAL = 20


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
    near: "NearMembers | None" = None

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

    def all_distances(self, rows: Floats) -> Floats:
        """Squared distances (n, c) of rows (n, p)."""
        return np.stack([self.distances(row) for row in rows])

    def p_values(self, row: Floats) -> Floats:
        """For each class the chance that one of its own members lies that far out, (c,)."""
        near = None if self.near is None else self.near.distances(row)[None, :]
        return self.p_values_of(self.distances(row)[None, :], near)[0]

    def p_values_of(self, distances: Floats, near: Floats | None) -> Floats:
        """The same (n, c) from distances (n, c) that are known already."""
        standing = (symmetric(distances) - self.centre) / self.spread
        if self.near is not None and near is not None:
            beside = (symmetric(near) - self.near.centre) / self.near.spread
            standing = (0.5 * (standing + beside) - self.near.joint_centre) / self.near.joint_spread
        return np.array(
            [[upper_tail(t, n) for t, n in zip(row, self.count, strict=True)] for row in standing]
        )

    def calibrated(
        self, distances: Floats, near: Floats, truth: Labels, groups: Sequence[str]
    ) -> "ClassDistance":
        """The same distances, with the p-values fitted on both distances (n, c) of authentics out of fold."""
        assert self.near is not None
        centre, spread, count = calibrate(symmetric(distances), truth, groups)
        near_centre, near_spread, _ = calibrate(symmetric(near), truth, groups)
        joint = 0.5 * (
            (symmetric(distances) - centre) / spread + (symmetric(near) - near_centre) / near_spread
        )
        joint_centre, joint_spread, _ = calibrate(joint, truth, groups)
        return replace(
            self,
            centre=centre,
            spread=spread,
            count=count,
            near=replace(
                self.near,
                centre=near_centre,
                spread=near_spread,
                joint_centre=joint_centre,
                joint_spread=joint_spread,
            ),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        found = {name: getattr(self, name) for name in _ELLIPSOID}
        if self.near is not None:
            found |= {f"near/{name}": getattr(self.near, name) for name in _NEAR}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The distance of stored arrays; models of old have the ellipsoid alone."""
        near = NearMembers(*(arrays[f"near/{name}"] for name in _NEAR)) if "near/white" in arrays else None
        return cls(
            arrays["means"],
            arrays["loadings"],
            arrays["whiteners"],
            arrays["residual"],
            arrays["centre"],
            arrays["spread"],
            arrays["count"],
            near,
        )


@dataclass(frozen=True, slots=True)
class NearMembers:
    """Distances to the nearest members of c classes after the spread within classes was made one in every direction.

    `white` (n, p) are the members after `whitener` (p, p), `owner` (n,) their classes; `centre` and `spread` (c,) as above,
    `joint_centre` and `joint_spread` those of the mean of both distances.
    """

    white: Floats
    owner: NDArray[np.int64]
    whitener: Floats
    centre: Floats
    spread: Floats
    joint_centre: Floats
    joint_spread: Floats

    def distances(self, row: Floats) -> Floats:
        """Mean squared distances (c,) to the nearest members of each class, of one row (p,)."""
        white = (row[:, None] * self.whitener).sum(axis=0)
        every = ((self.white - white) ** 2).sum(axis=1)
        return np.array(
            [np.sort(every[self.owner == c])[:_NEIGHBOURS].mean() for c in range(len(self.centre))]
        )

    def all_distances(self, rows: Floats) -> Floats:
        """The same (n, c) of rows (n, p)."""
        return np.stack([self.distances(row) for row in rows])


_ELLIPSOID = ("means", "loadings", "whiteners", "residual", "centre", "spread", "count")
_NEAR = ("white", "owner", "whitener", "centre", "spread", "joint_centre", "joint_spread")


@dataclass(frozen=True, slots=True)
class UsualFit:
    """How well authentics fit the best of the classes that they may be of: turns that fit into a p-value at the nominal rate.

    Taking the best of several classes and the worst of several modules shifts p-values; `fits` (n,) are those of authentics out
    of fold, in order, with some of an ideal test among them, lest few authentics decide. Empty: the fit stays as it is.
    A p-value is only ever lowered: some authentics that lie far out do not make a class fit that a module excludes, and an
    authentic out of fold lies farther out than a new sample does of the model that knows the whole library.
    """

    fits: Floats

    def p_values(self, class_p: Floats) -> Floats:
        """The share of authentics that fit no better, interpolated, at most the p-value itself; rises with the fit."""
        if not len(self.fits):
            return class_p
        places = np.arange(1, len(self.fits) + 1) / (len(self.fits) + 1)
        share = np.interp(
            class_p, np.concatenate(([0.0], self.fits, [1.0])), np.concatenate(([0.0], places, [1.0]))
        )
        return np.minimum(class_p, share)


def usual_fit(fits: Floats) -> UsualFit:
    """From the fits (n,) of authentics out of fold."""
    ideal = (np.arange(_IDEAL) + 0.5) / _IDEAL
    return UsualFit(np.sort(np.concatenate((fits, ideal))))


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
    whitener = np.ascontiguousarray(np.linalg.inv(np.linalg.cholesky(pooled)).T)
    near = NearMembers(
        rows @ whitener, truth.copy(), whitener, nothing, nothing + 1.0, nothing, nothing + 1.0
    )
    return ClassDistance(
        means,
        loadings,
        np.stack(whiteners),
        np.array([residual]),
        nothing,
        nothing + 1.0,
        nothing + 2.0,
        near,
    )


def unseen_p_values(
    own: ClassDistance, distances: Floats, near: Floats, truth: Labels, groups: Sequence[str]
) -> Floats:
    """P-values (n, c) of authentics from both distances (n, c) out of fold; the own class calibrated without their group.

    In a class of five an authentic that helped to set the spread never lies far out of it.
    """
    result = own.p_values_of(distances, near)
    names = np.array(groups)
    for c in range(distances.shape[1]):
        places = np.flatnonzero(truth == c)
        for name in np.unique(names[places]):
            kept, out = places[names[places] != name], places[names[places] == name]
            if len(kept) < 2:
                continue
            told = names[kept].tolist()
            alone = own.calibrated(
                distances[kept][:, [c]], near[kept][:, [c]], np.zeros(len(kept), np.int64), told
            )
            result[out, c] = alone.p_values_of(distances[out][:, [c]], near[out][:, [c]])[:, 0]
    return result


def symmetric(distances: Floats) -> Floats:
    """Sixth root of squared distances: their tail, with an estimated covariance, is too long for the usual cube root."""
    return np.asarray(np.cbrt(np.sqrt(distances)))


def calibrate(standing: Floats, truth: Labels, groups: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Centre, spread and number of collections (c,) of each class's own symmetric distances (n, c).

    Single outliers do not widen the spread.
    """
    classes = standing.shape[1]
    centre, spread, count = np.empty(classes), np.empty(classes), np.empty(classes)
    everyone = standing[np.arange(len(truth)), truth]
    for c in range(classes):
        places = np.flatnonzero(truth == c).tolist()
        if len(places) < 4:
            places = list(range(len(truth)))
        known = everyone[places]
        middle = float(np.median(known))
        reach = 3.5 * 1.4826 * float(np.median(np.abs(known - middle))) or math.inf
        tame = np.clip(known, middle - reach, middle + reach)
        centre[c], count[c] = tame.mean(), len({groups[i] for i in places})
        spread[c] = max(float(tame.std(ddof=1)), _LEAST_SPREAD * max(abs(middle), 1e-6))
    return centre, spread, count


def upper_tail(standing: float, count: float) -> float:
    """Chance that a new value of a normal sample of `count` values stands at least `standing` spreads above its mean.

    Student's t with the extra spread of a prediction, by Wallace's (1959) transformation to the normal.
    """
    degrees = max(float(count) - 1.0, 1.0)
    t = float(standing) / math.sqrt(1.0 + 1.0 / max(float(count), 1.0))
    normal = math.sqrt(degrees * math.log1p(t * t / degrees)) * (8 * degrees + 1) / (8 * degrees + 3)
    return 0.5 * math.erfc(math.copysign(normal, t) / math.sqrt(2.0))
