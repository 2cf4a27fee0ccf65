"""The classifiers that training chooses from: each fits rows and labels and gives a scorer that numpy alone evaluates.

The order is from simple to flexible; among candidates that cannot be told apart the simplest is taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.calibration import Labels
from services.classifier.domain.pretreatment import shrunk_covariance
from services.classifier.domain.run import Floats
from services.classifier.domain.scorers import (
    LinearScorer,
    NeighbourScorer,
    QuadraticScorer,
    Scorer,
)
from services.classifier.domain.training.machine_learning import (
    fit_boosted,
    fit_forest,
    fit_kernel_svm,
    fit_linear_svm,
)

Fit = Callable[[Floats, Labels, int, int], Scorer]
_FEW = 60
# So little that the covariance stays what was measured, and enough for an inverse.
_BARELY = 0.002


@dataclass(frozen=True, slots=True)
class Setting:
    """One candidate with one choice of its free parameters."""

    text: str
    fit: Fit


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kind of classifier with the settings that the inner folds choose from.

    `trees`: it is costly, and does not change when a column is replaced by a rising function of itself.
    """

    name: str
    settings: tuple[Setting, ...]
    trees: bool = False


def candidates_for(
    rows: int, columns: int, classes: int, library: int | None = None
) -> tuple[Candidate, ...]:
    """The candidates from simple to flexible, with fewer settings and trees where the library is large, to bound the time.

    The first setting of each is the one under which pre-treatments are compared. A `library` (all authentics of which `rows` are
    a part) of few is no ground for gradient boosting, which learns the luck of so few by heart and looks better than it is.
    """
    small = rows <= 1000
    most = max(1, min(columns, classes + 6, 14))
    usual = max(1, min(classes + 1, most))
    parts = sorted({1, 2, 3, classes - 1, classes + 3, most} & set(range(1, most + 1)) - {usual})
    costs = (1.0, 0.1, 10.0) if small else (1.0,)
    trees = 100 if rows <= 3000 else 40
    rounds = 40 if small and columns <= 60 else 20
    boosted = Candidate("gradient boosting", (Setting(f"{rounds} rounds", _boosted(rounds)),), trees=True)
    return (
        Candidate(
            "regularised LDA",
            (
                *(Setting(f"covariance shrunk by {w:g} or more", _lda(w)) for w in (0.02, 0.2, 0.5)),
                *(
                    (Setting("covariance as measured", _lda(_BARELY, _BARELY)),)
                    if rows > 2 * columns + classes
                    else ()
                ),
            ),
        ),
        Candidate("PLS-DA", tuple(Setting(f"{k} components", _pls(k)) for k in (usual, *parts))),
        Candidate("linear SVM", tuple(Setting(f"C={c:g}", _linear(c)) for c in costs)),
        Candidate("regularised QDA", tuple(Setting(f"own share {s:g}", _qda(s)) for s in (0.6, 0.3, 0.9))),
        Candidate(
            "k nearest neighbours",
            (
                *(Setting(f"{k} of each class", _neighbours(k, False)) for k in (3, 1, 5)),
                *(Setting(f"{k} of each class, whitened", _neighbours(k, True)) for k in (2, 4)),
            ),
        ),
        Candidate(
            "RBF SVM",
            tuple(
                Setting(f"C={c:g}, width {w:g}", _kernel(c, w / columns))
                for c, w in (((10.0, 0.5), (1.0, 0.3), (1.0, 1.0), (10.0, 0.2)) if small else ((10.0, 0.5),))
            ),
        ),
        Candidate("random forest", (Setting(f"{trees} trees", _forest(trees)),), trees=True),
        Candidate("extremely random trees", (Setting(f"{trees} trees", _forest(trees, True)),), trees=True),
        *((boosted,) if (library or rows) > _FEW else ()),
    )


# Candidates that are fitted in next to no time: by them the pre-treatments are ranked that the others are tried under.
SCOUTS = ("regularised LDA", "k nearest neighbours")


def _lda(least: float, most: float = 1.0) -> Fit:
    return lambda rows, truth, classes, seed: fit_lda(rows, truth, classes, least=least, most=most)


def fit_lda(
    rows: Floats, truth: Labels, classes: int, *, least: float = 0.02, most: float = 1.0
) -> LinearScorer:
    """Linear discriminants with one covariance, shrunk by `least` to `most`, and equal priors; deterministic."""
    means, deviation = class_means(rows, truth, classes)
    precision = np.linalg.inv(shrunk_covariance(deviation, len(rows) - classes, least, most))
    weights = means @ precision
    return LinearScorer(weights, -0.5 * (weights * means).sum(axis=1))


def class_means(rows: Floats, truth: Labels, classes: int) -> tuple[Floats, Floats]:
    """Means (c, p) and the deviation of every row from its own class's mean (n, p)."""
    means = np.stack([rows[truth == c].mean(axis=0) for c in range(classes)])
    return means, rows - means[truth]


def _qda(own_share: float) -> Fit:
    def fit(rows: Floats, truth: Labels, classes: int, seed: int) -> Scorer:
        means, deviation = class_means(rows, truth, classes)
        pooled = shrunk_covariance(deviation, len(rows) - classes)
        whiteners, offsets = [], []
        for c in range(classes):
            members = deviation[truth == c]
            trust = own_share * len(members) / (len(members) + 3.0)
            covariance = trust * shrunk_covariance(members) + (1 - trust) * pooled
            lower = np.linalg.cholesky(covariance)
            whiteners.append(np.linalg.inv(lower).T)
            offsets.append(-float(np.log(np.diag(lower)).sum()))
        return QuadraticScorer(means, np.stack(whiteners), np.array(offsets))

    return fit


def _pls(components: int) -> Fit:
    def fit(rows: Floats, truth: Labels, classes: int, seed: int) -> Scorer:
        return fit_pls(rows, truth, classes, components)

    return fit


def fit_pls(rows: Floats, truth: Labels, classes: int, components: int) -> LinearScorer:
    """PLS2 regression (SIMPLS, de Jong 1993) on class membership, classes weighing alike."""
    weight = 1.0 / np.bincount(truth, minlength=classes)[truth]
    weight = np.sqrt(weight / weight.sum())[:, None]
    member = np.eye(classes)[truth]
    centre_x, centre_y = (weight**2 * rows).sum(axis=0), (weight**2 * member).sum(axis=0)
    x, y = weight * (rows - centre_x), weight * (member - centre_y)
    cross = x.T @ y
    directions: list[Floats] = []
    basis: list[Floats] = []
    for _ in range(components):
        left, strength, _ = np.linalg.svd(cross, full_matrices=False)
        scores = x @ left[:, 0]
        size = float(np.sqrt((scores**2).sum()))
        if strength[0] < 1e-10 or size < 1e-10:
            break
        directions.append(left[:, 0] / size)
        loading = x.T @ (scores / size)
        for known in basis:
            loading = loading - known * float(known @ loading)
        norm = float(np.sqrt((loading**2).sum()))
        if norm < 1e-10:
            break
        basis.append(loading / norm)
        cross = cross - np.outer(basis[-1], basis[-1] @ cross)
    if not directions:
        return LinearScorer(np.zeros((classes, rows.shape[1])), centre_y)
    rotation = np.stack(directions, axis=1)
    weights = (rotation @ (rotation.T @ (x.T @ y))).T
    return LinearScorer(np.ascontiguousarray(weights), centre_y - weights @ centre_x)


def _linear(cost: float) -> Fit:
    return lambda rows, truth, classes, seed: fit_linear_svm(rows, truth, classes, cost)


def _kernel(cost: float, gamma: float) -> Fit:
    return lambda rows, truth, classes, seed: fit_kernel_svm(rows, truth, classes, cost, gamma)


def _boosted(rounds: int) -> Fit:
    return lambda rows, truth, classes, seed: fit_boosted(rows, truth, classes, rounds, seed)


def _neighbours(count: int, whitened: bool) -> Fit:
    def fit(rows: Floats, truth: Labels, classes: int, seed: int) -> Scorer:
        order = np.argsort(truth, kind="stable")
        whitener = np.eye(rows.shape[1])
        if whitened:
            whitener = within_whitener(rows, truth, classes)
        return NeighbourScorer(rows[order] @ whitener, truth[order], whitener, np.array([count], np.int64))

    return fit


def within_whitener(rows: Floats, truth: Labels, classes: int) -> Floats:
    """The matrix (p, p) after which the spread within classes is one in every direction."""
    _, deviation = class_means(rows, truth, classes)
    covariance = shrunk_covariance(deviation, len(rows) - classes)
    return np.ascontiguousarray(np.linalg.inv(np.linalg.cholesky(covariance)).T)


def _forest(trees: int, extremely_random: bool = False) -> Fit:
    return lambda rows, truth, classes, seed: fit_forest(
        rows, truth, classes, trees, seed, extremely_random=extremely_random
    )


def names(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """Names in their order."""
    return tuple(each.name for each in candidates)
