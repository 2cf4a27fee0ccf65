"""Means with their intervals."""

import numpy as np
import pytest
from scipy import stats

from services.classifier.domain.means import mean_of


def test_the_interval_is_students() -> None:
    values = [41.0, 52.5, 47.1, 60.2]
    found = mean_of(values)
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (found.n, found.mean) == (4, pytest.approx(np.mean(values)))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    found = mean_of([50.0])
    assert (found.mean, found.low, found.high) == (50.0, None, None)
    with pytest.raises(ValueError, match="no mean"):
        mean_of([])
