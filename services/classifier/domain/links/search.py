"""Exact search among all profiles of a programme for those most alike to one."""

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.links.measures import CORRELATIONS, scores
from services.classifier.domain.run import Floats

#: Single precision only chooses whom to score again; its error on unit vectors is far below this.
_MARGIN = 1e-4
_SAMPLE = 65_536
_FIRST_ROOM = 1024


class Prepared:
    """Prepared rows (n, p) of a population's measure, and the same in single precision for the first look; grows in place."""

    def __init__(self, columns: int, measure: str) -> None:
        self.measure = measure
        self._count = 0
        self._rows = np.empty((_FIRST_ROOM, columns))
        self._coarse = np.empty((_FIRST_ROOM, columns), np.float32)

    @property
    def rows(self) -> Floats:
        """The rows, (n, p)."""
        return self._rows[: self._count]

    @property
    def coarse(self) -> NDArray[np.float32]:
        """The rows in single precision, (n, p)."""
        return self._coarse[: self._count]

    def put(self, places: NDArray[np.intp], rows: Floats) -> None:
        """Sets the rows at these places; those beyond the end are added and leave no place out."""
        count = max(self._count, int(places.max(initial=-1)) + 1)
        if count > len(self._rows):
            room = max(count, 2 * len(self._rows))
            self._rows = np.concatenate((self._rows, np.empty((room - len(self._rows), rows.shape[1]))))
            more = np.empty((room - len(self._coarse), rows.shape[1]), np.float32)
            self._coarse = np.concatenate((self._coarse, more))
        self._rows[places] = rows
        self._coarse[places] = rows
        self._count = count


def nearest(
    table: Prepared, own: Floats, limit: int, leave_out: NDArray[np.intp]
) -> tuple[NDArray[np.intp], Floats]:
    """Places and scores of the `limit` rows most alike to the prepared profile (p,), the best first; of equals the earlier.

    Every row is looked at: for correlations in single precision first, whoever could be among the best then in double.
    """
    rows = len(table.rows)
    if table.measure not in CORRELATIONS or rows <= _SAMPLE:
        places = np.setdiff1d(np.arange(rows), leave_out, assume_unique=False)
        found = scores(table.rows[places], own, table.measure)
        return _best(places, found, limit)
    rough = table.coarse @ own.astype(np.float32)
    rough[leave_out] = -np.inf
    # The limit-th best of a part bounds the limit-th best of all from below; so few are left for the exact sorting.
    step = max(1, rows // _SAMPLE)
    part = rough[::step]
    least = np.partition(part, len(part) - min(limit, len(part)))[len(part) - min(limit, len(part))]
    places = np.flatnonzero(rough >= least - _MARGIN)
    if len(places) > 4 * limit:
        known = rough[places]
        least = np.partition(known, len(known) - limit)[len(known) - limit]
        places = places[known >= least - _MARGIN]
    places = np.setdiff1d(places, leave_out)
    return _best(places, scores(table.rows[places], own, table.measure), limit)


def _best(places: NDArray[np.intp], found: Floats, limit: int) -> tuple[NDArray[np.intp], Floats]:
    order = np.argsort(-found, kind="stable")[:limit]
    return places[order], found[order]
