"""Support vector machines, forests and boosted trees, fitted by scikit-learn and handed on as plain arrays."""

from typing import Any

import numpy as np

from services.classifier.domain.calibration import Labels
from services.classifier.domain.run import Floats
from services.classifier.domain.scorers import BoostedScorer, ForestScorer, KernelScorer, LinearScorer


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
    return SVC(C=cost, class_weight="balanced", cache_size=100, max_iter=50_000, **kernel).fit(rows, member)


def fit_forest(rows: Floats, truth: Labels, classes: int, trees: int, seed: int) -> ForestScorer:
    """A random forest with classes weighing alike, flattened into one table of nodes."""
    from sklearn.tree import DecisionTreeClassifier

    # Tree by tree what RandomForestClassifier does, without its dispatch to workers, which costs more than such small trees.
    single = np.ascontiguousarray(rows, dtype=np.float32)
    balance = len(truth) / (classes * np.bincount(truth, minlength=classes)[truth])
    dice = np.random.RandomState(seed)
    grown = []
    for _ in range(trees):
        own = int(dice.randint(np.iinfo(np.int32).max))
        drawn = np.random.RandomState(own).randint(0, len(truth), len(truth), dtype=np.int32)
        weight = balance * np.bincount(drawn, minlength=len(truth))
        tree = DecisionTreeClassifier(max_features="sqrt", random_state=own)
        grown.append(tree.fit(single, truth, sample_weight=weight, check_input=True).tree_)
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
    with threadpool_limits(limits=1, user_api="openmp"):
        boosted = HistGradientBoostingClassifier(
            max_iter=rounds,
            learning_rate=0.2,
            max_leaf_nodes=6,
            min_samples_leaf=max(2, min(5, int(np.bincount(truth).min()) // 2)),
            l2_regularization=1.0,
            max_bins=64,
            early_stopping=False,
            class_weight="balanced",
            random_state=seed,
        ).fit(rows, truth)
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
            tables["threshold"].append(nodes["num_threshold"])
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
