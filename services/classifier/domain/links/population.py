"""What a population's own pairs teach about likeness: the curve of likelihood ratios, the threshold, and the rule that made them.

There is no universal threshold (Esseiva et al. 2011): it is computed from the population, and its rule is kept with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.links.likelihood import (
    RatioCurve,
    RatioValidation,
    fit_ratio,
    fold_of_groups,
    validate_ratio,
)
from services.classifier.domain.links.measures import prepare, scores, spread
from services.classifier.domain.pretreatment import Pretreatment, fit_pretreatment
from services.classifier.domain.programme import Analyte
from services.classifier.domain.run import Floats

FALSE_LINKS = 0.01
LEAST_PROFILES = 10
LEAST_LINKED = 10
_MAX_PAIRS = 20_000


class NoPopulation(ValueError):
    """There are too few profiles to say how alike unlinked ones are."""


@dataclass(frozen=True, slots=True)
class LinkPopulation:
    """A population of profiles and what its pairs teach; `threshold` is a score."""

    pretreatment: Pretreatment
    measure: str
    rule: str
    n_linked: int
    n_unlinked: int
    threshold: float
    curve: RatioCurve
    validation: RatioValidation | None

    def prepared(self, raw: Floats) -> Floats:
        """Raw values (n, p) as the measure compares them."""
        return prepare(self.pretreatment.apply(raw), self.measure)

    def likelihood_ratios(self, score: Floats) -> Floats:
        """How many times likelier each score is among linked than among unlinked profiles."""
        return self.curve.ratios(spread(score, self.measure))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Scores of pairs (n,) and the folds of their two members (n, 2)."""

    scores: Floats
    folds: NDArray[np.int64]


def learn_population(
    analytes: Sequence[Analyte],
    raw: Floats,
    groups: Sequence[str],
    *,
    steps: Sequence[str] | None,
    measure: str,
    seed: int,
) -> LinkPopulation:
    """Learn from profiles (n, p): pairs of one collection are linked, pairs of different collections are not.

    Where fewer than LEAST_LINKED pairs share a collection, linked pairs are each profile and itself measured again, as the
    programme's uncertainties let it come out. Raises NoPopulation for fewer than LEAST_PROFILES profiles.
    """
    if len(raw) < LEAST_PROFILES:
        raise NoPopulation(f"{len(raw)} profiles are too few; at least {LEAST_PROFILES} are needed")
    pretreatment = fit_pretreatment(raw, analytes, steps)
    ready = prepare(pretreatment.apply(raw), measure)
    dice = np.random.default_rng(seed)
    fold = fold_of_groups(groups, seed)
    first, second = np.triu_indices(len(raw), k=1)
    names = np.unique(list(groups), return_inverse=True)[1]
    same = names[first] == names[second]
    if same.sum() >= LEAST_LINKED and (~same).sum() >= LEAST_LINKED:
        one, other = _drawn(first[same], second[same], dice)
        linked = _Pairs(scores(ready[one], ready[other], measure), fold[np.stack((one, other), axis=1)])
        rule = "linked: two authentics of one collection; unlinked: two authentics of different collections"
        first, second = first[~same], second[~same]
    else:
        again = prepare(pretreatment.apply(_measured_again(analytes, raw, dice)), measure)
        linked = _Pairs(scores(ready, again, measure), np.stack((fold, fold), axis=1))
        rule = (
            "linked: an authentic and itself measured again within the uncertainty of the programme; "
            "unlinked: two different authentics"
        )
    first, second = _drawn(first, second, dice)
    unlinked = _Pairs(scores(ready[first], ready[second], measure), fold[np.stack((first, second), axis=1)])
    threshold = float(np.quantile(unlinked.scores, 1 - FALSE_LINKS))
    rule += (
        f"; pre-treatment: {', '.join(pretreatment.steps)}; score: {measure} of pre-treated profiles; "
        f"threshold: exceeded by {FALSE_LINKS:.0%} of the unlinked pairs"
    )
    ours, theirs = spread(linked.scores, measure), spread(unlinked.scores, measure)
    return LinkPopulation(
        pretreatment,
        measure,
        rule,
        len(ours),
        len(theirs),
        threshold,
        fit_ratio(ours, theirs),
        validate_ratio(ours, theirs, linked.folds, unlinked.folds),
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
