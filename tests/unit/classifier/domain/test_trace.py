import numpy as np
import pytest

from services.classifier.domain.run import Trace
from services.classifier.domain.trace import decimate, window


def test_a_short_trace_comes_back_whole() -> None:
    x = np.arange(10.0)
    assert decimate(x, x * 2, 5)[0].tolist() == x.tolist()


def test_a_single_tall_point_is_never_lost() -> None:
    x = np.arange(10_000.0)
    y = np.zeros(10_000)
    y[4321] = 7
    thin = decimate(x, y, 20)
    assert len(thin[0]) <= 40
    assert 4321 in thin[0]


def test_fewer_than_two_points_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        decimate(np.arange(9.0), np.arange(9.0), 1)


def test_a_window_holds_both_its_ends() -> None:
    trace = Trace("tic", np.arange(10.0), np.arange(10.0), "counts")
    assert window(trace, 2, 5).x.tolist() == [2, 3, 4, 5]
    assert window(trace, None, None).x.tolist() == trace.x.tolist()
    assert window(trace, 20, None).x.tolist() == []
