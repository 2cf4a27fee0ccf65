from typing import Any

import numpy as np
import pytest

from services.classifier.domain.peak_table import PeakTable


def test_what_a_file_does_not_say_is_nan_and_not_zero() -> None:
    table = PeakTable("CSV", "GC", ("heroin", ""), np.array([60.0, 30.0]), np.array([5.0, 7.0]))
    assert np.isnan(table.height).all() and np.isnan(table.width_s).all()
    assert table.signals == ("", "")
    assert table.peaks == 2


def test_the_summary_says_how_many_from_when_to_when_and_in_which_unit() -> None:
    table = PeakTable(
        "CSV", "GC", ("heroin", "", ""), np.array([60.0, 30.0, np.nan]), np.ones(3),
        signals=("FID1A", "FID1A", "FID2B"), units={"area": "pA*s"},
    )  # fmt: skip
    assert table.summary() == {
        "peaks": 3, "technique": "GC", "unit": "pA*s", "from_s": 30.0, "to_s": 60.0,
        "signals": ["FID1A", "FID2B"], "named_peaks": 1,
    }  # fmt: skip


def test_a_table_without_times_has_a_summary_without_them() -> None:
    assert PeakTable("CSV", "GC", ("a",), np.array([np.nan]), np.ones(1)).summary() == {
        "peaks": 1, "technique": "GC", "unit": "", "named_peaks": 1,
    }  # fmt: skip


@pytest.mark.parametrize("column", ["time_s", "area", "height"])
def test_columns_of_different_length_are_refused(column: str) -> None:
    columns: dict[str, Any] = {"time_s": np.ones(2), "area": np.ones(2), column: np.ones(3)}
    with pytest.raises(ValueError, match="differ in length"):
        PeakTable("CSV", "GC", ("a", "b"), **columns)
    with pytest.raises(ValueError, match="differ in length"):
        PeakTable("CSV", "GC", ("a", "b"), np.ones(2), np.ones(2), amounts={"share": np.ones(1)})
