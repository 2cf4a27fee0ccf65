"""Support vector machines, forests and boosted trees, fitted by scikit-learn and handed on as plain arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from services.classifier.domain.calibration import Labels
from services.classifier.domain.run import Floats
from services.classifier.domain.scorers import BoostedScorer, ForestScorer, KernelScorer, LinearScorer

#: Bins of a column for boosted trees.
_BINS = 64


def fit_linear_svm(rows: Floats, truth: Labels, classes: int, cost: float) -> LinearScorer:
    """One machine a class against the rest; deterministic."""
    machines = _machines(rows, truth, classes, cost, kernel="linear")
    weights = np.stack([machine.dual_coef_[0] @ machine.support_vectors_ for machine in machines])
    offsets = np.array([machine.intercept_[0] for machine in machines])
    return LinearScorer(*_both_sides(weights, offsets, classes))


def fit_kernel_svm(rows: Floats, truth: Labels, classes: int, cost: float, gamma: float) -> KernelScorer:
    """One machine a class against the rest, over one table of support vectors; deterministic."""
    machines = _machines(rows, truth, classes, cost, kernel="rbf", gamma=gamma)
    used = np.unique(np.concatenate([machine.support_ for machine in machines]))
    weights = np.zeros((len(machines), len(used)))
    for own, machine in zip(weights, machines, strict=True):
        own[np.searchsorted(used, machine.support_)] = machine.dual_coef_[0]
    offsets = np.array([machine.intercept_[0] for machine in machines])
    return KernelScorer(rows[used], *_both_sides(weights, offsets, classes), np.array([gamma]))


def _machines(rows: Floats, truth: Labels, classes: int, cost: float, **kernel: Any) -> list[Any]:
    """Each class against the rest, both sides weighing alike; of two classes the second alone, for the first is its mirror."""
    from sklearn import config_context
    from sklearn.svm import SVC

    found = []
    for c in range(classes) if classes > 2 else (1,):
        member = (truth == c).astype(np.int64)
        sides = dict(enumerate(len(truth) / (2 * np.bincount(truth == c, minlength=2))))
        # Rows and settings are this module's own: to examine each of them again takes longer than to fit such small machines.
        with config_context(assume_finite=True, skip_parameter_validation=True):
            machine = SVC(C=cost, class_weight=sides, cache_size=100, max_iter=50_000, **kernel)
            found.append(machine.fit(rows, member))
    return found


def _both_sides(weights: Floats, offsets: Floats, classes: int) -> tuple[Floats, Floats]:
    if classes > 2:
        return weights, offsets
    return np.concatenate([-weights, weights]), np.concatenate([-offsets, offsets])


def fit_forest(
    rows: Floats, truth: Labels, classes: int, trees: int, seed: int, *, extremely_random: bool = False
) -> ForestScorer:
    """A random forest with classes weighing alike, flattened into one table of nodes.

    With `extremely_random` (Geurts et al., 2006) every tree sees all rows and cuts where chance says: smoother where classes are
    small.
    """
    single = np.ascontiguousarray(rows, dtype=np.float32)
    balance = len(truth) / (classes * np.bincount(truth, minlength=classes)[truth])
    dice = np.random.RandomState(seed)
    grown = []
    for _ in range(trees):
        weight = balance
        if not extremely_random:
            weight = balance * np.bincount(dice.randint(0, len(truth), len(truth)), minlength=len(truth))
        grown.append(_tree(single, truth, classes, weight, dice, extremely_random))
    return _flattened(grown)


def _tree(single: Any, truth: Labels, classes: int, weight: Floats, dice: Any, extremely_random: bool) -> Any:
    """One tree, to the last bit that of DecisionTreeClassifier or ExtraTreeClassifier with max_features="sqrt".

    Those examine the same rows and settings again for every tree, which costs many times what such small trees do.
    """
    from sklearn.tree._criterion import Gini
    from sklearn.tree._splitter import BestSplitter, RandomSplitter
    from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

    columns, outputs = single.shape[1], np.array([classes], dtype=np.intp)
    splitter = (RandomSplitter if extremely_random else BestSplitter)(
        Gini(1, outputs), max(1, int(np.sqrt(columns))), 1, 0.0, dice, None
    )
    tree = Tree(columns, outputs, 1)
    builder = DepthFirstTreeBuilder(splitter, 2, 1, 0.0, np.iinfo(np.int32).max, 0.0)
    builder.build(tree, single, truth[:, None].astype(np.float64), weight)
    return tree


def _flattened(grown: Sequence[Any]) -> ForestScorer:
    """Trees of scikit-learn as one table of nodes."""
    tables: dict[str, list[Any]] = {name: [] for name in ("feature", "threshold", "left", "right", "shares")}
    roots, start = [], 0
    for tree in grown:
        roots.append(start)
        inner = tree.children_left >= 0
        tables["feature"].append(np.where(inner, tree.feature, -1))
        tables["threshold"].append(tree.threshold)
        tables["left"].append(np.where(inner, tree.children_left + start, 0))
        tables["right"].append(np.where(inner, tree.children_right + start, 0))
        shares = tree.value[:, 0, :]
        tables["shares"].append(shares / shares.sum(axis=1, keepdims=True))
        start += tree.node_count
    joined = {name: np.concatenate(parts) for name, parts in tables.items()}
    return ForestScorer(
        np.array(roots, np.int64),
        joined["feature"].astype(np.int64),
        joined["threshold"].astype(np.float64),
        joined["left"].astype(np.int64),
        joined["right"].astype(np.int64),
        joined["shares"].astype(np.float64),
    )


def fit_boosted(rows: Floats, truth: Labels, classes: int, rounds: int, seed: int) -> BoostedScorer:
    """Gradient boosting of small trees (histograms), classes weighing alike, flattened into one table of nodes."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    # Small tables: more threads cost more than they bring, and a fixed number keeps the sums in one order.
    edges = [_bin_edges(column) for column in rows.T]
    bins = np.column_stack([np.searchsorted(own, x) for own, x in zip(edges, rows.T, strict=True)])
    with threadpool_limits(limits=1, user_api="openmp"):
        boosted = HistGradientBoostingClassifier(
            max_iter=rounds,
            learning_rate=0.2,
            max_leaf_nodes=6,
            min_samples_leaf=max(2, min(5, int(np.bincount(truth).min()) // 2)),
            l2_regularization=1.0,
            max_bins=_BINS,
            early_stopping=False,
            class_weight="balanced",
            random_state=seed,
        ).fit(bins.astype(np.float64), truth)
    tables: dict[str, list[Any]] = {name: [] for name in ("feature", "threshold", "left", "right", "value")}
    roots, owner, at = [], [], 0
    for stage in boosted._predictors:
        for c, tree in enumerate(stage):
            nodes = tree.nodes
            roots.append(at)
            # With two classes there is one tree a round, that of the second.
            owner.append(c if len(stage) > 1 else 1)
            inner = nodes["is_leaf"] == 0
            tables["feature"].append(np.where(inner, nodes["feature_idx"].astype(np.int64), -1))
            threshold = np.zeros(len(nodes))
            for n in np.flatnonzero(inner):
                threshold[n] = edges[nodes["feature_idx"][n]][int(nodes["num_threshold"][n])]
            tables["threshold"].append(threshold)
            tables["left"].append(np.where(inner, nodes["left"].astype(np.int64) + at, 0))
            tables["right"].append(np.where(inner, nodes["right"].astype(np.int64) + at, 0))
            tables["value"].append(nodes["value"])
            at += len(nodes)
    joined = {name: np.concatenate(parts) for name, parts in tables.items()}
    start = boosted._baseline_prediction.ravel().astype(np.float64)
    return BoostedScorer(
        np.array(roots, np.int64),
        np.array(owner, np.int64),
        joined["feature"].astype(np.int64),
        joined["threshold"].astype(np.float64),
        joined["left"].astype(np.int64),
        joined["right"].astype(np.int64),
        joined["value"].astype(np.float64),
        start if len(start) == classes else np.array([0.0, start[0]]),
    )


def _bin_edges(column: Floats) -> Floats:
    """Rising edges between the bins of a column: bin i holds what is above edge i - 1 and not above edge i.

    The library would weigh its quantiles by class, one call for each edge of each column, which took most of the training's time.
    """
    known = np.unique(column)
    if len(known) <= _BINS:
        return (known[:-1] + known[1:]) / 2.0
    quantiles = np.quantile(column, np.arange(1, _BINS) / _BINS, method="averaged_inverted_cdf")
    return np.unique(quantiles)
