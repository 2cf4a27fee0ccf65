"""Nested cross-validation, grouped by collection: every figure comes from authentics that no choice and no fit had seen."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import softmax
from services.classifier.domain.decision import Verdict, decide
from services.classifier.domain.model import combined, joint_scores
from services.classifier.domain.run import Floats
from services.classifier.domain.training.folds import make_folds
from services.classifier.domain.training.novelty_space import fit_space
from services.classifier.domain.training.select import select
from services.classifier.domain.training.selection import Selection, fit_members
from services.classifier.domain.training.task import Task

OUTER_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """One round of outer folds: what models that never saw an authentic say of it.

    `candidates` probabilities (n, classes) of each candidate, `whole` those of the one that each fold's own choice took;
    `verdicts` as the product would give them; `chosen` the choice of each fold.
    """

    candidates: dict[str, Floats]
    whole: Floats
    class_p: Floats
    verdicts: tuple[Verdict, ...]
    chosen: tuple[str, ...]
    loose: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Fold:
    outside: NDArray[np.int64]
    candidates: dict[str, Floats]
    chosen: str
    class_p: Floats
    verdicts: list[Verdict]


def rounds_of(rows: int) -> int:
    """How often the outer folds are cut anew: more often where one cut depends on luck."""
    return 2 if rows <= 60 else 1


def choose_and_judge(
    task: Task, names: tuple[str, ...], alpha: float, tick: Callable[[float], None]
) -> tuple[Selection, list[Judged]]:
    """The choice on all authentics, and rounds of outer folds in which the same procedure is judged.

    One after the other: most fits are too small for threads, which only wait for each other's interpreter lock.
    """
    cuts, loose = [], []
    for number in range(rounds_of(len(task.truth))):
        fold, _, own = make_folds(task.groups, task.truth, OUTER_FOLDS, task.seed + 104_729 * number)
        loose.append(own)
        cuts += [(number, np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in np.unique(fold)]
    selection = select(task, tick)
    done = [(number, _judge(task, inside, outside, names, alpha, tick)) for number, inside, outside in cuts]
    rounds = [
        _joined(task, [fold for own, fold in done if own == number], loose[number])
        for number in range(len(loose))
    ]
    return selection, rounds


def _judge(
    task: Task,
    inside: NDArray[np.int64],
    outside: NDArray[np.int64],
    names: tuple[str, ...],
    alpha: float,
    tick: Callable[[float], None],
) -> _Fold:
    """Choose and fit on `inside`, judge `outside`."""
    known = task.part(inside)
    selection = select(known, tick)
    raw = task.raw[outside]
    scores = {}
    for name in selection.best:
        (member,) = fit_members(selection, name, known)
        scores[name] = member.scorer.scores(member.pretreatment.apply(raw))
    candidates = {}
    for name, votes in selection.votes.items():
        own = [selection.sharpness[each] for each in votes]
        joint = joint_scores([scores[each] for each in votes], own, list(votes.values()))
        candidates[name] = softmax(joint, selection.sharpness[name])
    class_p = _class_p(known, selection, raw)
    conformal = selection.conformal(selection.chosen, known)
    verdicts = [
        decide(names, row, conformal, p, alpha)
        for row, p in zip(candidates[selection.chosen], class_p, strict=True)
    ]
    tick(1.0)
    return _Fold(outside, candidates, selection.chosen, class_p, verdicts)


def _class_p(known: Task, selection: Selection, raw: Floats) -> Floats:
    """For each unseen authentic and class the combined p-value (n, classes), as the product combines it."""
    space = fit_space(selection, known)
    unseen = space.pretreatment.apply(raw)
    each = [
        np.stack([own.p_values(row) for row in unseen[:, columns]])
        for own, columns in zip(space.distances, known.views, strict=True)
    ]
    return space.usual.p_values(combined(np.stack(each)))


def _joined(task: Task, folds: list[_Fold], loose: tuple[int, ...]) -> Judged:
    count = len(task.truth)
    candidates = {name: np.zeros((count, task.classes)) for name in folds[0].candidates}
    whole, class_p = np.zeros((count, task.classes)), np.zeros((count, task.classes))
    verdicts: dict[int, Verdict] = {}
    for fold in folds:
        for name, rows in fold.candidates.items():
            candidates[name][fold.outside] = rows
        whole[fold.outside], class_p[fold.outside] = fold.candidates[fold.chosen], fold.class_p
        verdicts.update(zip(fold.outside.tolist(), fold.verdicts, strict=True))
    ordered = tuple(verdicts[i] for i in range(count))
    return Judged(candidates, whole, class_p, ordered, tuple(fold.chosen for fold in folds), loose)
