"""Support vector machines and forests, fitted by scikit-learn and handed on as plain arrays."""

from typing import Any

import numpy as np

from services.classifier.domain.calibration import Labels
from services.classifier.domain.run import Floats
from services.classifier.domain.scorers import ForestScorer, KernelScorer, LinearScorer


def fit_linear_svm(rows: Floats, truth: Labels, classes: int, cost: float) -> LinearScorer:
    """One machine a class against the rest; deterministic."""
    weights, offsets = np.zeros((classes, rows.shape[1])), np.zeros(classes)
    for c in range(classes):
        machine = _machine(rows, truth == c, cost, kernel="linear")
        weights[c] = machine.dual_coef_[0] @ machine.support_vectors_
        offsets[c] = machine.intercept_[0]
    return LinearScorer(weights, offsets)


def fit_kernel_svm(rows: Floats, truth: Labels, classes: int, cost: float, gamma: float) -> KernelScorer:
    """One machine a class against the rest, over one table of support vectors; deterministic."""
    machines = [_machine(rows, truth == c, cost, kernel="rbf", gamma=gamma) for c in range(classes)]
    used = np.unique(np.concatenate([machine.support_ for machine in machines]))
    weights = np.zeros((classes, len(used)))
    for c, machine in enumerate(machines):
        weights[c, np.searchsorted(used, machine.support_)] = machine.dual_coef_[0]
    offsets = np.array([machine.intercept_[0] for machine in machines])
    return KernelScorer(rows[used], weights, offsets, np.array([gamma]))


def _machine(rows: Floats, member: Any, cost: float, **kernel: Any) -> Any:
    from sklearn.svm import SVC

    # The two-class machine is symmetric in its classes, so the class itself is made the positive side.
    return SVC(C=cost, class_weight="balanced", cache_size=100, max_iter=200_000, **kernel).fit(rows, member)


def fit_forest(rows: Floats, truth: Labels, classes: int, trees: int, seed: int) -> ForestScorer:
    """A random forest with classes weighing alike, flattened into one table of nodes."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(
        n_estimators=trees, min_samples_leaf=2, class_weight="balanced", random_state=seed, n_jobs=1
    ).fit(rows, truth)
    tables: dict[str, list[Any]] = {name: [] for name in ("feature", "threshold", "left", "right", "shares")}
    roots, start = [], 0
    for each in forest.estimators_:
        tree = each.tree_
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
