import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_agilent_ms import load_from_agilent_ms
from services.classifier.domain.readers.registry import describe, read
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.write_agilent_ms import agilent_ms_bytes

REAL = REAL_FORMATS / "agilent_D" / "GC01_0812_066.D" / "DATA.MS"
real = pytest.mark.skipif(not REAL.exists(), reason="the real instrument files are not on this machine")


def stored(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "DATA.MS"
    path.write_bytes(content)
    return path


def put(place: int, form: str, value: int) -> bytes:
    content = bytearray(agilent_ms_bytes())
    struct.pack_into(form, content, place, value)
    return bytes(content)


def test_scans_and_spectra_come_back(tmp_path: Path) -> None:
    run = read(stored(tmp_path, agilent_ms_bytes()))
    assert (run.format, run.technique, run.times_s.tolist()) == ("Agilent-MS", "GC-MS", [60.0, 60.5, 61.0])
    assert run.total.tolist() == [8_400_000, 7, 5]
    assert [each.tolist() for each in run.spectrum(0)] == [[71.0, 73.1], [8.0, 16383 * 512]]
    assert [len(run.spectrum(scan)[0]) for scan in range(3)] == [2, 0, 1]
    assert run.metadata == {"sample": "SYNTHETIC", "date": "1 Jan 26", "method": "HEROIN.M"}


def test_the_files_of_liquid_chromatography_are_read_alike(tmp_path: Path) -> None:
    assert (
        load_from_agilent_ms(stored(tmp_path, agilent_ms_bytes(kind=b"MSD Spectral File"))).technique == "MS"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x012\x00\x00short", "does not begin as"),
        (agilent_ms_bytes(kind=b"SOMETHING ELSE"), "does not begin as"),
        (put(0x116, ">I", 2**31), "declares 2147483648 scans"),
        (put(0x116, ">I", 0), "the scans end at byte 1024, but the head says"),
        (put(0x116, ">I", 2), "but the head says that they end at"),
        (put(0x10A, ">H", 3), "said to begin at byte 4 of"),
        (put(0x400, ">H", 9), "do not fit its 2 pairs"),
        (put(0x40C, ">H", 60_000), "do not fit its 60000 pairs"),
        (put(0x402, ">I", 99_000_000), "do not rise at scan 2"),
        (agilent_ms_bytes()[:-40], "is truncated"),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = stored(tmp_path, content)
    with pytest.raises(ReaderError, match=reason):
        load_from_agilent_ms(path)
    assert describe(path, "DATA.MS").reason


@real
def test_a_real_run_agrees_with_an_independent_reader() -> None:
    """The figures are those that rainbow-api 1.5.5 gives; of the ions, sums over what lies within 0.5 of the mass."""
    run = read(REAL)
    assert run.scans == 9865
    assert run.times_s[[0, -1]].tolist() == [305.582, 4007.722]
    sums = np.add.reduceat(run.intensity, run.starts[:-1])
    assert sums[[0, 1, 5000, -1]].tolist() == [22220209, 22124886, 5336, 21247]
    assert int(run.intensity.sum()) == 5216983436
    ions = {mass: int(run.ion(mass, tolerance=0.5000001).sum()) for mass in (73, 147, 207)}
    assert ions == {73: 864721875, 147: 255707916, 207: 17587582}
    assert (run.metadata["method"], run.metadata["date"]) == ("MA_5C", "18 Dec 08   3:45 pm")


@real
def test_a_real_runs_total_is_that_of_its_own_index() -> None:
    content = REAL.read_bytes()
    run = read(REAL)
    place = 2 * struct.unpack_from(">I", content, 0x104)[0] - 2
    rows = np.frombuffer(content, ">u4", 3 * run.scans, place).reshape(-1, 3)
    assert np.array_equal(run.total, rows[:, 2])
    assert np.array_equal(run.times_s, rows[:, 1] / 1000)


@real
def test_a_real_folder_in_a_zip_gives_its_mass_spectra(tmp_path: Path) -> None:
    path = tmp_path / "GC01_0812_066.D.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in REAL.parent.iterdir():
            archive.write(file, f"GC01_0812_066.D/{file.name}")
    run, alone = read(path), read(REAL)
    assert (run.format, run.technique, run.metadata["signal_file"]) == ("Agilent-D", "GC-MS", "data.ms")
    assert np.array_equal(run.total, alone.total) and np.array_equal(run.intensity, alone.intensity)


def test_a_file_of_one_manufacturers_program_says_how_to_convert_it(tmp_path: Path) -> None:
    path = stored(tmp_path, b"\x01\xa1" + "Finnigan".encode("utf-16-le") + bytes(600))
    found = describe(path, "small.RAW")
    assert found.format == "Thermo-RAW"
    assert "msconvert --mzML" in (found.reason or "")
