"""Folds in which no collection stands on both sides."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Labels

LEAST_GROUPS = 3


def usable_groups(groups: Sequence[str], truth: Labels) -> tuple[list[str], tuple[int, ...]]:
    """Groups to fold by, and the classes whose authentics come from too few groups to fold by them.

    Authentics of such a class count one by one: leaving its only collection out would leave the class out.
    """
    loose = tuple(
        int(c)
        for c in np.unique(truth)
        if len({groups[i] for i in np.flatnonzero(truth == c).tolist()}) < LEAST_GROUPS
    )
    return [f"row {i}" if truth[i] in loose else groups[i] for i in range(len(groups))], loose


def assign_folds(groups: Sequence[str], truth: Labels, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row: whole groups, the largest first, each to the fold where its classes are fewest."""
    classes = int(truth.max()) + 1
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    names = sorted(members)
    dice = np.random.default_rng(seed)
    order = sorted(dice.permutation(len(names)).tolist(), key=lambda at: -len(members[names[at]]))
    totals = np.bincount(truth, minlength=classes).astype(float)
    held = np.zeros((folds, classes))
    fold = np.zeros(len(truth), np.int64)
    for at in order:
        rows = members[names[at]]
        counts = np.bincount(truth[rows], minlength=classes) / np.maximum(totals, 1.0)
        cost = [
            ((held[f] + counts) ** 2).sum() - (held[f] ** 2).sum() + 1e-9 * held[f].sum()
            for f in range(folds)
        ]
        chosen = int(np.argmin(cost))
        held[chosen] += counts
        fold[rows] = chosen
    return fold


def number_of_folds(groups: Sequence[str], truth: Labels, wish: int) -> int:
    """As many folds as wished, and no more than the class with the fewest groups has."""
    fewest = min(len({groups[i] for i in np.flatnonzero(truth == c).tolist()}) for c in np.unique(truth))
    return max(2, min(wish, fewest))


def make_folds(
    groups: Sequence[str], truth: Labels, wish: int, seed: int
) -> tuple[NDArray[np.int64], tuple[str, ...], tuple[int, ...]]:
    """Folds such that each class keeps at least two members in every training part; what was kept together; the loose classes."""
    usable, loose = usable_groups(groups, truth)
    fold = assign_folds(usable, truth, number_of_folds(usable, truth, wish), seed)
    classes = int(truth.max()) + 1
    for f in np.unique(fold):
        if np.bincount(truth[fold != f], minlength=classes).min() < 2:
            rows = [f"row {i}" for i in range(len(truth))]
            fold = assign_folds(rows, truth, number_of_folds(rows, truth, wish), seed)
            return fold, tuple(rows), tuple(range(classes))
    return fold, tuple(usable), loose
