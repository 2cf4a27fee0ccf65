"""How alike two pre-treated profiles are: the measures that are used for comparing drug profiles.

Correlations (cosine, Pearson) are themselves the score, from -1 to 1. Of a distance d (Euclidean, Manhattan, Canberra) the score
is 1 / (1 + d), from 0 to 1, so that more alike is always the greater score.
"""

from collections.abc import Callable

import numpy as np

from services.classifier.domain.run import Floats

CORRELATIONS = ("cosine", "pearson")
DISTANCES = ("euclidean", "manhattan", "canberra")
MEASURES = (*CORRELATIONS, *DISTANCES)
_HIGHEST = 0.999999
_NEAREST = 1e-6
_BLOCK = 16_384


def prepare(rows: Floats, measure: str) -> Floats:
    """Rows (n, p) such that `scores` of two prepared rows needs no more than a product or a difference."""
    if measure == "pearson":
        rows = rows - rows.mean(axis=1, keepdims=True)
    if measure in CORRELATIONS:
        length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
        rows = rows / np.where(length > 0, length, 1.0)
    return np.ascontiguousarray(rows)


def scores(prepared: Floats, own: Floats, measure: str) -> Floats:
    """The score of every prepared row (n, p) against one prepared profile (p,), or row by row against (n, p)."""
    if measure in CORRELATIONS:
        return np.clip((prepared * own).sum(axis=1), -1.0, 1.0)
    distance = _DISTANCE[measure]
    found = np.empty(len(prepared))
    for start in range(0, len(prepared), _BLOCK):
        part = slice(start, start + _BLOCK)
        found[part] = 1.0 / (1.0 + distance(prepared[part], own if own.ndim == 1 else own[part]))
    return found


def spread(score: Floats, measure: str) -> Floats:
    """The score on a scale on which the most alike lie apart: Fisher's z of a correlation, -ln d of a distance."""
    if measure in CORRELATIONS:
        return np.asarray(np.arctanh(np.clip(score, -_HIGHEST, _HIGHEST)))
    inside = np.clip(score, _NEAREST, 1.0 - _NEAREST)
    return np.asarray(np.log(inside / (1.0 - inside)))


def _euclidean(rows: Floats, own: Floats) -> Floats:
    return np.asarray(np.sqrt(((rows - own) ** 2).sum(axis=1)))


def _manhattan(rows: Floats, own: Floats) -> Floats:
    return np.asarray(np.abs(rows - own).sum(axis=1))


def _canberra(rows: Floats, own: Floats) -> Floats:
    size = np.abs(rows) + np.abs(own)
    return np.asarray((np.abs(rows - own) / np.where(size > 0, size, 1.0)).sum(axis=1))


_DISTANCE: dict[str, Callable[[Floats, Floats], Floats]] = {
    "euclidean": _euclidean,
    "manhattan": _manhattan,
    "canberra": _canberra,
}
