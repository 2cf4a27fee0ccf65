"""Trained classifiers as arrays that numpy evaluates: one row of scores a sample, the higher the likelier.

A scorer is only data and arithmetic, so that the same inputs give the same bits and nothing has to be unpickled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.run import Floats

Arrays = Mapping[str, NDArray[Any]]
_RARE = 0.01
_NEAR = 1e-3


class Scorer(Protocol):
    """What every stored classifier offers."""

    kind: ClassVar[str]

    def scores(self, rows: Floats) -> Floats:
        """Scores (n, classes) of pre-treated rows (n, p)."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        ...


@dataclass(frozen=True, slots=True)
class LinearScorer:
    """Scores `weights @ x + offsets`: linear discriminants, PLS-DA and the linear support vector machine."""

    weights: Floats
    offsets: Floats
    kind: ClassVar[str] = "linear"

    def scores(self, rows: Floats) -> Floats:
        """Scores (n, classes); sums of products in a fixed order."""
        return np.stack([(self.weights * row).sum(axis=1) + self.offsets for row in rows])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        return {"weights": self.weights, "offsets": self.offsets}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The scorer of stored arrays."""
        return cls(arrays["weights"], arrays["offsets"])


@dataclass(frozen=True, slots=True)
class QuadraticScorer:
    """Normal log-densities: `means` (c, p), `whiteners` (c, p, p) with whitener @ whitener.T the inverse covariance."""

    means: Floats
    whiteners: Floats
    offsets: Floats
    kind: ClassVar[str] = "quadratic"

    def scores(self, rows: Floats) -> Floats:
        """Scores (n, classes): log-densities up to a constant."""
        result = np.empty((len(rows), len(self.means)))
        for i, row in enumerate(rows):
            white = ((row - self.means)[:, :, None] * self.whiteners).sum(axis=1)
            result[i] = self.offsets - 0.5 * (white**2).sum(axis=1)
        return result

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        return {"means": self.means, "whiteners": self.whiteners, "offsets": self.offsets}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The scorer of stored arrays."""
        return cls(arrays["means"], arrays["whiteners"], arrays["offsets"])


@dataclass(frozen=True, slots=True)
class KernelScorer:
    """Radial basis functions: `support` (m, p), `weights` (c, m); score = weights @ exp(-gamma |x - s|^2) + offsets."""

    support: Floats
    weights: Floats
    offsets: Floats
    gamma: Floats
    kind: ClassVar[str] = "kernel"

    def scores(self, rows: Floats) -> Floats:
        """Scores (n, classes): signed distances to the margin of each class against the rest."""
        result = np.empty((len(rows), len(self.offsets)))
        for i, row in enumerate(rows):
            near = np.exp(-float(self.gamma[0]) * ((self.support - row) ** 2).sum(axis=1))
            result[i] = (self.weights * near).sum(axis=1) + self.offsets
        return result

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        return {
            "support": self.support,
            "weights": self.weights,
            "offsets": self.offsets,
            "gamma": self.gamma,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The scorer of stored arrays."""
        return cls(arrays["support"], arrays["weights"], arrays["offsets"], arrays["gamma"])


@dataclass(frozen=True, slots=True)
class ForestScorer:
    """A random forest as one table of nodes: at a node go `left` where row[feature] <= threshold; a leaf has feature -1.

    `shares` (nodes, c) are class shares; the score is the logarithm of their mean over the trees that begin at `roots`.
    """

    roots: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    shares: Floats
    kind: ClassVar[str] = "forest"

    def scores(self, rows: Floats) -> Floats:
        """Scores (n, classes)."""
        result = np.empty((len(rows), self.shares.shape[1]))
        for i, row in enumerate(rows):
            # The trees were grown on single precision; comparing in double would send border values the other way.
            single = row.astype(np.float32).astype(np.float64)
            node = self.roots.copy()
            inner = self.feature[node] >= 0
            while inner.any():
                at = node[inner]
                goes_left = single[self.feature[at]] <= self.threshold[at]
                node[inner] = np.where(goes_left, self.left[at], self.right[at])
                inner = self.feature[node] >= 0
            result[i] = np.log(self.shares[node].mean(axis=0) + _RARE)
        return result

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        names = ("roots", "feature", "threshold", "left", "right", "shares")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The scorer of stored arrays."""
        names = ("roots", "feature", "threshold", "left", "right", "shares")
        return cls(*(arrays[name] for name in names))


@dataclass(frozen=True, slots=True)
class BoostedScorer:
    """Boosted trees as one table of nodes, read as in a forest; a leaf's `value` is added to the score of its tree's class.

    `owner` (trees,) is the class of each tree, `start` (c,) the score before any tree.
    """

    roots: NDArray[np.int64]
    owner: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats
    start: Floats
    kind: ClassVar[str] = "boosted"

    def scores(self, rows: Floats) -> Floats:
        """Scores (n, classes): log-odds up to a constant."""
        result = np.empty((len(rows), len(self.start)))
        for i, row in enumerate(rows):
            node = self.roots.copy()
            inner = self.feature[node] >= 0
            while inner.any():
                at = node[inner]
                goes_left = row[self.feature[at]] <= self.threshold[at]
                node[inner] = np.where(goes_left, self.left[at], self.right[at])
                inner = self.feature[node] >= 0
            result[i] = self.start + np.bincount(self.owner, self.value[node], len(self.start))
        return result

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        return {name: getattr(self, name) for name in _BOOSTED}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The scorer of stored arrays."""
        return cls(*(arrays[name] for name in _BOOSTED))


_BOOSTED = ("roots", "owner", "feature", "threshold", "left", "right", "value", "start")


@dataclass(frozen=True, slots=True)
class NeighbourScorer:
    """How near the `count` nearest authentics of each class are, so that large classes have no advantage over small ones.

    `white` (n, p) are the authentics after `whitener` (p, p), `owner` (n,) their classes, in blocks: class 0 first.
    The score is the negative logarithm of the mean distance to a class's nearest.
    """

    white: Floats
    owner: NDArray[np.int64]
    whitener: Floats
    count: NDArray[np.int64]
    kind: ClassVar[str] = "neighbours"

    def scores(self, rows: Floats) -> Floats:
        """Scores (n, classes)."""
        blocks = [np.flatnonzero(self.owner == c) for c in range(int(self.owner[-1]) + 1)]
        result = np.empty((len(rows), len(blocks)))
        for i, row in enumerate(rows):
            own = (row[:, None] * self.whitener).sum(axis=0)
            distance = np.sqrt(((self.white - own) ** 2).sum(axis=1))
            for c, block in enumerate(blocks):
                result[i, c] = -np.log(np.sort(distance[block])[: int(self.count[0])].mean() + _NEAR)
        return result

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        return {"white": self.white, "owner": self.owner, "whitener": self.whitener, "count": self.count}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The scorer of stored arrays."""
        return cls(arrays["white"], arrays["owner"], arrays["whitener"], arrays["count"])


_KINDS: dict[str, Any] = {
    each.kind: each
    for each in (LinearScorer, QuadraticScorer, KernelScorer, ForestScorer, BoostedScorer, NeighbourScorer)
}


def scorer_from_arrays(kind: str, arrays: Arrays) -> Scorer:
    """The scorer of that kind; raises ValueError for a kind that is not known."""
    if kind not in _KINDS:
        raise ValueError(f"no classifier is of the kind {kind[:40]!r}")
    scorer: Scorer = _KINDS[kind].from_arrays(arrays)
    return scorer
