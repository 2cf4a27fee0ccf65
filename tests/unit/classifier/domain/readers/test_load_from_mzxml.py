from pathlib import Path

import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_mzxml import load_from_mzxml
from services.classifier.domain.readers.registry import describe
from tests.unit.classifier.domain.readers.write_mzml import mzxml_bytes


def stored(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "run.mzXML"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("dtype", [">f4", ">f8"])
@pytest.mark.parametrize("packed", [False, True])
def test_scans_and_spectra_come_back(tmp_path: Path, dtype: str, packed: bool) -> None:
    run = load_from_mzxml(stored(tmp_path, mzxml_bytes(dtype=dtype, packed=packed)))
    assert (run.format, run.times_s.tolist(), run.total.tolist()) == (
        "mzXML",
        [60.0, 75.0, 90.0],
        [30.0, 0.0, 6.0],
    )
    assert [each.tolist() for each in run.spectrum(2)] == [[57.25, 71.0, 85.0], [1.0, 2.0, 3.0]]
    assert run.metadata == {"source_file": "SYNTHETIC.raw", "spectra_of_higher_levels": "1"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT1M3.5S", 63.5), ("PT1H", 3600.0), ("60.5", 60.5), ("PT6.05e1S", 60.5)]
)
def test_retention_times_are_durations(tmp_path: Path, text: str, seconds: float) -> None:
    content = mzxml_bytes([(60.5, [1.0], [2.0])]).replace(b"PT60.5S", text.encode())
    assert load_from_mzxml(stored(tmp_path, content)).times_s.tolist() == [seconds]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"PT60.0S", b"soon", "scan 1 has no retention time"),
        (b"PT60.0S", b"PT", "no retention time"),
        (b"PT75.0S", b"PT60S", "do not rise at scan 2"),
        (b'peaksCount="2"', b'peaksCount="3"', "scan 1 has 16 bytes where 6 values of f4 need 24"),
        (b'peaksCount="2"', b'peaksCount="999999999999"', "far more than the file can hold"),
        (b'peaksCount="2"', b'peaksCount="x"', "no whole number"),
        (b'"m/z-int"', b'"m/z ruler"', "laid out as m/z ruler"),
        (b'"network"', b'"little"', "byte order"),
        (b'"none"', b'"lzma"', "laid out as"),
        (b"</msRun>", b"", "damaged"),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, old: bytes, new: bytes, reason: str) -> None:
    content = mzxml_bytes()
    assert old in content
    path = stored(tmp_path, content.replace(old, new))
    with pytest.raises(ReaderError, match=reason):
        load_from_mzxml(path)
    assert describe(path, "run.mzXML").format == "mzXML"
