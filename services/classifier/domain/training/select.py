"""The whole choice on one set of authentics: pre-treatment, setting and candidate, by folds within that set alone.

Training makes this choice once on the whole library, and once more in the training part of every outer fold, so that the reported
figures are those of the procedure with its choices, never those of the best of many.
"""

from collections.abc import Callable, Sequence

import numpy as np

from services.classifier.domain.run import Floats
from services.classifier.domain.training.candidates import SCOUTS, Candidate, Setting, candidates_for
from services.classifier.domain.training.ensemble import elect
from services.classifier.domain.training.inner_folds import InnerFolds, calibrated, cut_inner_folds
from services.classifier.domain.training.novelty_space import views_out_of_fold
from services.classifier.domain.training.pretreatments import different_for_trees, pretreatments_for
from services.classifier.domain.training.selection import Configuration, Selection, Votes, joint_out_of_fold
from services.classifier.domain.training.task import Steps, Task

ENSEMBLE = "ensemble"
# Of candidates whose mean losses differ by less than so many standard errors the simplest is taken (Breiman et al., 1984).
_ALIKE = 1.0
_TINY = 1e-12

Tick = Callable[[float], None]


def ticks_of(task: Task) -> float:
    """How many units of progress one choice takes."""
    return float(len(_offered(task)) + 1)


def _offered(task: Task) -> tuple[Candidate, ...]:
    return candidates_for(len(task.truth), task.raw.shape[1], task.classes, task.library)


def select(task: Task, tick: Tick) -> Selection:
    """Choose by inner folds; `tick` is called with 1 after each candidate."""
    folds = cut_inner_folds(task)
    offered = _offered(task)
    options = pretreatments_for(task.raw, task.analytes, task.steps)
    found: dict[str, tuple[Configuration, Floats, float, Floats]] = {}
    ranked = options
    for candidate in sorted(offered, key=lambda each: each.name not in SCOUTS):
        if candidate.name not in SCOUTS:
            ranked = tuple(s for s in options if s in {found[name][0].steps for name in SCOUTS})
        tried = different_for_trees(ranked) if candidate.trees else ranked
        found[candidate.name] = _best_of(candidate, folds, tried)
        tick(1.0)
    names = [each.name for each in offered]
    best = {name: found[name][0] for name in names}
    scores = {name: found[name][1] for name in names}
    sharpness = {name: found[name][2] for name in names}
    losses = {name: found[name][3] for name in names}
    votes: dict[str, Votes] = {name: {name: 1} for name in names}
    votes[ENSEMBLE] = elect(scores, sharpness, task.truth)
    joint = joint_out_of_fold(scores, sharpness, votes[ENSEMBLE])
    sharpness[ENSEMBLE], losses[ENSEMBLE] = calibrated(joint, task.truth)
    # Not the one that separates the known classes best: what tells them apart may hide a stranger.
    views = views_out_of_fold(folds, options[0])
    tick(1.0)
    return Selection(
        best,
        scores,
        sharpness,
        losses,
        votes,
        choose(losses),
        options[0],
        *views,
        folds.together,
        folds.loose,
    )


def select_again(task: Task, before: Selection) -> Selection:
    """What was chosen before, with its scores and calibrations out of fold on other authentics; nothing is compared anew."""
    folds = cut_inner_folds(task)
    own = before.votes[before.chosen]
    best = {name: before.best[name] for name in own}
    scores: dict[str, Floats] = {}
    sharpness: dict[str, float] = {}
    losses: dict[str, Floats] = {}
    for name in own:
        repeats = min(folds.repeats, len(before.scores[name]))
        scores[name] = folds.scores(best[name].setting, best[name].steps, repeats)
        sharpness[name], losses[name] = calibrated(scores[name], task.truth)
    if before.chosen not in sharpness:
        joint = joint_out_of_fold(scores, sharpness, own)
        sharpness[before.chosen], losses[before.chosen] = calibrated(joint, task.truth)
    return Selection(
        best,
        scores,
        sharpness,
        losses,
        {name: {name: 1} for name in own} | {before.chosen: own},
        before.chosen,
        before.space,
        *views_out_of_fold(folds, before.space),
        folds.together,
        folds.loose,
    )


def _best_of(
    candidate: Candidate, folds: InnerFolds, options: Sequence[Steps]
) -> tuple[Configuration, Floats, float, Floats]:
    """First the pre-treatment under the first setting, then the setting under that pre-treatment; of equals the first."""
    truth = folds.task.truth
    tried: list[tuple[float, Configuration, Floats, float, Floats]] = []

    def attempt(setting: Setting, steps: Steps) -> None:
        scores = folds.scores(setting, steps, 1 if candidate.trees else folds.repeats)
        sharp, losses = calibrated(scores, truth)
        tried.append(
            (float(losses.mean()), Configuration(candidate.name, setting, steps), scores, sharp, losses)
        )

    for steps in options:
        attempt(candidate.settings[0], steps)
    steps = min(tried, key=lambda each: each[0])[1].steps
    for setting in candidate.settings[1:]:
        attempt(setting, steps)
    _, configuration, scores, sharp, losses = min(tried, key=lambda each: each[0])
    return configuration, scores, sharp, losses


def choose(losses: dict[str, Floats]) -> str:
    """The simplest candidate that is as good as the best by the logarithmic score of its calibrated probabilities.

    As good: its mean loss is greater by less than the standard error of the paired differences. Candidates come from
    simple to flexible, the ensemble last. The score is proper, so that neither bold nor timid probabilities win.
    """
    best = min(losses.values(), key=lambda each: float(each.mean()))
    for name, own in losses.items():
        excess = own - best
        if excess.mean() <= _ALIKE * excess.std() / np.sqrt(len(own)) + _TINY:
            return name
    raise AssertionError("the best candidate is as good as itself")
