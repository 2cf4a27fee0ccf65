from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_andi_chrom import load_from_andi_chrom
from services.classifier.domain.readers.registry import describe, read
from services.classifier.domain.synthetic.write_netcdf import netcdf_bytes
from tests.unit.classifier.domain.builders import REAL_FORMATS

REAL = REAL_FORMATS / "andi_cdf" / "VARIAN1.CDF"
real = pytest.mark.skipif(not REAL.exists(), reason="the real instrument files are not on this machine")


def andi_chrom_bytes(**replaced: NDArray[Any]) -> bytes:
    """A signal of six points every half second from 1 s on, and two peaks."""
    values: dict[str, tuple[list[str], NDArray[Any]]] = {
        "ordinate_values": (["point_number"], np.array([0, 1, 5, 2, 3, 0], "f4")),
        "actual_sampling_interval": (["one"], np.array([0.5], "f4")),
        "actual_delay_time": (["one"], np.array([1.0], "f4")),
        "peak_retention_time": (["peak_number"], np.array([2.0, 3.0], "f4")),
        "peak_area": (["peak_number"], np.array([9.5, -9999.0], "f4")),
        "peak_height": (["peak_number"], np.array([-1.0, -1.0], "f4")),
        "peak_width": (["peak_number"], np.array([0.25, 0.0], "f4")),
        "peak_amount": (["peak_number"], np.array([75.0, 25.0], "f4")),
        "peak_name": (["peak_number", "letters"], np.frombuffer(b"heroin\0\0        ", "S1").reshape(2, 8)),
    }
    told: list[tuple[str, list[str], NDArray[Any], dict[str, str | float]]] = [
        (name, dimensions, replaced.get(name, array), {}) for name, (dimensions, array) in values.items()
    ]
    sizes = {"point_number": 6, "one": 1, "peak_number": 2, "letters": 8}
    return netcdf_bytes(sizes, {"detector_unit": "mV", "peak_amount_unit": "%"}, told)


def stored(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "run.cdf"
    path.write_bytes(content)
    return path


def test_signal_and_peaks_come_back(tmp_path: Path) -> None:
    run = read(stored(tmp_path, andi_chrom_bytes()))
    assert (run.format, run.unit) == ("ANDI-chrom", "mV")
    assert run.times_s.tolist() == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert run.total.tolist() == [0, 1, 5, 2, 3, 0]
    table = run.reported
    assert table is not None
    assert (table.names, table.time_s.tolist()) == (("heroin", ""), [2.0, 3.0])
    assert (table.amounts["peak_amount"].tolist(), table.units) == ([75.0, 25.0], {"peak_amount": "%"})


def test_what_was_not_measured_is_no_number(tmp_path: Path) -> None:
    table = read(stored(tmp_path, andi_chrom_bytes())).reported
    assert table is not None
    assert table.area[0] == 9.5 and np.isnan(table.area[1])
    assert np.isnan(table.height).all()
    assert table.width_s[0] == 0.25 and np.isnan(table.width_s[1])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (andi_chrom_bytes(actual_sampling_interval=np.array([0.0], "f4")), "give no time axis"),
        (andi_chrom_bytes(ordinate_values=np.full(6, np.nan, "f4")), "no number"),
        (andi_chrom_bytes()[:-30], "truncated"),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_andi_chrom(stored(tmp_path, content))


@real
def test_a_real_run_agrees_with_an_independent_reader() -> None:
    scipy_io = pytest.importorskip("scipy.io")
    other = scipy_io.netcdf_file(REAL, mmap=False).variables
    run = read(REAL)
    assert np.array_equal(run.total, other["ordinate_values"].data)
    step = float(other["actual_sampling_interval"].data)
    assert np.diff(run.times_s) == pytest.approx(np.full(1301, step), rel=1e-9)
    table = run.reported
    assert table is not None
    assert np.array_equal(table.time_s, other["peak_retention_time"].data)
    assert np.array_equal(table.area, other["peak_area"].data)
    assert np.array_equal(table.amounts["peak_amount"], other["peak_amount"].data)
    assert describe(REAL, "VARIAN1.CDF").summary["reported_peaks"] == 8
    # The file says how long the run was; the axis ends there.
    assert run.times_s[-1] == pytest.approx(float(other["actual_run_time_length"].data), rel=0.003)


@real
def test_the_peaks_of_a_real_run_lie_where_its_signal_is_highest() -> None:
    run = read(REAL)
    assert run.reported is not None
    for apex in run.reported.time_s:
        near = np.abs(run.times_s - apex) < 2.5
        assert run.times_s[near][run.total[near].argmax()] == pytest.approx(apex, abs=1.0)
