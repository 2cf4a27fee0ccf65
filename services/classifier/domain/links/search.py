"""Exact search among all profiles of a programme for those most alike to one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.links.measures import CORRELATIONS, scores
from services.classifier.domain.run import Floats

#: Single precision only chooses whom to score again; its error on unit vectors is far below this.
_MARGIN = 1e-4
_SAMPLE = 65_536


@dataclass(slots=True)
class Prepared:
    """Prepared rows (n, p) of a population's measure; `coarse` are the same in single precision, for the first look."""

    rows: Floats
    measure: str
    coarse: NDArray[np.float32]

    @classmethod
    def of(cls, rows: Floats, measure: str) -> "Prepared":
        """Holds the rows."""
        return cls(rows, measure, rows.astype(np.float32))

    def put(self, places: NDArray[np.intp], rows: Floats) -> None:
        """Sets these rows; places beyond the end are added."""
        more = int(places.max(initial=-1)) + 1 - len(self.rows)
        if more > 0:
            self.rows = np.concatenate((self.rows, np.zeros((more, self.rows.shape[1]))))
            self.coarse = np.concatenate((self.coarse, np.zeros((more, self.rows.shape[1]), np.float32)))
        self.rows[places] = rows
        self.coarse[places] = rows


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
