"""One determination's part of the library, as the choice and every fit see it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Labels
from services.classifier.domain.programme import Analyte
from services.classifier.domain.run import Floats

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One determination's part of the library: raw values (n, p), classes (n,) as numbers, and groups (n,).

    `library` is how many authentics the determination has in all: every fold of it offers the same candidates.
    """

    raw: Floats
    truth: Labels
    groups: tuple[str, ...]
    analytes: tuple[Analyte, ...]
    classes: int
    steps: Steps | None
    views: tuple[NDArray[np.int64], ...]
    seed: int
    coverage: float
    library: int

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
            self.library,
        )
