"""What a population's own pairs teach about likeness: curves of likelihood ratios, the threshold, and the rule that made them.

A correlation of profiles that lie far off in one direction is near 1 whatever their size; so a correlation speaks for a link only
as far as the distance does, which has a curve of its own from the same pairs.

There is no universal threshold (Esseiva et al. 2011): it is computed from the population, and its rule is kept with it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.links.likelihood import (
    RatioCurve,
    RatioValidation,
    fit_ratio,
    fold_of_groups,
    least_ratios,
    validate_ratio,
)
from services.classifier.domain.links.measures import CORRELATIONS, root_mean_square, scores, spread
from services.classifier.domain.pretreatment import Pretreatment, fit_pretreatment
from services.classifier.domain.programme import Analyte
from services.classifier.domain.run import Floats

FALSE_LINKS = 0.01
LEAST_PROFILES = 10
LEAST_LINKED = 10
LEAST_SHARED = 3
_NEAREST = 1e-6
_MAX_PAIRS = 20_000


class NoPopulation(ValueError):
    """There are too few profiles to say how alike unlinked ones are."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Pairs (n,) of one profile with others: `ratios` and `scores` are NaN and `beyond` is False where too little is shared."""

    scores: Floats
    compared: NDArray[np.int64]
    ratios: Floats
    beyond: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LinkPopulation:
    """A population of profiles and what its pairs teach; `threshold` is a score.

    `least_shared` analytes must be measured in both of two profiles before anything is said of them. `extent` is how far the
    population's farthest profile lies from its centre (root mean square over the analytes, in the pre-treatment's scale).
    """

    pretreatment: Pretreatment
    measure: str
    rule: str
    n_linked: int
    n_unlinked: int
    threshold: float
    curves: tuple[RatioCurve, ...]
    validation: RatioValidation | None
    least_shared: int
    extent: float

    def compare(self, rows: Floats, own: Floats) -> Comparison:
        """Pre-treated rows (n, p) against one profile (p,); gaps are NaN.

        The curves were made of about complete profiles. Fewer analytes tell less, so the logarithm of a ratio is taken down to
        the share of the analytes that was compared.
        """
        compared = np.asarray((~np.isnan(rows) & ~np.isnan(own)).sum(axis=1), np.int64)
        enough = compared >= self.least_shared
        score = np.where(enough, scores(rows, own, self.measure), np.nan)
        ratios = np.full(len(rows), np.nan)
        at = _spreads(rows[enough], own, self.measure)
        ratios[enough] = least_ratios(self.curves, at) ** (compared[enough] / len(own))
        return Comparison(score, compared, ratios, enough & (score > self.threshold) & (ratios > 1))

    def outside(self, own: Floats) -> float | None:
        """How many times as far from the centre as the population's farthest profile; None within."""
        far = self._distance(own)
        return far / self.extent if far > self.extent > 0 else None

    def _distance(self, own: Floats) -> float:
        return float(root_mean_square(own[None, :], self.pretreatment.mean)[0])


def _spreads(rows: Floats, own: Floats, measure: str) -> Floats:
    """The score and, beside a correlation, the distance, each spread (n, k)."""
    columns = [spread(scores(rows, own, measure), measure)]
    if measure in CORRELATIONS:
        columns.append(-np.log(np.maximum(root_mean_square(rows, own), _NEAREST)))
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Scores of pairs (n,), what the curves are made from (n, k), and the folds of their two members (n, 2)."""

    scores: Floats
    spread: Floats
    folds: NDArray[np.int64]

    @classmethod
    def of(
        cls, rows: Floats, others: Floats, folds: NDArray[np.int64], measure: str, least_shared: int
    ) -> "_Pairs":
        """The pairs that share enough."""
        enough = (~np.isnan(rows) & ~np.isnan(others)).sum(axis=1) >= least_shared
        rows, others = rows[enough], others[enough]
        return cls(scores(rows, others, measure), _spreads(rows, others, measure), folds[enough])


def learn_population(
    analytes: Sequence[Analyte],
    raw: Floats,
    groups: Sequence[str],
    *,
    steps: Sequence[str] | None,
    measure: str,
    seed: int,
    least_share: float = 0.0,
) -> LinkPopulation:
    """Learn from profiles (n, p): pairs of one collection are linked, pairs of different collections are not.

    Where fewer than LEAST_LINKED pairs share a collection, linked pairs are each profile and itself measured again, as the
    programme's uncertainties let it come out. Two profiles are compared where `least_share` of the analytes,
    and LEAST_SHARED, were measured in both. Raises NoPopulation for fewer than LEAST_PROFILES profiles.
    """
    if len(raw) < LEAST_PROFILES:
        raise NoPopulation(f"{len(raw)} profiles are too few; at least {LEAST_PROFILES} are needed")
    pretreatment = fit_pretreatment(raw, analytes, steps)
    ready = pretreatment.transform(raw)
    least_shared = max(min(LEAST_SHARED, len(analytes)), math.ceil(least_share * len(analytes)))
    dice = np.random.default_rng(seed)
    fold = fold_of_groups(groups, seed)
    first, second = np.triu_indices(len(raw), k=1)
    known = (~np.isnan(ready)).astype(np.int64)
    enough = (known @ known.T)[first, second] >= least_shared
    first, second = first[enough], second[enough]
    names = np.unique(list(groups), return_inverse=True)[1]
    same = names[first] == names[second]
    if same.sum() >= LEAST_LINKED and (~same).sum() >= LEAST_LINKED:
        one, other = _drawn(first[same], second[same], dice)
        folds = fold[np.stack((one, other), axis=1)]
        linked = _Pairs.of(ready[one], ready[other], folds, measure, least_shared)
        rule = "linked: two authentics of one collection; unlinked: two authentics of different collections"
        first, second = first[~same], second[~same]
    else:
        again = pretreatment.transform(_measured_again(analytes, raw, dice))
        linked = _Pairs.of(ready, again, np.stack((fold, fold), axis=1), measure, least_shared)
        rule = (
            "linked: an authentic and itself measured again within the uncertainty of the programme; "
            "unlinked: two different authentics"
        )
    if not len(first) or not len(linked.scores):
        raise NoPopulation(f"too few profiles have {least_shared} of the {len(analytes)} analytes in common")
    first, second = _drawn(first, second, dice)
    folds = fold[np.stack((first, second), axis=1)]
    unlinked = _Pairs.of(ready[first], ready[second], folds, measure, least_shared)
    threshold = float(np.quantile(unlinked.scores, 1 - FALSE_LINKS))
    rule += (
        f"; pre-treatment: {', '.join(pretreatment.steps)}; score: {measure} of pre-treated profiles over what was measured "
        f"in both, at least {least_shared} of {len(analytes)} analytes; "
        f"threshold: exceeded by {FALSE_LINKS:.0%} of the unlinked pairs"
    )
    if measure in CORRELATIONS:
        rule += "; ratio: the lesser of what the score and what the Euclidean distance say"
    rule += "; made for about complete profiles: of fewer analytes the ratio's logarithm is taken down to their share"
    curves = tuple(
        fit_ratio(linked.spread[:, k], unlinked.spread[:, k]) for k in range(linked.spread.shape[1])
    )
    return LinkPopulation(
        pretreatment,
        measure,
        rule,
        len(linked.scores),
        len(unlinked.scores),
        threshold,
        curves,
        validate_ratio(linked.spread, unlinked.spread, linked.folds, unlinked.folds),
        least_shared,
        float(root_mean_square(ready, pretreatment.mean).max()),
    )


def _drawn(
    first: NDArray[np.intp], second: NDArray[np.intp], dice: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs, or _MAX_PAIRS of them by lot."""
    if len(first) <= _MAX_PAIRS:
        return first, second
    kept = np.sort(dice.choice(len(first), _MAX_PAIRS, replace=False))
    return first[kept], second[kept]


def _measured_again(analytes: Sequence[Analyte], raw: Floats, dice: np.random.Generator) -> Floats:
    again = raw.copy()
    for j, analyte in enumerate(analytes):
        noise = dice.normal(size=len(raw))
        if analyte.uncertainty is not None:
            again[:, j] = raw[:, j] + noise * analyte.uncertainty / 2
        else:
            again[:, j] = raw[:, j] * (1 + noise * (analyte.uncertainty_percent or 5.0) / 200)
    return again
