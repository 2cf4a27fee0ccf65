"""The whole choice on one set of authentics: pre-treatment, setting and candidate, by folds within that set alone.

Training makes this choice once on the whole library, and once more in the training part of every outer fold, so that the reported
figures are those of the procedure with its choices, never those of the best of many.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import (
    Conformal,
    Labels,
    fit_conformal,
    fit_sharpness,
    softmax,
)
from services.classifier.domain.model import Member, combined, joint_scores
from services.classifier.domain.novelty import (
    ClassDistance,
    UsualFit,
    fit_distance,
    unseen_p_values,
    usual_fit,
)
from services.classifier.domain.pretreatment import Pretreatment, fit_pretreatment
from services.classifier.domain.programme import Analyte
from services.classifier.domain.run import Floats
from services.classifier.domain.training.candidates import SCOUTS, Candidate, Setting, candidates_for, fit_lda
from services.classifier.domain.training.folds import make_folds
from services.classifier.domain.training.pretreatments import different_for_trees, pretreatments_for

ENSEMBLE = "ensemble"
_MEMBERS = 3
# Of candidates whose mean losses differ by less than this share of a standard error the simplest is taken.
_ALIKE = 0.5
_TINY = 1e-12

Steps = tuple[str, ...]
Tick = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One determination's part of the library: raw values (n, p), classes (n,) as numbers, and groups (n,)."""

    raw: Floats
    truth: Labels
    groups: tuple[str, ...]
    analytes: tuple[Analyte, ...]
    classes: int
    steps: Steps | None
    views: tuple[NDArray[np.int64], ...]
    seed: int
    coverage: float

    def part(self, places: NDArray[np.int64]) -> "Task":
        """Some of the authentics."""
        return Task(
            self.raw[places],
            self.truth[places],
            tuple(self.groups[i] for i in places),
            self.analytes,
            self.classes,
            self.steps,
            self.views,
            self.seed,
            self.coverage,
        )


@dataclass(frozen=True, slots=True)
class Configuration:
    """A candidate with the setting and the pre-treatment that suit it best."""

    candidate: str
    setting: Setting
    steps: Steps


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen, and what the folds say of the authentics left out of them.

    `best` is the configuration of each single candidate, `scores` (repeats, n, classes) its scores out of fold, `losses` (n,) the
    logarithmic loss of each candidate; `members` the single candidates behind `chosen`. `space` is the pre-treatment of distances
    and modules; `distances`, `near` and `module_scores` (n, classes) are theirs, one a view. `together`: what was kept together.
    """

    best: dict[str, Configuration]
    scores: dict[str, Floats]
    sharpness: dict[str, float]
    losses: dict[str, Floats]
    members: dict[str, tuple[str, ...]]
    chosen: str
    space: Steps
    distances: tuple[Floats, ...]
    near: tuple[Floats, ...]
    module_scores: tuple[Floats, ...]
    together: tuple[str, ...]
    loose: tuple[int, ...]

    def joint(self, name: str) -> Floats:
        """Scores (repeats, n, classes) out of fold of a candidate or of the ensemble."""
        own = self.members[name]
        sharp = [self.sharpness[each] for each in own]
        repeats = min(len(self.scores[each]) for each in own)
        return np.stack([joint_scores([self.scores[each][r] for each in own], sharp) for r in range(repeats)])

    def probabilities(self, name: str) -> Floats:
        """Calibrated probabilities (n, classes) out of fold, the mean over the repeats."""
        scores, sharp = self.joint(name), self.sharpness[name]
        return np.asarray(np.mean([softmax(each, sharp) for each in scores], axis=0))

    def conformal(self, name: str, task: Task) -> Conformal:
        """Prediction sets, calibrated out of fold."""
        return fit_conformal(self.probabilities(name), task.truth, task.classes, task.coverage)


@dataclass(slots=True)
class _Folds:
    """Inner folds with every pre-treatment fitted in each; scores are made when they are asked for."""

    task: Task
    cuts: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]
    repeats: int
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


def ticks_of(task: Task) -> float:
    """How many units of progress one choice takes."""
    return float(len(candidates_for(len(task.truth), task.raw.shape[1], task.classes)) + 1)


def select(task: Task, tick: Tick) -> Selection:
    """Choose by inner folds; `tick` is called with 1 after each candidate."""
    folds, together, loose = _cut(task)
    offered = candidates_for(len(task.truth), task.raw.shape[1], task.classes)
    options = pretreatments_for(task.raw, task.analytes, task.steps)
    best: dict[str, Configuration] = {}
    scores: dict[str, Floats] = {}
    found: dict[str, tuple[float, Floats]] = {}
    ranked = options
    for candidate in sorted(offered, key=lambda each: each.name not in SCOUTS):
        if candidate.name not in SCOUTS:
            ranked = tuple(s for s in options if s in {best[name].steps for name in SCOUTS})
        tried = different_for_trees(ranked) if candidate.trees else ranked
        best[candidate.name], scores[candidate.name], sharp, loss = _best_of(candidate, folds, tried)
        found[candidate.name] = (sharp, loss)
        tick(1.0)
    names = [each.name for each in offered]
    sharpness = {name: found[name][0] for name in names}
    losses = {name: found[name][1] for name in names}
    order = sorted(names, key=lambda name: (float(losses[name].mean()), names.index(name)))
    members = {name: (name,) for name in names} | {ENSEMBLE: tuple(order[:_MEMBERS])}
    # Not the one that separates the known classes best: what tells them apart may hide a stranger.
    space = options[0]
    scores = {name: scores[name] for name in names}
    best = {name: best[name] for name in names}
    draft = Selection(
        best, scores, sharpness, losses, members, "", space, *_views(folds, space), together, loose
    )
    sharpness[ENSEMBLE], losses[ENSEMBLE] = _calibrated(draft.joint(ENSEMBLE), task.truth)
    tick(1.0)
    return Selection(
        best,
        scores,
        sharpness,
        losses,
        members,
        choose(losses),
        space,
        draft.distances,
        draft.near,
        draft.module_scores,
        together,
        loose,
    )


def _cut(task: Task) -> tuple[_Folds, tuple[str, ...], tuple[int, ...]]:
    """The inner folds, what they keep together, and the classes that could not be kept together by group."""
    wish, repeats = inner_folds(len(task.truth))
    cuts = []
    together: tuple[str, ...] = ()
    loose: tuple[int, ...] = ()
    for repeat in range(repeats):
        fold, together, loose = make_folds(task.groups, task.truth, wish, task.seed + 1 + 7919 * repeat)
        cuts += [(repeat, np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in np.unique(fold)]
    return _Folds(task, cuts, repeats), together, loose


def select_again(task: Task, before: Selection) -> Selection:
    """What was chosen before, with its scores and calibrations out of fold on other authentics; nothing is compared anew."""
    folds, together, loose = _cut(task)
    own = before.members[before.chosen]
    best = {name: before.best[name] for name in own}
    scores: dict[str, Floats] = {}
    sharpness: dict[str, float] = {}
    losses: dict[str, Floats] = {}
    for name in own:
        repeats = min(folds.repeats, len(before.scores[name]))
        scores[name] = folds.scores(best[name].setting, best[name].steps, repeats)
        sharpness[name], losses[name] = _calibrated(scores[name], task.truth)
    found = Selection(
        best,
        scores,
        sharpness,
        losses,
        {name: (name,) for name in own} | {before.chosen: own},
        before.chosen,
        before.space,
        *_views(folds, before.space),
        together,
        loose,
    )
    if before.chosen not in sharpness:
        sharpness[before.chosen], losses[before.chosen] = _calibrated(found.joint(before.chosen), task.truth)
    return found


def _best_of(
    candidate: Candidate, folds: _Folds, options: Sequence[Steps]
) -> tuple[Configuration, Floats, float, Floats]:
    """First the pre-treatment under the first setting, then the setting under that pre-treatment; of equals the first."""
    truth = folds.task.truth
    tried: list[tuple[float, Configuration, Floats, float, Floats]] = []

    def attempt(setting: Setting, steps: Steps) -> None:
        scores = folds.scores(setting, steps, 1 if candidate.trees else folds.repeats)
        sharp, losses = _calibrated(scores, truth)
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


def _calibrated(scores: Floats, truth: Labels) -> tuple[float, Floats]:
    """The sharpness that suits scores (repeats, n, classes), and the logarithmic loss (n,) of each authentic."""
    repeats = len(scores)
    sharp = fit_sharpness(scores.reshape(-1, scores.shape[2]), np.tile(truth, repeats))
    rows = np.arange(len(truth))
    losses = [-np.log(softmax(each, sharp)[rows, truth] + _TINY) for each in scores]
    return sharp, np.asarray(np.mean(losses, axis=0))


def choose(losses: dict[str, Floats]) -> str:
    """The simplest candidate that is as good as the best by the logarithmic score of its calibrated probabilities.

    As good: its mean loss is greater by less than a share of the standard error of the paired differences. Candidates come from
    simple to flexible, the ensemble last. The score is proper, so that neither bold nor timid probabilities win.
    """
    best = min(losses.values(), key=lambda each: float(each.mean()))
    for name, own in losses.items():
        excess = own - best
        if excess.mean() <= _ALIKE * excess.std() / np.sqrt(len(own)) + _TINY:
            return name
    raise AssertionError("the best candidate is as good as itself")


def _views(folds: _Folds, space: Steps) -> tuple[tuple[Floats, ...], tuple[Floats, ...], tuple[Floats, ...]]:
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


def fit_members(selection: Selection, name: str, task: Task) -> tuple[Member, ...]:
    """The classifiers behind a candidate or the ensemble, fitted on all authentics of the task."""
    found = []
    for each in selection.members[name]:
        own = selection.best[each]
        pretreatment: Pretreatment = fit_pretreatment(task.raw, task.analytes, own.steps)
        scorer = own.setting.fit(pretreatment.apply(task.raw), task.truth, task.classes, task.seed)
        found.append(Member(each, own.setting.text, pretreatment, scorer, selection.sharpness[each]))
    return tuple(found)


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
        float(p[conformal.members(chance) or [int(chance.argmax())]].max())
        for p, chance in zip(class_p, probabilities, strict=True)
    ]
    return Space(pretreatment, distances, usual_fit(np.array(fits)))
