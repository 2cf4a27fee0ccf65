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
    """Rows (n, p) without gaps such that the correlation of two prepared rows is their product."""
    if measure == "pearson":
        rows = rows - rows.mean(axis=1, keepdims=True)
    if measure in CORRELATIONS:
        length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
        rows = rows / np.where(length > 0, length, 1.0)
    return np.ascontiguousarray(rows)


def scores(rows: Floats, own: Floats, measure: str) -> Floats:
    """The score of every pre-treated row (n, p) against one profile (p,), or row by row against (n, p).

    A gap is NaN: only what was measured in both counts, and the score is NaN where nothing was. A distance over fewer analytes is
    taken to the length that it would have over all of them.
    """
    found = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        found[part] = _scores(rows[part], own if own.ndim == 1 else own[part], measure)
    return found


def root_mean_square(rows: Floats, own: Floats) -> Floats:
    """How far each row (n, p) lies from the profile (p,) or (n, p) in an analyte that both have, in the pre-treatment's scale."""
    shared = ~np.isnan(rows) & ~np.isnan(own)
    squared = np.where(shared, rows - own, 0.0) ** 2
    return np.asarray(np.sqrt(squared.sum(axis=1) / np.maximum(shared.sum(axis=1), 1)))


def _scores(rows: Floats, own: Floats, measure: str) -> Floats:
    shared = ~np.isnan(rows) & ~np.isnan(own)
    count = shared.sum(axis=1)
    ours, theirs = np.where(shared, rows, 0.0), np.where(shared, own, 0.0)
    some = np.maximum(count, 1)
    if measure == "pearson":
        ours = np.where(shared, ours - (ours.sum(axis=1) / some)[:, None], 0.0)
        theirs = np.where(shared, theirs - (theirs.sum(axis=1) / some)[:, None], 0.0)
    if measure in CORRELATIONS:
        length = np.sqrt((ours**2).sum(axis=1) * (theirs**2).sum(axis=1))
        found = np.clip((ours * theirs).sum(axis=1) / np.where(length > 0, length, 1.0), -1.0, 1.0)
    else:
        found = 1.0 / (1.0 + _DISTANCE[measure](ours, theirs, rows.shape[1] / some))
    return np.asarray(np.where(count > 0, found, np.nan))


def spread(score: Floats, measure: str) -> Floats:
    """The score on a scale on which the most alike lie apart: Fisher's z of a correlation, -ln d of a distance."""
    if measure in CORRELATIONS:
        return np.asarray(np.arctanh(np.clip(score, -_HIGHEST, _HIGHEST)))
    inside = np.clip(score, _NEAREST, 1.0 - _NEAREST)
    return np.asarray(np.log(inside / (1.0 - inside)))


def _euclidean(rows: Floats, own: Floats, stretch: Floats) -> Floats:
    return np.asarray(np.sqrt(((rows - own) ** 2).sum(axis=1) * stretch))


def _manhattan(rows: Floats, own: Floats, stretch: Floats) -> Floats:
    return np.asarray(np.abs(rows - own).sum(axis=1) * stretch)


def _canberra(rows: Floats, own: Floats, stretch: Floats) -> Floats:
    size = np.abs(rows) + np.abs(own)
    return np.asarray((np.abs(rows - own) / np.where(size > 0, size, 1.0)).sum(axis=1) * stretch)


_DISTANCE: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "euclidean": _euclidean,
    "manhattan": _manhattan,
    "canberra": _canberra,
}
