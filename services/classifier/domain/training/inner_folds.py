"""Scores of authentics that a fit had not seen, by folds within the authentics of one task."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Labels, fit_sharpness, softmax
from services.classifier.domain.pretreatment import fit_pretreatment
from services.classifier.domain.run import Floats
from services.classifier.domain.training.candidates import Setting
from services.classifier.domain.training.folds import make_folds
from services.classifier.domain.training.task import Steps, Task

_TINY = 1e-12


@dataclass(slots=True)
class InnerFolds:
    """Inner folds with every pre-treatment fitted in each; scores are made when they are asked for.

    `together`: what they keep together; `loose`: the classes that could not be kept together by group.
    """

    task: Task
    cuts: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]
    repeats: int
    together: tuple[str, ...]
    loose: tuple[int, ...]
    ready: dict[tuple[int, Steps], tuple[Floats, Floats]] = field(default_factory=dict)

    def rows(self, number: int, steps: Steps) -> tuple[Floats, Floats]:
        """The known and the unseen rows of one fold after a pre-treatment that was fitted on the known."""
        key = (number, steps)
        if key not in self.ready:
            _, inside, outside = self.cuts[number]
            own = fit_pretreatment(self.task.raw[inside], self.task.analytes, steps)
            self.ready[key] = own.apply(self.task.raw[inside]), own.apply(self.task.raw[outside])
        return self.ready[key]

    def scores(self, setting: Setting, steps: Steps, repeats: int) -> Floats:
        """Scores (repeats, n, classes) out of fold, of the first so many repeats."""
        task = self.task
        result = np.zeros((repeats, len(task.truth), task.classes))
        for number, (repeat, inside, outside) in enumerate(self.cuts):
            if repeat >= repeats:
                break
            known, unseen = self.rows(number, steps)
            scorer = setting.fit(known, task.truth[inside], task.classes, task.seed)
            result[repeat, outside] = scorer.scores(unseen)
        return result


def inner_folds(rows: int) -> tuple[int, int]:
    """Folds and repeats of the choice: more where the library is small and a fold tells little."""
    if rows <= 150:
        return 5, 2 if rows <= 60 else 1
    return 4 if rows <= 1000 else 3, 1


def cut_inner_folds(task: Task) -> InnerFolds:
    """The inner folds of a task."""
    wish, repeats = inner_folds(len(task.truth))
    cuts = []
    together: tuple[str, ...] = ()
    loose: tuple[int, ...] = ()
    for repeat in range(repeats):
        fold, together, loose = make_folds(task.groups, task.truth, wish, task.seed + 1 + 7919 * repeat)
        cuts += [(repeat, np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in np.unique(fold)]
    return InnerFolds(task, cuts, repeats, together, loose)


def calibrated(scores: Floats, truth: Labels) -> tuple[float, Floats]:
    """The sharpness that suits scores (repeats, n, classes), and the logarithmic loss (n,) of each authentic."""
    repeats = len(scores)
    sharp = fit_sharpness(scores.reshape(-1, scores.shape[2]), np.tile(truth, repeats))
    rows = np.arange(len(truth))
    losses = [-np.log(softmax(each, sharp)[rows, truth] + _TINY) for each in scores]
    return sharp, np.asarray(np.mean(losses, axis=0))
