"""A mean with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scipy.special import stdtrit


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of `n` values with the limits of its 95 % interval (Student's t); one value has no interval."""

    n: int
    mean: float
    low: float | None
    high: float | None


def mean_of(values: Sequence[float]) -> Mean:
    """Raises ValueError where there is no value."""
    count = len(values)
    if not count:
        raise ValueError("no value has no mean")
    mean = sum(values) / count
    if count == 1:
        return Mean(1, mean, None, None)
    variance = sum((value - mean) ** 2 for value in values) / (count - 1)
    half = float(stdtrit(count - 1, 0.975)) * sqrt(variance / count)
    return Mean(count, mean, mean - half, mean + half)
