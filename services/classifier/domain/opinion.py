"""An opinion on one determination, as the record and the report hold it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.classifier.domain.explain import Contribution, Neighbour
from services.classifier.domain.qc import QcFinding
from services.classifier.domain.seen import Beyond


@dataclass(frozen=True, slots=True)
class ModuleEvidence:
    """What one module alone says: `fits` are the classes it does not exclude, by the p-values of `p_values`.

    `accuracy` is how often this module alone was right on authentics it had not seen; `statement` is a sentence for people.
    """

    module: str
    technique: str
    measured: int
    of: int
    most_likely: str
    probabilities: Mapping[str, float]
    p_values: Mapping[str, float]
    fits: tuple[str, ...]
    accuracy: float
    statement: str


@dataclass(frozen=True, slots=True)
class Novelty:
    """`p_value`: the chance that a member of the class that fits best lies that far out; below `threshold` it is Unknown."""

    p_value: float | None
    threshold: float
    nearest_class: str | None
    p_values: Mapping[str, float]
    score_distance: float | None
    orthogonal_distance: float | None


@dataclass(frozen=True, slots=True)
class Level:
    """The deepest class of the tree that holds the whole prediction set, and its probability (the sum over its leaves)."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class DeterminationResult:
    """One determination of a result, with all that the record and the report need; `as_data` is ready for JSON.

    `beyond` are values of analytes that the model does not use, farther out than those of any authentic: then it is Unknown.
    """

    name: str
    conclusion: str
    prediction_set: tuple[str, ...]
    probabilities: Mapping[str, float]
    novelty: Novelty
    evidence: tuple[ModuleEvidence, ...]
    reasons: tuple[str, ...]
    coverage: float
    candidate: str = ""
    level: Level | None = None
    contradiction: bool = False
    contributions: tuple[Contribution, ...] = ()
    nearest: tuple[Neighbour, ...] = ()
    position: tuple[float, float] | None = None
    qc: tuple[QcFinding, ...] = ()
    beyond: tuple[Beyond, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain dictionaries, lists, texts and finite numbers."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
