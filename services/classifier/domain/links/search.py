"""Exact search among all profiles of a programme for those most alike to one."""

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.links.measures import CORRELATIONS, prepare, scores
from services.classifier.domain.run import Floats

#: Single precision only chooses whom to score again; its error on unit vectors is far below this.
_MARGIN = 1e-4
_SAMPLE = 65_536
_FIRST_ROOM = 1024
_LEAST_LENGTH = 1e-2


class Prepared:
    """Pre-treated rows (n, p), NaN where not measured, and unit vectors in single precision for a first look; grows in place."""

    def __init__(self, columns: int, measure: str) -> None:
        self.measure = measure
        self._count = 0
        self._rows = np.empty((_FIRST_ROOM, columns))
        self._coarse = np.empty((_FIRST_ROOM, columns), np.float32)
        self._incomplete = np.empty(_FIRST_ROOM, np.bool_)

    @property
    def rows(self) -> Floats:
        """The rows, (n, p)."""
        return self._rows[: self._count]

    @property
    def coarse(self) -> NDArray[np.float32]:
        """Unit vectors of the rows in single precision, (n, p); of a row with gaps nothing."""
        return self._coarse[: self._count]

    @property
    def with_gaps(self) -> NDArray[np.intp]:
        """The places of rows in which something was not measured."""
        return np.flatnonzero(self._incomplete[: self._count])

    def put(self, places: NDArray[np.intp], rows: Floats) -> None:
        """Sets the rows at these places; those beyond the end are added and leave no place out."""
        count = max(self._count, int(places.max(initial=-1)) + 1)
        if count > len(self._rows):
            room = max(count, 2 * len(self._rows))
            self._rows = np.concatenate((self._rows, np.empty((room - len(self._rows), rows.shape[1]))))
            more = np.empty((room - len(self._coarse), rows.shape[1]), np.float32)
            self._coarse = np.concatenate((self._coarse, more))
            unknown = np.empty(room - len(self._incomplete), np.bool_)
            self._incomplete = np.concatenate((self._incomplete, unknown))
        gaps = np.asarray(np.isnan(rows).any(axis=1))
        self._incomplete[places] = gaps
        self._rows[places] = rows
        self._coarse[places] = prepare(np.where(gaps[:, None], 0.0, rows), self.measure)
        self._count = count


def nearest(
    table: Prepared, own: Floats, limit: int, leave_out: NDArray[np.intp], least_shared: int = 1
) -> tuple[NDArray[np.intp], Floats]:
    """Places and scores of the `limit` rows most alike to the pre-treated profile (p,), the best first; of equals the earlier.

    Only what was measured in both is compared, and a row that shares fewer than `least_shared` analytes is left out. Every row
    is looked at: for correlations of complete rows in single precision first, whoever could be among the best then in double.
    """
    known = ~np.isnan(own)
    if known.sum() < least_shared:
        return np.array([], np.intp), np.array([])
    count, gaps = len(table.rows), table.with_gaps
    if table.measure not in CORRELATIONS or count <= _SAMPLE:
        places = np.setdiff1d(np.arange(count), leave_out)
    else:
        rough = _rough(table, own)
        rough[leave_out] = -np.inf
        rough[gaps] = -np.inf
        likely = np.setdiff1d(_likely(rough, limit), np.concatenate((leave_out, gaps)))
        places = np.union1d(likely, np.setdiff1d(gaps, leave_out))
    few = np.intersect1d(places, gaps)
    if len(few):
        shared = (~np.isnan(table.rows[few]) & known).sum(axis=1)
        places = np.setdiff1d(places, few[shared < least_shared])
    return _best(places, scores(table.rows[places], own, table.measure), limit)


def _likely(rough: NDArray[np.float32], limit: int) -> NDArray[np.intp]:
    """The places of all that may be among the best `limit`."""
    # The limit-th best of a part bounds the limit-th best of all from below; so few are left for the exact sorting.
    part = rough[:: max(1, len(rough) // _SAMPLE)]
    least = np.partition(part, len(part) - min(limit, len(part)))[len(part) - min(limit, len(part))]
    places = np.flatnonzero(rough >= least - _MARGIN)
    if len(places) > 4 * limit:
        known = rough[places]
        least = np.partition(known, len(known) - limit)[len(known) - limit]
        places = places[known >= least - _MARGIN]
    return places


def _rough(table: Prepared, own: Floats) -> NDArray[np.float32]:
    """The correlation of every complete row with the profile in single precision, over what the profile has."""
    known = ~np.isnan(own)
    prepared = prepare(own[None, known], table.measure)[0].astype(np.float32)
    if known.all():
        return np.asarray(table.coarse @ prepared)
    vector, ones = np.zeros(len(own), np.float32), known.astype(np.float32)
    vector[known] = prepared
    found = np.empty(len(table.rows), np.float32)
    for start in range(0, len(found), _SAMPLE):
        rows = table.coarse[start : start + _SAMPLE]
        squared = (rows * rows) @ ones
        if table.measure == "pearson":
            squared -= (rows @ ones) ** 2 / np.float32(known.sum())
        # What little of a row lies in these analytes is not exact enough to be ruled out.
        told = squared > _LEAST_LENGTH
        found[start : start + _SAMPLE] = np.where(
            told, (rows @ vector) / np.sqrt(np.where(told, squared, 1.0)), 1.0
        )
    return found


def _best(places: NDArray[np.intp], found: Floats, limit: int) -> tuple[NDArray[np.intp], Floats]:
    order = np.argsort(-found, kind="stable")[:limit]
    return places[order], found[order]
