"""Chromatograms of Chromeleon: generated texts, and a real one against what it says itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_chromeleon import load_from_chromeleon
from services.classifier.domain.readers.registry import describe, read
from services.classifier.domain.synthetic.write_reports import (
    chromeleon_bytes,
)
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.reports import MINUTES, real, stored


@pytest.mark.parametrize(("mark", "encoding"), [(".", "utf-8"), (",", "cp1252"), (",", "utf-16")])
def test_a_chromatogram_of_chromeleon_with_either_mark(tmp_path: Path, mark: str, encoding: str) -> None:
    run = read(
        stored(tmp_path, chromeleon_bytes(MINUTES, [1.5, -2.25, 1234.5, 0.0], mark=mark, encoding=encoding))
    )
    assert run.times_s.tolist() == [0, 30, 60, 90]
    assert run.total.tolist() == [1.5, -2.25, 1234.5, 0.0]
    assert (run.format, run.unit, run.metadata["decimal_mark"]) == ("Chromeleon", "nC", mark)
    assert run.metadata["Injection Volume (µl)"] == "25.0"
    assert "remark" not in run.metadata


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text.replace("-2.250000", "-2,250000"), "both the point and the comma"),
        (lambda text: text.replace("-2.250000", "n.a."), "row 2 of the chromatogram"),
        (lambda text: text.replace("0.500000\t", "0.000000\t"), "do not rise at row 2 of 4"),
        (lambda text: text.replace("\t-2.25", "\t\t-2.25"), "row 2 of the chromatogram has 4 cells"),
        (lambda text: text.replace("Chromatogram Data:", "Other Data:"), "no section"),
        (lambda text: text[: text.index("0.500000")], "holds 1 points"),
        (lambda text: text.replace("Step (s)", "a\tb\tc"), "a field of spectra"),
    ],
)
def test_a_damaged_chromatogram_says_where(tmp_path: Path, damage: Callable[[str], str], reason: str) -> None:
    text = chromeleon_bytes(MINUTES, [1.5, -2.25, 1.0, 0.0]).decode()
    with pytest.raises(ReaderError, match=reason):
        load_from_chromeleon(stored(tmp_path, damage(text).encode()))


def test_a_chromatogram_shorter_than_it_declares_is_read_with_a_remark(tmp_path: Path) -> None:
    told = describe(stored(tmp_path, chromeleon_bytes(MINUTES, [0.0] * 4, declared=3241)), "a.txt")
    assert told.summary["remark"] == "the file declares 3241 points and holds 4"


@real
def test_the_real_chromatogram_of_chromeleon_is_what_its_text_says() -> None:
    run = read(REAL_FORMATS / "chromeleon" / "chromeleon_period.txt")
    assert run.times_s.tolist() == pytest.approx(range(10), abs=1e-4)
    assert run.total.tolist() == [
        -0.0896,
        -0.03875,
        -0.0199,
        -0.0107,
        -0.0044,
        -0.01355,
        -0.00705,
        -0.0116,
        -0.0142,
        -0.0251,
    ]
    assert run.unit == "nC"
