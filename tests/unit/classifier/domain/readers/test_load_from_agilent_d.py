import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_agilent_ch import load_from_agilent_ch
from services.classifier.domain.readers.load_from_agilent_d import load_from_agilent_d
from services.classifier.domain.readers.load_from_agilent_ms import load_from_agilent_ms
from services.classifier.domain.readers.registry import describe, load, read, recognise
from services.classifier.domain.synthetic.write_agilent_ch import agilent_ch_bytes
from services.classifier.domain.synthetic.write_reports import (
    WrittenPeak,
    chemstation_report_bytes,
    result_xml_bytes,
)
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.write_agilent_ms import agilent_ms_bytes

FID = agilent_ch_bytes(181, [1, 2, 3, 5, 8], sample="Synthetic")
DAD = agilent_ch_bytes(130, [9, 9, 9], sample="Synthetic", kind="LC")
RESULT = result_xml_bytes({"FID1 A": [WrittenPeak(1.0, 50.0, 9.0)]}, sample="Synthetic")
REAL_MS = REAL_FORMATS / "agilent_D" / "GC01_0812_066.D"
REAL_D = REAL_FORMATS / "openlab" / "chemstation_181.D"


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def stored(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "run.D.zip"
    path.write_bytes(content)
    return path


def test_the_signal_of_the_folder_comes_with_what_was_reported(tmp_path: Path) -> None:
    path = stored(
        tmp_path,
        packed(
            {"RUN.D/DAD1A.ch": DAD, "RUN.D/FID1A.ch": FID, "RUN.D/Result.xml": RESULT, "RUN.D/acq.txt": b"x"}
        ),
    )
    run = read(path)
    assert (run.format, run.technique) == ("Agilent-D", "GC")
    assert run.total.tolist() == [0.5, 1, 1.5, 2.5, 4]
    assert (run.metadata["signal_file"], run.metadata["other_signals"]) == ("fid1a.ch", "dad1a.ch")
    assert run.reported is not None and run.reported.area.tolist() == [50.0]
    told = describe(path, "run.D.zip")
    assert (told.format, told.reason, told.summary["reported_peaks"]) == ("Agilent-D", None, 1)


def test_mass_spectra_come_before_a_detector_signal(tmp_path: Path) -> None:
    run = read(stored(tmp_path, packed({"A.D/FID1A.ch": FID, "A.D/DATA.MS": agilent_ms_bytes()})))
    assert run.has_spectra
    assert run.scans == 3
    assert (run.metadata["signal_file"], run.metadata["other_signals"]) == ("data.ms", "fid1a.ch")


@pytest.mark.skipif(not REAL_MS.exists(), reason="the real instrument files are not on this machine")
def test_a_real_folder_of_mass_spectra_is_that_of_its_file(tmp_path: Path) -> None:
    files = {f"{REAL_MS.name}/{each.name}": each.read_bytes() for each in REAL_MS.iterdir()}
    run, alone = read(stored(tmp_path, packed(files))), load_from_agilent_ms(REAL_MS / "DATA.MS")
    assert np.array_equal(run.mz, alone.mz) and np.array_equal(run.intensity, alone.intensity)
    assert run.format == "Agilent-D"


def test_a_report_in_text_is_taken_too(tmp_path: Path) -> None:
    report = chemstation_report_bytes({"FID1 A": [WrittenPeak(1.0, 50.0, 9.0)]})
    run = read(stored(tmp_path, packed({"RUN.D/FID1A.ch": FID, "RUN.D/Report.TXT": report})))
    assert run.reported is not None and run.reported.format == "ChemStation-report"


def test_a_report_alone_is_a_table_of_peaks(tmp_path: Path) -> None:
    report = chemstation_report_bytes({"FID1 A": [WrittenPeak(1.0, 50.0, 9.0)]})
    found = load(stored(tmp_path, packed({"RUTIN2.D/Report.TXT": report})))
    assert isinstance(found, PeakTable)
    assert (found.format, found.area.tolist(), found.metadata["report_file"]) == (
        "Agilent-D",
        [50.0],
        "report.txt",
    )


def test_a_report_of_another_run_is_not_taken(tmp_path: Path) -> None:
    other = result_xml_bytes({"FID1 A": [WrittenPeak(1.0, 50.0, 9.0)]}, sample="another")
    run = read(stored(tmp_path, packed({"RUN.D/FID1A.ch": FID, "RUN.D/Result.xml": other})))
    assert run.reported is None
    assert "is of the sample 'another', the signal of 'Synthetic'" in run.metadata["remark"]


def test_a_damaged_report_does_not_cost_the_signal(tmp_path: Path) -> None:
    run = read(stored(tmp_path, packed({"RUN.D/FID1A.ch": FID, "RUN.D/Result.xml": RESULT[:200]})))
    assert run.scans == 5
    assert "could not be read" in run.metadata["remark"]


@pytest.mark.parametrize("start", ["", "x/RUN.D/", "RUN.D\\"])
def test_the_folder_may_lie_deeper_or_be_its_contents_alone(tmp_path: Path, start: str) -> None:
    assert read(stored(tmp_path, packed({f"{start}FID1A.ch": FID}))).scans == 5


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"A.D/FID1A.ch": FID, "B.D/FID1A.ch": FID}, "holds 2 .D folders .A.D, B.D."),
        ({"A.D/x.txt": b"x"}, "no signal that this version reads; it holds x.txt"),
        ({}, "no signal"),
        ({"A.D/../../etc/passwd": b"x", "A.D/FID1A.ch": FID}, "leads out of it"),
        ({"/A.D/FID1A.ch": FID}, "leads out of it"),
        ({"C:\\A.D\\FID1A.ch": FID}, "leads out of it"),
        ({"A.D/FID1A.ch": FID[:-10]}, "no chromatogram"),
        ({"A.D/FID1A.ch": b"\x03181" + bytes(80 * 2**20)}, "that much is not unpacked"),
        ({f"A.D/{number}": b"" for number in range(6000)}, "holds 6000 files"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_an_archive_that_is_no_injection_is_refused(
    tmp_path: Path, files: dict[str, bytes], reason: str
) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_agilent_d(stored(tmp_path, packed(files)))


def _with(content: bytes, mark: bytes, offset: int, put: bytes, last: bool = False) -> bytes:
    at = (content.rfind if last else content.find)(mark) + offset
    return content[:at] + put + content[at + len(put) :]


WHOLE = packed({"A.D/FID1A.ch": FID})
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (WHOLE[:-1], "no end record"),
        (WHOLE[:100], "no end record"),
        (_with(WHOLE, END, 12, struct.pack("<I", 2**31)), "directory is longer"),
        (_with(WHOLE, CENTRAL, 8, b"\x01"), "encrypted"),
        (_with(WHOLE, CENTRAL, 10, b"\x0e"), "method that is not read"),
        (_with(WHOLE, CENTRAL, 24, struct.pack("<I", 2**32 - 2)), "not unpacked"),
        (_with(WHOLE, CENTRAL, 24, struct.pack("<I", 100)), "damaged"),
        (_with(WHOLE, CENTRAL, 20, struct.pack("<I", 2**31)), "beyond its end"),
        (_with(WHOLE, LOCAL, 60, b"\xff\xff\xff"), "damaged"),
        (_with(WHOLE, CENTRAL, 42, struct.pack("<I", 50)), "damaged"),
    ],
)
def test_a_damaged_archive_says_so(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_agilent_d(stored(tmp_path, content))


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    twice = packed({"A.D/FID1A.ch": FID, "A.D/FID1B.ch": DAD}).replace(b"FID1B", b"FID1A")
    with pytest.raises(ReaderError, match="twice"):
        load_from_agilent_d(stored(tmp_path, twice))


@pytest.mark.parametrize("name", ["run.zip", "run.D", "x"])
def test_an_archive_is_known_by_its_members(name: str) -> None:
    assert recognise(WHOLE, name) == "Agilent-D"
    assert recognise(packed({"note.txt": b"x"}), name) == "unknown"


@pytest.mark.skipif(not REAL_D.exists(), reason="the real instrument files are not on this machine")
def test_the_real_folder_has_a_report_of_another_run(tmp_path: Path) -> None:
    path = stored(
        tmp_path, packed({f"chemstation_181.D/{each.name}": each.read_bytes() for each in REAL_D.iterdir()})
    )
    run = read(path)
    assert run.total.tolist() == load_from_agilent_ch(REAL_D / "FID1A.ch").total.tolist()
    # The folder that its keepers made holds the signal of a blank beside the results of the sample 140+H.
    assert run.reported is None
    assert "sample '140+H', the signal of 'blanc421'" in run.metadata["remark"]
