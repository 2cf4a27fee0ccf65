"""A trained model: for each determination the arrays and numbers that turn values into an opinion. Data only, never code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Conformal, softmax
from services.classifier.domain.novelty import ClassDistance, UsualFit
from services.classifier.domain.pretreatment import Pretreatment
from services.classifier.domain.programme import Programme
from services.classifier.domain.run import Floats
from services.classifier.domain.scorers import LinearScorer, Scorer
from services.classifier.domain.seen import SeenRange

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class View:
    """A part of the data that is judged by itself: everything (`module` None) or one module's `columns`.

    `scorer` and `sharpness` give what this module alone says; None for the view of everything, which the chosen candidate judges.
    `accuracy` is how often the module alone was right on unseen authentics.
    """

    module: str | None
    columns: NDArray[np.int64]
    distance: ClassDistance
    scorer: LinearScorer | None = None
    sharpness: float = 1.0
    accuracy: float = 0.0


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The library as the model sees it, for nearest authentics and the score plot.

    `whitener` (p, p) makes distances of rows comparable; `axes` (p, 2) are the plot's directions, `points` (n, 2) its points.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    white: Floats
    whitener: Floats
    axes: Floats
    points: Floats


def combined(p_values: Floats) -> Floats:
    """The least of p-values (views, ...) times their number (Bonferroni), at most 1."""
    return np.minimum(1.0, len(p_values) * p_values.min(axis=0))


@dataclass(frozen=True, slots=True)
class Member:
    """One trained classifier with the pre-treatment that was chosen with it.

    `sharpness` calibrates it against the other members of an ensemble, in which it has `votes`; alone they have no effect.
    """

    candidate: str
    setting: str
    pretreatment: Pretreatment
    scorer: Scorer
    sharpness: float = 1.0
    votes: int = 1


def log_probabilities(scores: Floats, sharpness: float) -> Floats:
    """Logarithms of calibrated probabilities (n, classes), none of them without bound."""
    return np.log(softmax(scores, sharpness) + _TINY)


def joint_scores(scores: Sequence[Floats], sharpness: Sequence[float], votes: Sequence[int]) -> Floats:
    """Scores (n, classes) of one classifier as they are; of several the mean of their log-probabilities over all votes."""
    if len(scores) == 1:
        return scores[0]
    parts = [
        count * log_probabilities(own, sharp)
        for own, sharp, count in zip(scores, sharpness, votes, strict=True)
    ]
    return np.asarray(np.sum(parts, axis=0) / sum(votes))


@dataclass(frozen=True, slots=True)
class DeterminationModel:
    """Everything that answers one determination. `classes` are leaves of the programme's tree, in the order of all arrays.

    `members` give the probabilities, each from its own pre-treatment; `pretreatment` is that of distances and neighbours. `seen`
    holds what the library showed of analytes that are not used; models of old know nothing of that.
    """

    name: str
    classes: tuple[str, ...]
    analytes: tuple[str, ...]
    pretreatment: Pretreatment
    candidate: str
    members: tuple[Member, ...]
    sharpness: float
    conformal: Conformal
    views: tuple[View, ...]
    neighbourhood: Neighbourhood
    left_out: tuple[str, ...] = ()
    usual: UsualFit = UsualFit(np.zeros(0))  # noqa: RUF009 - nothing can change it
    seen: tuple[SeenRange, ...] = ()

    @property
    def setting(self) -> str:
        """The chosen settings in words."""
        if len(self.members) == 1:
            return self.members[0].setting
        total = sum(each.votes for each in self.members)
        return "; ".join(
            f"{each.candidate} ({each.votes} of {total} votes): {each.setting}" for each in self.members
        )

    def prepared(self, raw: Floats) -> tuple[Floats, ...]:
        """Raw rows (n, p) as each member sees them."""
        return tuple(each.pretreatment.apply(raw) for each in self.members)

    def probabilities(self, prepared: Sequence[Floats]) -> Floats:
        """Calibrated probabilities (n, classes) of rows as `prepared` gives them."""
        scores = [each.scorer.scores(rows) for each, rows in zip(self.members, prepared, strict=True)]
        sharpness, votes = [each.sharpness for each in self.members], [each.votes for each in self.members]
        return softmax(joint_scores(scores, sharpness, votes), self.sharpness)

    def class_p_values(self, row: Floats, views: tuple[View, ...]) -> Floats:
        """For each class the least p-value over these views, set against the usual fit of authentics.

        Below alpha for each class that one of the views alone excludes, by its own p-value below alpha over their number.
        """
        each = np.stack([view.distance.p_values(row[view.columns]) for view in views])
        return self.usual.p_values(combined(each))


@dataclass(frozen=True, slots=True)
class Model:
    """A model of one version of a programme, trained on one snapshot of the library."""

    programme: Programme
    snapshot: str
    seed: int
    determinations: tuple[DeterminationModel, ...]
    validation: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)
    not_trained: Mapping[str, str] = field(default_factory=dict)
