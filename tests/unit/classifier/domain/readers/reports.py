"""What the tests of texts of chromatography software share: where a file is written, and what was measured."""

from pathlib import Path

import pytest

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.registry import load
from services.classifier.domain.synthetic.write_reports import (
    WrittenPeak,
)
from tests.unit.classifier.domain.builders import REAL_FORMATS

real = pytest.mark.skipif(
    not REAL_FORMATS.exists(), reason="the real instrument files are not on this machine"
)


PEAKS = [
    WrittenPeak(1.442, 831.18597, 22.49623, 0.4671, "caffeine"),
    WrittenPeak(2.348, 496.12753, 37.55152, 0.1901),
]


MINUTES = [0.0, 0.5, 1.0, 1.5]


def stored(tmp_path: Path, content: bytes, name: str = "file.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def table(path: Path) -> PeakTable:
    content = load(path)
    assert isinstance(content, PeakTable)
    return content
