"""From measured values to the numbers that a model sees: censoring, steps, scaling and the filling of gaps.

Every parameter is fitted on the training library alone, independent of classes, and stored with the model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.programme import Analyte
from services.classifier.domain.run import Floats

_SKEWED = 0.75
_MAD_TO_SD = 1.4826
_LEAST_SHARE = 0.5
# A value beyond these is absurd already; more would only overflow when it is squared.
_FARTHEST = 1e6
_GREATEST = 1e60


@dataclass(frozen=True, slots=True)
class Pretreatment:
    """Fitted pre-treatment of p analytes; all arrays have shape (p,) but for `covariance` (p, p).

    `power` is the exponent of each column (1, 0.5, 0.25; 0 means the logarithm); `floor` replaces what is not positive before a
    logarithm or a root. With `log_ratio` the mean of a row's logarithms is taken off each of them (centred log-ratio, Aitchison
    1986), so that only proportions count. Gaps are filled with their expectation given the measured columns under one normal
    distribution of the whole library (`mean`, `covariance`), so that no class is favoured.
    """

    closure: bool
    power: Floats
    floor: Floats
    centre: Floats
    scale: Floats
    mean: Floats
    covariance: Floats
    steps: tuple[str, ...]
    log_ratio: bool = False

    def apply(self, raw: Floats) -> Floats:
        """Pre-treat rows (n, p) with NaN for what was not measured; the answer has no gaps."""
        return self.fill(self.transform(raw))

    def transform(self, raw: Floats) -> Floats:
        """The steps without the filling of gaps."""
        powered = _powered(_closed(raw) if self.closure else raw, self.power, self.floor)
        if self.log_ratio:
            powered = _against_mean(powered, self.power == 0.0)
        return np.clip((powered - self.centre) / self.scale, -_FARTHEST, _FARTHEST)

    def fill(self, rows: Floats) -> Floats:
        """Rows with every gap filled by its conditional mean."""
        filled = rows.copy()
        missing = np.isnan(rows)
        incomplete = np.flatnonzero(missing.any(axis=1))
        if not len(incomplete):
            return filled
        patterns, kind = np.unique(missing[incomplete], axis=0, return_inverse=True)
        for number, gap in enumerate(patterns):
            places = incomplete[kind.ravel() == number]
            if gap.all():
                filled[places] = self.mean
                continue
            weights = np.linalg.solve(self.covariance[np.ix_(~gap, ~gap)], self.covariance[np.ix_(~gap, gap)])
            deviation = rows[np.ix_(places, ~gap)] - self.mean[~gap]
            filled[np.ix_(places, gap)] = self.mean[gap] + deviation @ weights
        return filled

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        names = ("power", "floor", "centre", "scale", "mean", "covariance")
        return {name: getattr(self, name) for name in names}


def raw_matrix(
    analytes: Sequence[Analyte], rows: Sequence[tuple[Mapping[str, float], frozenset[str]]]
) -> Floats:
    """Values (n, p) in the order of the analytes; NaN where not measured, LOQ / sqrt(2) where below the limit of quantitation."""
    matrix = np.full((len(rows), len(analytes)), np.nan)
    for i, (values, censored) in enumerate(rows):
        for j, analyte in enumerate(analytes):
            if analyte.name in censored:
                matrix[i, j] = np.nan if analyte.loq is None else analyte.loq / np.sqrt(2)
            elif analyte.name in values:
                matrix[i, j] = min(max(values[analyte.name], -_GREATEST), _GREATEST)
    return matrix


def fit_pretreatment(raw: Floats, analytes: Sequence[Analyte], steps: Sequence[str] | None) -> Pretreatment:
    """Fit the named steps on the library (n, p), or find them where the programme says "auto" (None).

    Automatic: the logarithm for positive columns that are skewed and less so after it, then a robust scale.
    """
    used = tuple(steps) if steps is not None else ("log where skewed", "robust_scale")
    closure, log_ratio = "closure" in used, "log_ratio" in used
    values = _closed(raw) if closure else raw
    signed = np.array([analyte.is_isotope for analyte in analytes])
    power = np.ones(raw.shape[1])
    if "log where skewed" in used:
        power[[j for j in range(raw.shape[1]) if not signed[j] and _better_in_log(values[:, j])]] = 0.0
    for name, exponent in (("log", 0.0), ("log_ratio", 0.0), ("square_root", 0.5), ("fourth_root", 0.25)):
        if name in used:
            power[~signed & ~(np.nan_to_num(values) < 0).any(axis=0)] = exponent
    floor = np.array([_floor(values[:, j], analyte.loq) for j, analyte in enumerate(analytes)])
    powered = _powered(values, power, floor)
    if log_ratio:
        powered = _against_mean(powered, power == 0.0)
    centre, scale = _centre_and_scale(powered, used)
    ready = (powered - centre) / scale
    mean, covariance = _normal(ready)
    return Pretreatment(closure, power, floor, centre, scale, mean, covariance, used, log_ratio)


def _closed(raw: Floats) -> Floats:
    total = np.nansum(np.where(raw > 0, raw, 0.0), axis=1, keepdims=True)
    return raw / np.where(total > 0, total, 1.0)


def _powered(values: Floats, power: Floats, floor: Floats) -> Floats:
    positive = np.where(np.isnan(values), values, np.maximum(np.nan_to_num(values), floor))
    result = values.copy()
    logged, rooted = power == 0.0, (power > 0.0) & (power < 1.0)
    result[:, logged] = np.log(positive[:, logged])
    result[:, rooted] = positive[:, rooted] ** power[rooted]
    return result


def _against_mean(powered: Floats, logged: NDArray[np.bool_]) -> Floats:
    """Logarithms less the mean of those of their row that were measured."""
    known = ~np.isnan(powered) & logged
    mean = np.where(known, powered, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(logged, powered - mean[:, None], powered)


def _better_in_log(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    if len(known) < 8 or (known <= 0).any():
        return False
    skew, after = _skewness(known), _skewness(np.log(known))
    return skew > _SKEWED and abs(after) < abs(skew)


def _skewness(values: Floats) -> float:
    deviation = values - values.mean()
    spread = float(np.sqrt((deviation**2).mean()))
    return 0.0 if spread == 0 else float((deviation**3).mean() / spread**3)


def _floor(column: Floats, loq: float | None) -> float:
    known = column[column > 0]
    least = float(known.min()) / 2 if len(known) else 1e-12
    return least if loq is None else min(loq / float(np.sqrt(2)), least * 2)


def _centre_and_scale(powered: Floats, steps: Sequence[str]) -> tuple[Floats, Floats]:
    count = powered.shape[1]
    centre, scale = np.zeros(count), np.ones(count)
    for j in range(count):
        known = powered[~np.isnan(powered[:, j]), j]
        if not len(known):
            continue
        if "robust_scale" in steps:
            centre[j] = np.median(known)
            robust = _MAD_TO_SD * np.median(np.abs(known - centre[j]))
            # Where most samples are of one kind, the few of another must not be thrown to the far end of the scale.
            scale[j] = max(robust, _LEAST_SHARE * known.std()) or 1.0
        elif {"autoscale", "centre", "divide_by_sd"} & set(steps):
            centre[j] = 0.0 if "divide_by_sd" in steps else known.mean()
            scale[j] = 1.0 if "centre" in steps else known.std() or 1.0
    return centre, scale


def _normal(ready: Floats) -> tuple[Floats, Floats]:
    """Mean and shrunk covariance of rows with gaps; a gap counts as the column's mean."""
    known = ~np.isnan(ready)
    mean = np.where(known.any(axis=0), np.nansum(ready, axis=0) / np.maximum(known.sum(axis=0), 1), 0.0)
    deviation = np.where(known, ready - mean, 0.0)
    return mean, shrunk_covariance(deviation)


def shrunk_covariance(
    deviation: Floats, degrees: int | None = None, least: float = 0.02, most: float = 1.0
) -> Floats:
    """Covariance of centred rows (n, p), shrunk towards its diagonal as far as the number of rows makes it uncertain.

    The weight is that of Schäfer and Strimmer (2005) for correlations, from `least`, so that an inverse exists, to `most`.
    """
    count, columns = deviation.shape
    degrees = max(degrees if degrees is not None else count - 1, 1)
    spread = np.sqrt((deviation**2).sum(axis=0) / degrees)
    floor = max(float(np.median(spread)), 1e-12) * 1e-3
    spread = np.maximum(spread, floor)
    unit = deviation / spread
    correlation = unit.T @ unit / degrees
    squared = (unit**2).T @ (unit**2) / degrees
    off = ~np.eye(columns, dtype=bool)
    variance = float((squared - correlation**2)[off].sum()) / degrees
    strength = float((correlation**2)[off].sum())
    weight = min(most, max(least, variance / strength if strength > 0 else 1.0))
    correlation = np.where(off, (1 - weight) * correlation, 1.0)
    return np.asarray(correlation * np.outer(spread, spread))
