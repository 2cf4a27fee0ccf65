"""The novelty test of a choice: distances to each class in one pre-treatment, and the usual fit of authentics."""

from dataclasses import dataclass

import numpy as np

from services.classifier.domain.model import combined
from services.classifier.domain.novelty import (
    ClassDistance,
    UsualFit,
    fit_distance,
    unseen_p_values,
    usual_fit,
)
from services.classifier.domain.pretreatment import Pretreatment, fit_pretreatment
from services.classifier.domain.run import Floats
from services.classifier.domain.training.candidates import fit_lda
from services.classifier.domain.training.inner_folds import InnerFolds
from services.classifier.domain.training.selection import Selection
from services.classifier.domain.training.task import Steps, Task


def views_out_of_fold(
    folds: InnerFolds, space: Steps
) -> tuple[tuple[Floats, ...], tuple[Floats, ...], tuple[Floats, ...]]:
    """Both distances and each module's scores out of fold, the mean over the repeats."""
    task = folds.task
    shape = (len(task.truth), task.classes)
    distances = tuple(np.zeros(shape) for _ in task.views)
    near = tuple(np.zeros(shape) for _ in task.views)
    module_scores = tuple(np.zeros(shape) for _ in task.views)
    for number, (_, inside, outside) in enumerate(folds.cuts):
        known, unseen = folds.rows(number, space)
        truth = task.truth[inside]
        for place, columns in enumerate(task.views):
            distance = fit_distance(known[:, columns], truth, task.classes)
            lda = fit_lda(known[:, columns], truth, task.classes)
            distances[place][outside] += distance.all_distances(unseen[:, columns]) / folds.repeats
            assert distance.near is not None
            near[place][outside] += distance.near.all_distances(unseen[:, columns]) / folds.repeats
            module_scores[place][outside] += lda.scores(unseen[:, columns]) / folds.repeats
    return distances, near, module_scores


@dataclass(frozen=True, slots=True)
class Space:
    """The pre-treatment of distances and modules, the calibrated distance of each view, and the usual fit of authentics."""

    pretreatment: Pretreatment
    distances: tuple[ClassDistance, ...]
    usual: UsualFit


def fit_space(selection: Selection, task: Task) -> Space:
    """Fit the novelty test on all authentics of the task; its p-values come from the distances out of fold."""
    pretreatment = fit_pretreatment(task.raw, task.analytes, selection.space)
    rows = pretreatment.apply(task.raw)
    distances = tuple(
        fit_distance(rows[:, columns], task.truth, task.classes).calibrated(
            selection.distances[place], selection.near[place], task.truth, selection.together
        )
        for place, columns in enumerate(task.views)
    )
    each = np.stack(
        [
            unseen_p_values(
                own, selection.distances[place], selection.near[place], task.truth, selection.together
            )
            for place, own in enumerate(distances)
        ]
    )
    class_p = combined(each)
    probabilities = selection.probabilities(selection.chosen)
    conformal = selection.conformal(selection.chosen, task)
    fits = [
        float(p[conformal.members(chance)].max()) for p, chance in zip(class_p, probabilities, strict=True)
    ]
    return Space(pretreatment, distances, usual_fit(np.array(fits)))
