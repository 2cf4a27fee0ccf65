"""What the choice on one set of authentics found, and the classifiers that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.calibration import Conformal, fit_conformal, softmax
from services.classifier.domain.model import Member, joint_scores
from services.classifier.domain.pretreatment import fit_pretreatment
from services.classifier.domain.run import Floats
from services.classifier.domain.training.candidates import Setting
from services.classifier.domain.training.task import Steps, Task

# Of each candidate how many votes it has; a single candidate has the only one.
Votes = Mapping[str, int]


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
    logarithmic loss of each candidate; `votes` those of the single candidates behind `chosen`. `space` is the pre-treatment of
    distances and modules; `distances`, `near` and `module_scores` (n, classes) are theirs, one a view. `together`: what was kept
    together.
    """

    best: dict[str, Configuration]
    scores: dict[str, Floats]
    sharpness: dict[str, float]
    losses: dict[str, Floats]
    votes: dict[str, Votes]
    chosen: str
    space: Steps
    distances: tuple[Floats, ...]
    near: tuple[Floats, ...]
    module_scores: tuple[Floats, ...]
    together: tuple[str, ...]
    loose: tuple[int, ...]

    def probabilities(self, name: str) -> Floats:
        """Calibrated probabilities (n, classes) out of fold, the mean over the repeats."""
        joint = joint_out_of_fold(self.scores, self.sharpness, self.votes[name])
        return np.asarray(np.mean([softmax(each, self.sharpness[name]) for each in joint], axis=0))

    def conformal(self, name: str, task: Task) -> Conformal:
        """Prediction sets, calibrated out of fold."""
        return fit_conformal(self.probabilities(name), task.truth, task.classes, task.coverage)


def joint_out_of_fold(scores: Mapping[str, Floats], sharpness: Mapping[str, float], votes: Votes) -> Floats:
    """Scores (repeats, n, classes) out of fold of a candidate or of an ensemble, of the repeats that all of it have."""
    repeats = min(len(scores[each]) for each in votes)
    return np.stack(
        [
            joint_scores(
                [scores[each][r] for each in votes], [sharpness[each] for each in votes], list(votes.values())
            )
            for r in range(repeats)
        ]
    )


def fit_members(selection: Selection, name: str, task: Task) -> tuple[Member, ...]:
    """The classifiers behind a candidate or the ensemble, fitted on all authentics of the task."""
    found = []
    for each, votes in selection.votes[name].items():
        own = selection.best[each]
        pretreatment = fit_pretreatment(task.raw, task.analytes, own.steps)
        scorer = own.setting.fit(pretreatment.apply(task.raw), task.truth, task.classes, task.seed)
        found.append(Member(each, own.setting.text, pretreatment, scorer, selection.sharpness[each], votes))
    return tuple(found)
