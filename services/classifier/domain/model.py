"""A trained model: for each determination the arrays and numbers that turn values into an opinion. Data only, never code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Conformal, softmax
from services.classifier.domain.novelty import ClassDistance
from services.classifier.domain.pretreatment import Pretreatment
from services.classifier.domain.programme import Programme
from services.classifier.domain.run import Floats
from services.classifier.domain.scorers import LinearScorer, Scorer


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


@dataclass(frozen=True, slots=True)
class DeterminationModel:
    """Everything that answers one determination. `classes` are leaves of the programme's tree, in the order of all arrays."""

    name: str
    classes: tuple[str, ...]
    analytes: tuple[str, ...]
    pretreatment: Pretreatment
    candidate: str
    setting: str
    scorer: Scorer
    sharpness: float
    conformal: Conformal
    views: tuple[View, ...]
    neighbourhood: Neighbourhood
    left_out: tuple[str, ...] = ()

    def probabilities(self, rows: Floats) -> Floats:
        """Calibrated probabilities (n, classes) of complete pre-treated rows."""
        return softmax(self.scorer.scores(rows), self.sharpness)

    def class_p_values(self, row: Floats, views: tuple[View, ...]) -> Floats:
        """For each class the least p-value over these views, times their number (Bonferroni), at most 1."""
        each = np.stack([view.distance.p_values(row[view.columns]) for view in views])
        return np.minimum(1.0, len(views) * each.min(axis=0))


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
