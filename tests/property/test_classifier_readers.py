"""Whatever the bytes of a file and the numbers of a trace are: a reader answers or says why, and no extreme is lost."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.domain.readers.registry import FORMATS, describe
from services.classifier.domain.trace import decimate
from tests.unit.classifier.domain.builders import andi_bytes

VALID = andi_bytes()
NUMBERS = st.floats(-1e9, 1e9)


@given(st.lists(NUMBERS, min_size=1, max_size=300), st.integers(2, 40))
def test_decimating_keeps_ends_and_extremes_and_invents_nothing(values: list[float], points: int) -> None:
    y, x = np.array(values), np.arange(float(len(values)))
    thin_x, thin_y = decimate(x, y, points)
    assert len(thin_x) == len(thin_y) <= max(2 * points, 1)
    assert (np.diff(thin_x) > 0).all()
    assert all(y[int(place)] == value for place, value in zip(thin_x, thin_y, strict=True))
    assert (thin_x[0], thin_x[-1]) == (x[0], x[-1])
    assert (thin_y.min(), thin_y.max()) == (y.min(), y.max())


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=8), st.integers(0, 400)
)
def test_damaged_files_are_read_or_refused_with_a_reason(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(VALID)
    for place, value in changes:
        content[place] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.cdf"
        path.write_bytes(content[: len(content) - cut])
        found = describe(path, "run.cdf")
    assert found.format in FORMATS
    assert bool(found.reason) != bool(found.summary)
