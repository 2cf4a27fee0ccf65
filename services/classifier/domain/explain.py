"""Why a model says what it says: contributions of the analytes, nearest authentics, the place in the score plot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.model import DeterminationModel
from services.classifier.domain.run import Floats

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one analyte moved the odds of the likeliest class against the next: `log_odds` > 0 speaks for it.

    It is the loss of log-odds when the analyte is given the library's usual value instead.
    """

    analyte: str
    log_odds: float
    value: float | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An authentic of the library; `distance` is in spreads within classes (Mahalanobis)."""

    id: str
    label: str
    distance: float


def contributions(
    model: DeterminationModel, prepared: Sequence[Floats], measured: Floats
) -> tuple[Contribution, ...]:
    """One contribution an analyte, the greatest first, for one sample.

    `prepared` is the sample as the members see it, `measured` its raw values (NaN: not measured).
    """
    columns = len(measured)
    changed = [np.repeat(row, columns + 1, axis=0) for row in prepared]
    for rows, member in zip(changed, model.members, strict=True):
        rows[np.arange(columns), np.arange(columns)] = member.pretreatment.mean
    chance = np.log(model.probabilities(changed) + _TINY)
    first, second = np.argsort(-chance[-1], kind="stable")[:2]
    odds = chance[:, first] - chance[:, second]
    found = [
        Contribution(
            name,
            round(float(odds[-1] - odds[j]), 6),
            None if np.isnan(measured[j]) else float(measured[j]),
        )
        for j, name in enumerate(model.analytes)
    ]
    return tuple(sorted(found, key=lambda each: (-abs(each.log_odds), each.analyte)))


def nearest(model: DeterminationModel, row: Floats, count: int = 5) -> tuple[Neighbour, ...]:
    """The authentics that are nearest to a complete pre-treated row, nearest first."""
    near = model.neighbourhood
    white = (row[:, None] * near.whitener).sum(axis=0)
    distance = np.sqrt(((near.white - white) ** 2).sum(axis=1))
    order = np.argsort(distance, kind="stable")[:count]
    return tuple(Neighbour(near.ids[i], near.labels[i], round(float(distance[i]), 6)) for i in order)


def position(model: DeterminationModel, row: Floats) -> tuple[float, float]:
    """Where a complete pre-treated row lies in the score plot."""
    place = (row[:, None] * model.neighbourhood.axes).sum(axis=0)
    return round(float(place[0]), 6), round(float(place[1]), 6)
