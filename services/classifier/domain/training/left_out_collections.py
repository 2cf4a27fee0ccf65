"""Each seizure or collection kept from the model in turn: what the model then says of it, as of the next one that comes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from services.classifier.domain.calibration import wilson
from services.classifier.domain.model import joint_scores
from services.classifier.domain.training.selection import Selection, fit_members
from services.classifier.domain.training.task import Task

#: Of more collections so many are drawn, since each is a model of its own.
MOST = 40
#: What leaving them out costs, in units of progress.
TICKS = 1.0


def leave_collections_out(task: Task, selection: Selection, tick: Callable[[float], None]) -> dict[str, Any]:
    """The `accuracy` over the authentics of each left-out collection with its 95 % interval; `collections` left out `of` so many.

    What was chosen stays as it is, and is fitted anew without the collection. A collection that holds all but one of a class's
    authentics is not left out, for without it there is no class. `missed` names those of which most were taken for another class.
    """
    groups = np.array(task.groups)
    names = [name for name in sorted(set(task.groups)) if _leaves_all_classes(task, groups != name)]
    order = np.random.default_rng(task.seed).permutation(len(names))[:MOST]
    hits, count, missed = 0, 0, []
    for place in sorted(order.tolist()):
        inside, outside = np.flatnonzero(groups != names[place]), np.flatnonzero(groups == names[place])
        members = fit_members(selection, selection.chosen, task.part(inside))
        raw = task.raw[outside]
        scores = [each.scorer.scores(each.pretreatment.apply(raw)) for each in members]
        joint = joint_scores(scores, [each.sharpness for each in members], [each.votes for each in members])
        right = int((joint.argmax(axis=1) == task.truth[outside]).sum())
        hits, count = hits + right, count + len(outside)
        if 2 * right < len(outside):
            missed.append(names[place])
        tick(TICKS / len(order))
    if not count:
        return {}
    low, high = wilson(hits, count)
    told = {"accuracy": hits / count, "low": low, "high": high, "authentics": count}
    return {**told, "collections": len(order), "of": len(set(task.groups)), "missed": missed}


def _leaves_all_classes(task: Task, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> bool:
    return bool((np.bincount(task.truth[kept], minlength=task.classes) >= 2).all())
