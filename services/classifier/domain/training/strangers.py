"""Each class kept from the model in turn: how many of its authentics would then be called Unknown."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from services.classifier.domain.calibration import softmax, wilson
from services.classifier.domain.decision import decide
from services.classifier.domain.model import combined, joint_scores
from services.classifier.domain.programme import UNKNOWN
from services.classifier.domain.training.novelty_space import fit_space
from services.classifier.domain.training.select import select_again
from services.classifier.domain.training.selection import Selection, fit_members
from services.classifier.domain.training.task import Task


def leave_classes_out(
    task: Task, selection: Selection, names: Sequence[str], alpha: float, tick: Callable[[float], None]
) -> dict[str, dict[str, Any]]:
    """For each class the share `detected` of its `n` authentics by a model of the other classes, with its 95 % interval.

    The configurations stay those of the whole choice; everything is fitted and calibrated anew without the class. Empty for two
    classes. A class that lies inside others cannot be told from them, so the shares are never put into one figure.
    """
    if task.classes < 3:
        return {}
    found = {}
    for c, name in enumerate(names):
        tick(2.0)
        rest, absent = np.flatnonzero(task.truth != c), np.flatnonzero(task.truth == c)
        known = task.part(rest)
        known = replace(known, truth=known.truth - (known.truth > c), classes=task.classes - 1)
        own = select_again(known, selection)
        others = [other for other in names if other != name]
        raw = task.raw[absent]
        members = fit_members(own, own.chosen, known)
        scores = [each.scorer.scores(each.pretreatment.apply(raw)) for each in members]
        joint = joint_scores(scores, [each.sharpness for each in members], [each.votes for each in members])
        chances = softmax(joint, own.sharpness[own.chosen])
        space, conformal = fit_space(own, known), own.conformal(own.chosen, known)
        rows = space.pretreatment.apply(raw)
        views = zip(space.distances, known.views, strict=True)
        each = [np.stack([own_view.p_values(row) for row in rows[:, columns]]) for own_view, columns in views]
        class_p = space.usual.p_values(combined(np.stack(each)))
        unknown = sum(
            decide(others, chance, conformal, p, alpha).conclusion == UNKNOWN
            for chance, p in zip(chances, class_p, strict=True)
        )
        low, high = wilson(unknown, len(absent))
        found[name] = {"n": len(absent), "detected": unknown / len(absent), "low": low, "high": high}
    return found
