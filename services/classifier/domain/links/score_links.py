"""Search a population for the profiles nearest to one, with a likelihood ratio from its own linked and unlinked pairs.

There is no universal threshold (Esseiva et al. 2011): it is computed from the population, and its rule is kept with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.pretreatment import Pretreatment, fit_pretreatment, raw_matrix
from services.classifier.domain.programme import Programme
from services.classifier.domain.run import Floats

FALSE_LINKS = 0.01
LEAST_LINKED = 10
_MAX_PAIRS = 20_000
_HIGHEST = 0.999999
_GRID = 400
_WORDS = ((10.0, "limited"), (100.0, "moderate"), (1000.0, "moderately strong"), (10_000.0, "strong"))


class NoPopulation(ValueError):
    """There are too few profiles to say how alike unlinked ones are."""


@dataclass(frozen=True, slots=True)
class LinkPopulation:
    """A population of profiles and what its pairs teach.

    `grid` and `log_ratio` (m,) give the natural logarithm of the likelihood ratio against the transformed score, rising; it never
    exceeds what the number of pairs can support.
    """

    programme: Programme
    pretreatment: Pretreatment
    rule: str
    n_linked: int
    n_unlinked: int
    threshold: float
    grid: Floats
    log_ratio: Floats

    def likelihood_ratio(self, score: float) -> float:
        """How many times likelier the score is among linked than among unlinked profiles."""
        return float(np.exp(np.interp(_transformed(np.array([score]))[0], self.grid, self.log_ratio)))


@dataclass(frozen=True, slots=True)
class Link:
    """One profile of the population; `score` is the cosine of the two pre-treated profiles, from -1 to 1."""

    id: str
    score: float
    likelihood_ratio: float
    verbal: str


Values = tuple[Mapping[str, float], frozenset[str]]


def link_population(programme: Programme, authentics: Sequence[Authentic], *, seed: int) -> LinkPopulation:
    """Learn from a library: pairs of one collection are linked, pairs of different collections are not.

    Where fewer than LEAST_LINKED pairs share a collection, linked pairs are each profile and itself measured again, as the
    programme's uncertainties let it come out. Raises NoPopulation for fewer than ten profiles.
    """
    if len(authentics) < 10:
        raise NoPopulation(f"{len(authentics)} profiles are too few; at least ten are needed")
    ordered = sorted(authentics, key=lambda each: each.id)
    raw = raw_matrix(programme.analytes, [(a.values, a.censored) for a in ordered])
    pretreatment = fit_pretreatment(raw, programme.analytes, programme.pretreatment)
    unit = _unit(pretreatment.apply(raw))
    dice = np.random.default_rng(seed)
    first, second = np.triu_indices(len(ordered), k=1)
    groups = np.unique([a.group for a in ordered], return_inverse=True)[1]
    same = groups[first] == groups[second]
    if same.sum() >= LEAST_LINKED and (~same).sum() >= LEAST_LINKED:
        linked = (unit[first[same]] * unit[second[same]]).sum(axis=1)
        first, second = first[~same], second[~same]
        rule = "linked: two authentics of one collection; unlinked: two authentics of different collections"
    else:
        again = _unit(pretreatment.apply(_measured_again(programme, raw, dice)))
        linked = (unit * again).sum(axis=1)
        rule = (
            "linked: an authentic and itself measured again within the uncertainty of the programme; "
            "unlinked: two different authentics"
        )
    if len(first) > _MAX_PAIRS:
        kept = np.sort(dice.choice(len(first), _MAX_PAIRS, replace=False))
        first, second = first[kept], second[kept]
    unlinked = (unit[first] * unit[second]).sum(axis=1)
    grid, log_ratio = _log_ratio(linked, unlinked)
    threshold = float(np.quantile(unlinked, 1 - FALSE_LINKS))
    rule += f"; score: cosine of pre-treated profiles; threshold: exceeded by {FALSE_LINKS:.0%} of the unlinked pairs"
    return LinkPopulation(
        programme, pretreatment, rule, len(linked), len(unlinked), threshold, grid, log_ratio
    )


def score_links(
    population: LinkPopulation, own: Values, others: Sequence[tuple[str, Values]], limit: int
) -> tuple[Link, ...]:
    """The `limit` most alike of all `others`, the best first; an exact search."""
    if not others:
        return ()
    rows = raw_matrix(population.programme.analytes, [own, *(values for _, values in others)])
    unit = _unit(population.pretreatment.apply(rows))
    scores = np.clip((unit[1:] * unit[0]).sum(axis=1), -1.0, 1.0)
    order = np.argsort(-scores, kind="stable")[:limit]
    found = []
    for i in order.tolist():
        ratio = float(f"{population.likelihood_ratio(float(scores[i])):.4g}")
        found.append(Link(others[i][0], round(float(scores[i]), 9), ratio, verbal(ratio)))
    return tuple(found)


def verbal(ratio: float) -> str:
    """The words for a likelihood ratio: 1-10 limited, then moderate, moderately strong, strong, very strong; mirrored below 1."""
    side = "for a common source" if ratio >= 1 else "for different sources"
    size = ratio if ratio >= 1 else 1 / ratio
    word = next((word for limit, word in _WORDS if size < limit), "very strong")
    return f"{word} support {side}"


def _unit(rows: Floats) -> Floats:
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return np.asarray(rows / np.where(length > 0, length, 1.0))


def _measured_again(programme: Programme, raw: Floats, dice: np.random.Generator) -> Floats:
    again = raw.copy()
    for j, analyte in enumerate(programme.analytes):
        noise = dice.normal(size=len(raw))
        if analyte.uncertainty is not None:
            again[:, j] = raw[:, j] + noise * analyte.uncertainty / 2
        else:
            again[:, j] = raw[:, j] * (1 + noise * (analyte.uncertainty_percent or 5.0) / 200)
    return again


def _transformed(scores: Floats) -> Floats:
    """Fisher's z, in which scores near 1 spread out."""
    return np.asarray(np.arctanh(np.clip(scores, -_HIGHEST, _HIGHEST)))


def _log_ratio(linked: Floats, unlinked: Floats) -> tuple[Floats, Floats]:
    one, other = _transformed(linked), _transformed(unlinked)
    grid = np.linspace(min(one.min(), other.min()), max(one.max(), other.max()), _GRID)
    ratio = np.log(_density(one, grid) + 1e-300) - np.log(_density(other, grid) + 1e-300)
    # A greater likeness must never speak less for a link; and no ratio may claim more than the pairs that were seen.
    bounded = np.clip(ratio, -np.log(len(linked) + 1.0), np.log(len(unlinked) + 1.0))
    middle = int(np.searchsorted(grid, np.median(one)))
    upper = np.maximum.accumulate(bounded[middle:])
    lower = np.minimum.accumulate(bounded[: middle + 1][::-1])[::-1]
    return grid, np.concatenate((lower[:-1], upper))


def _density(values: Floats, grid: Floats) -> Floats:
    """Gaussian kernel density with Silverman's width, not narrower than the grid resolves."""
    quartiles = np.quantile(values, [0.25, 0.75])
    spread = min(float(values.std()), float(quartiles[1] - quartiles[0]) / 1.349) or float(values.std())
    width = max(0.9 * spread * len(values) ** -0.2, 2 * float(grid[1] - grid[0]), 1e-9)
    density = np.zeros(len(grid))
    for part in np.array_split(values, max(1, len(values) // 2000)):
        density += np.exp(-0.5 * ((grid[:, None] - part) / width) ** 2).sum(axis=1)
    return density / (len(values) * width * np.sqrt(2 * np.pi))
