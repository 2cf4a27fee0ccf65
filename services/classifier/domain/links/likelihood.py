"""The likelihood ratio of a score: how much likelier it is among linked than among unlinked pairs, and how well that holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.run import Floats

_GRID = 400
_TIPPETT_POINTS = 61
_TIPPETT_ENDS = 6.0
_FOLDS = 5
_LEAST_SHAPING = 5
_WORDS = ((10.0, "limited"), (100.0, "moderate"), (1000.0, "moderately strong"), (10_000.0, "strong"))


@dataclass(frozen=True, slots=True)
class RatioCurve:
    """Natural logarithm of the likelihood ratio against the spread score, both (m,), rising; constant beyond its ends."""

    grid: Floats
    log_ratio: Floats

    def ratios(self, spread_scores: Floats) -> Floats:
        """Likelihood ratios, all above 0."""
        return np.asarray(np.exp(np.interp(spread_scores, self.grid, self.log_ratio)))


def fit_ratio(linked: Floats, unlinked: Floats) -> RatioCurve:
    """Ratio of two kernel densities, made monotonous and bounded by what the number of pairs can support.

    No ratio claims more than that one pair more would have been of the other kind: it is at most unlinked + 1 and at least
    1 / (linked + 1).
    """
    grid = np.linspace(min(linked.min(), unlinked.min()), max(linked.max(), unlinked.max()), _GRID)
    ratio = np.log(_density(linked, grid) + 1e-300) - np.log(_density(unlinked, grid) + 1e-300)
    bounded = np.clip(ratio, -np.log(len(linked) + 1.0), np.log(len(unlinked) + 1.0))
    middle = int(np.searchsorted(grid, np.median(linked)))
    upper = np.maximum.accumulate(bounded[middle:])
    lower = np.minimum.accumulate(bounded[: middle + 1][::-1])[::-1]
    return RatioCurve(grid, np.concatenate((lower[:-1], upper)))


def _density(values: Floats, grid: Floats) -> Floats:
    """Gaussian kernel density with Silverman's width, not narrower than the grid resolves."""
    quartiles = np.quantile(values, [0.25, 0.75])
    deviation = min(float(values.std()), float(quartiles[1] - quartiles[0]) / 1.349) or float(values.std())
    width = max(0.9 * deviation * len(values) ** -0.2, 2 * float(grid[1] - grid[0]), 1e-9)
    density = np.zeros(len(grid))
    for part in np.array_split(values, max(1, len(values) // 2000)):
        density += np.exp(-0.5 * ((grid[:, None] - part) / width) ** 2).sum(axis=1)
    return density / (len(values) * width * np.sqrt(2 * np.pi))


@dataclass(frozen=True, slots=True)
class RatioValidation:
    """How the ratios do on pairs that did not shape them.

    `cllr` is the log-likelihood-ratio cost (Brümmer and du Preez 2006): 0 is perfect, 1 is worth nothing. Tippett curves: for
    each log10 ratio in `tippett_at` the share of linked and of unlinked pairs with a greater one. `misleading_linked` is the
    share of linked pairs below 1, `misleading_unlinked` that of unlinked pairs above 1.
    """

    cllr: float
    misleading_linked: float
    misleading_unlinked: float
    tippett_at: Floats
    tippett_linked: Floats
    tippett_unlinked: Floats


def least_ratios(curves: Sequence[RatioCurve], spread_scores: Floats) -> Floats:
    """For each row (n, k) of scores the least of what k curves say: one likeness does not outweigh another's difference."""
    return np.asarray(
        np.min([curve.ratios(spread_scores[:, k]) for k, curve in enumerate(curves)], axis=0)
        if len(spread_scores)
        else np.array([])
    )


def validate_ratio(
    linked: Floats, unlinked: Floats, linked_folds: NDArray[np.int64], unlinked_folds: NDArray[np.int64]
) -> RatioValidation | None:
    """Pairs that lie in one fold are tested by the curves of the pairs that have nothing in it; None where too few are left.

    `linked` and `unlinked` (pairs, k) are the spread scores, each with a curve of its own; `linked_folds` and `unlinked_folds`
    (pairs, 2) are the folds of the two members.
    """
    ours: list[Floats] = []
    theirs: list[Floats] = []
    for fold in range(_FOLDS):
        here, there = linked_folds == fold, unlinked_folds == fold
        shaping, other_shaping = ~here.any(axis=1), ~there.any(axis=1)
        if shaping.sum() < _LEAST_SHAPING or other_shaping.sum() < _LEAST_SHAPING:
            return None
        curves = [fit_ratio(linked[shaping, k], unlinked[other_shaping, k]) for k in range(linked.shape[1])]
        ours.append(least_ratios(curves, linked[here.all(axis=1)]))
        theirs.append(least_ratios(curves, unlinked[there.all(axis=1)]))
    for_linked, for_unlinked = np.concatenate(ours), np.concatenate(theirs)
    if not len(for_linked) or not len(for_unlinked):
        return None
    cost = np.log2(1 + 1 / for_linked).mean() + np.log2(1 + for_unlinked).mean()
    at = np.linspace(-_TIPPETT_ENDS, _TIPPETT_ENDS, _TIPPETT_POINTS)
    return RatioValidation(
        float(cost / 2),
        float((for_linked < 1).mean()),
        float((for_unlinked > 1).mean()),
        at,
        _share_above(for_linked, at),
        _share_above(for_unlinked, at),
    )


def fold_of_groups(groups: Sequence[str], seed: int) -> NDArray[np.int64]:
    """A fold for each row, the same for rows of one group."""
    names = sorted(set(groups))
    dice = np.random.default_rng(seed)
    fold = dict(zip(names, (dice.permutation(len(names)) % _FOLDS).tolist(), strict=True))
    return np.array([fold[group] for group in groups], np.int64)


def _share_above(ratios: Floats, at: Floats) -> Floats:
    logs = np.sort(np.log10(ratios))
    return np.asarray(1.0 - np.searchsorted(logs, at, side="right") / len(logs))


def verbal(ratio: float) -> str:
    """The words for a likelihood ratio: 1-10 limited, then moderate, moderately strong, strong, very strong; mirrored below 1."""
    side = "for a common source" if ratio >= 1 else "for different sources"
    size = ratio if ratio >= 1 else 1 / ratio
    word = next((word for limit, word in _WORDS if size < limit), "very strong")
    return f"{word} support {side}"
