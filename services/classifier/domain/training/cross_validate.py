"""Nested cross-validation, grouped by collection: every figure comes from authentics that the fitted model had not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Labels
from services.classifier.domain.novelty import fit_distance
from services.classifier.domain.pretreatment import fit_pretreatment
from services.classifier.domain.programme import Analyte
from services.classifier.domain.run import Floats
from services.classifier.domain.training.candidates import Candidate, Setting, fit_lda
from services.classifier.domain.training.folds import assign_folds, number_of_folds, usable_groups

OUTER_FOLDS = 5
INNER_FOLDS = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One determination's part of the library: raw values (n, p), classes (n,) as numbers, and groups (n,)."""

    raw: Floats
    truth: Labels
    groups: tuple[str, ...]
    analytes: tuple[Analyte, ...]
    classes: int
    steps: tuple[str, ...] | None
    views: tuple[NDArray[np.int64], ...]
    seed: int


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What each fold's models say of the authentics left out.

    `scores` (n, classes) of each candidate; `distances` (n, classes) and `module_scores` (n, classes) of each view; `fold` (n,);
    `groups` (n,) what was kept together, and `loose` the classes whose authentics could not be kept together by group.
    """

    scores: dict[str, Floats]
    distances: tuple[Floats, ...]
    module_scores: tuple[Floats, ...]
    fold: NDArray[np.int64]
    groups: tuple[str, ...]
    loose: tuple[int, ...]


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


def cross_validate(
    task: Task, candidates: Sequence[Candidate], progress: Callable[[float], None]
) -> OutOfFold:
    """Run the outer folds; in each, the free parameters of every candidate are chosen by inner folds of the training part."""
    fold, together, loose = make_folds(task.groups, task.truth, OUTER_FOLDS, task.seed)
    shape = (len(task.truth), task.classes)
    scores = {candidate.name: np.zeros(shape) for candidate in candidates}
    distances = tuple(np.zeros(shape) for _ in task.views)
    module_scores = tuple(np.zeros(shape) for _ in task.views)
    folds = np.unique(fold)
    for done, f in enumerate(folds):
        inside, outside = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        pretreatment = fit_pretreatment(task.raw[inside], task.analytes, task.steps)
        known, unseen = pretreatment.apply(task.raw[inside]), pretreatment.apply(task.raw[outside])
        truth = task.truth[inside]
        for place, columns in enumerate(task.views):
            distance = fit_distance(known[:, columns], truth, task.classes)
            distances[place][outside] = np.stack([distance.distances(row) for row in unseen[:, columns]])
            lda = fit_lda(known[:, columns], truth, task.classes)
            module_scores[place][outside] = lda.scores(unseen[:, columns])
        groups = [task.groups[i] for i in inside]
        for candidate in candidates:
            setting = choose_setting(candidate, known, truth, groups, task.classes, task.seed)
            scorer = setting.fit(known, truth, task.classes, task.seed)
            scores[candidate.name][outside] = scorer.scores(unseen)
        progress((done + 1) / len(folds))
    return OutOfFold(scores, distances, module_scores, fold, together, loose)


def choose_setting(
    candidate: Candidate, rows: Floats, truth: Labels, groups: Sequence[str], classes: int, seed: int
) -> Setting:
    """The setting that is right most often in inner folds; of equals the first."""
    if len(candidate.settings) == 1:
        return candidate.settings[0]
    fold, _, _ = make_folds(groups, truth, INNER_FOLDS, seed + 1)
    right = np.zeros(len(candidate.settings))
    for f in np.unique(fold):
        inside, outside = fold != f, fold == f
        for place, setting in enumerate(candidate.settings):
            scorer = setting.fit(rows[inside], truth[inside], classes, seed)
            right[place] += (scorer.scores(rows[outside]).argmax(axis=1) == truth[outside]).sum()
    return candidate.settings[int(right.argmax())]
