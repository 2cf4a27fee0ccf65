import struct
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_andi import load_from_andi
from services.classifier.domain.readers.registry import describe, read, recognise
from services.classifier.domain.run import NoSuchChannel
from tests.unit.classifier.domain.builders import REAL_FORMATS, andi_bytes

HP = REAL_FORMATS / "andi_cdf" / "HP_MS.CDF"
real = pytest.mark.skipif(not HP.exists(), reason="the real instrument files are not on this machine")


def stored(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "run.cdf"
    path.write_bytes(content)
    return path


def test_scans_and_spectra_come_back(tmp_path: Path) -> None:
    run = load_from_andi(stored(tmp_path, andi_bytes()))
    assert run.scans == 5
    assert run.times_s.tolist() == [0, 1, 2, 3, 4]
    assert run.trace().y.tolist() == [10, 11, 12, 13, 14]
    assert run.trace("mz:71").y.tolist() == [2, 5, 8, 11, 14]
    assert [each.tolist() for each in run.spectrum(1)] == [[57, 71, 85], [4, 5, 6]]
    assert run.metadata["experiment_title"] == "SYNTHETIC"


def test_a_total_that_is_not_stored_is_summed_from_the_spectra(tmp_path: Path) -> None:
    run = load_from_andi(stored(tmp_path, andi_bytes(total=False)))
    assert run.total.tolist() == [6, 15, 24, 33, 42]


def test_scans_without_points_are_kept(tmp_path: Path) -> None:
    run = load_from_andi(stored(tmp_path, andi_bytes(counts=np.array([0, 3, 0, 2, 0]))))
    assert run.ion(57).tolist() == [0, 1, 0, 4, 0]


@pytest.mark.parametrize("channel", ["", "mz:", "mz:x", "mz:-1", "mz:nan", "uv:200", "tic2"])
def test_an_unknown_channel_is_named(tmp_path: Path, channel: str) -> None:
    run = load_from_andi(stored(tmp_path, andi_bytes()))
    with pytest.raises(NoSuchChannel, match="tic and mz:"):
        run.trace(channel)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (andi_bytes(np.array([0.0, 1.0, 1.0, 2.0, 3.0])), "do not rise at scan 3 of 5"),
        (andi_bytes(np.array([0.0, 1.0, np.nan, 2.0, 3.0])), "no number, at place 2"),
        (andi_bytes(scan_index=np.array([0, 3, 6, 9, 13], "i4")), "points outside"),
        (andi_bytes(scan_index=np.array([0, -3, 6, 9, 12], "i4")), "points outside"),
        (andi_bytes(point_count=np.array([15, 3, 3, 3, 3], "i4")), "claim 27 points"),
        (andi_bytes(intensity_values=np.full(15, np.inf, "f4")), "no number"),
        (andi_bytes(np.zeros(0)), "holds no scan"),
        (b"CDF\x01", "inside the netCDF header"),
        (b"CDF\x01" + b"\x00" * 28, "no variable"),
        (b"\x89HDF\r\n\x1a\n" + b"\x00" * 100, "does not begin"),
        (b"", "inside the netCDF header"),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_andi(stored(tmp_path, content))


def test_a_file_that_claims_more_than_it_has_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    content = andi_bytes()
    small, huge = (struct.pack(">I", 12) + b"point_number" + struct.pack(">I", size) for size in (15, 2**31))
    assert small in content
    with pytest.raises(ReaderError, match="truncated"):
        load_from_andi(stored(tmp_path, content.replace(small, huge)))
    with pytest.raises(ReaderError, match="truncated"):
        load_from_andi(stored(tmp_path, content[:-20]))


@real
def test_a_real_run_agrees_with_an_independent_reader(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    run = read(HP)
    other = scipy_io.netcdf_file(HP, mmap=False)
    assert run.scans == 621
    assert (np.diff(run.times_s) > 0).all()
    assert np.array_equal(run.total, other.variables["total_intensity"].data)
    assert np.array_equal(run.times_s, other.variables["scan_acquisition_time"].data)
    assert np.array_equal(np.diff(run.starts), other.variables["point_count"].data)
    assert np.array_equal(run.starts[:-1], other.variables["scan_index"].data)
    assert np.array_equal(run.mz, other.variables["mass_values"].data)
    assert np.array_equal(run.intensity, other.variables["intensity_values"].data)


@real
def test_a_real_run_cut_in_half_says_that_it_is_truncated(tmp_path: Path) -> None:
    content = HP.read_bytes()
    found = describe(stored(tmp_path, content[: len(content) // 2]), "cut.cdf")
    assert found.format == "ANDI-MS"
    assert "truncated" in (found.reason or "")


@real
def test_a_real_chromatogram_is_read() -> None:
    run = read(REAL_FORMATS / "andi_cdf" / "VARIAN1.CDF")
    assert run.format == "ANDI-chrom"
    assert run.scans == 1302
    assert not run.has_spectra


@pytest.mark.parametrize(
    ("head", "name", "format_name"),
    [
        (andi_bytes(), "RUN.BIN", "ANDI-MS"),
        (b"CDF\x01 ordinate_values", "a.cdf", "ANDI-chrom"),
        (b"CDF\x01", "a.cdf", "unknown"),
        (b'<?xml version="1.0"?><indexedmzML>', "a", "mzML"),
        (b"<mzXML>", "a", "mzXML"),
        (b"##TITLE= x", "a.jdx", "JCAMP-DX"),
        (b"\x03179\x00", "FID1A.ch", "Agilent-ch"),
        (b"PK\x03\x04", "t.xlsx", "XLSX"),
        (b"a,b\n1,2\n", "t.csv", "CSV"),
        (b"\x00\x01VENDOR", "RUN0001.xyz", "unknown"),
        (b"", "", "unknown"),
    ],
)
def test_formats_are_known_by_their_content(head: bytes, name: str, format_name: str) -> None:
    assert recognise(head, name) == format_name


def test_what_no_reader_knows_says_so(tmp_path: Path) -> None:
    found = describe(stored(tmp_path, b"\x00\x01VENDOR"), "RUN0001.xyz")
    assert (found.format, found.summary) == ("unknown", {})
    assert found.reason
    assert describe(tmp_path / "gone", "gone.cdf").reason
