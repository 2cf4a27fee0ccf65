"""Exports of LabSolutions: generated texts, and a real one against what it says itself; its own files, which are not read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_shimadzu import load_from_shimadzu
from services.classifier.domain.readers.registry import describe, read
from services.classifier.domain.run import RawRun
from services.classifier.domain.synthetic.write_reports import (
    shimadzu_bytes,
)
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.reports import MINUTES, PEAKS, real, stored, table


@pytest.mark.parametrize(("parts", "mark"), [("\t", "."), ("\t", ","), (",", "."), (";", ",")])
def test_an_export_of_labsolutions_gives_the_run_and_what_was_reported(
    tmp_path: Path, parts: str, mark: str
) -> None:
    run = read(stored(tmp_path, shimadzu_bytes(MINUTES, [-132, 0, 53000, 8], PEAKS, parts=parts, mark=mark)))
    assert run.times_s.tolist() == pytest.approx([0, 30, 60, 90])
    assert run.total.tolist() == pytest.approx([-0.132, 0, 53, 0.008])
    assert (run.format, run.unit, run.metadata["Sample Name"]) == ("Shimadzu", "mV", "Synthetic")
    assert run.reported is not None
    assert run.reported.names == ("caffeine", "")
    assert run.reported.area.tolist() == pytest.approx([831.18597, 496.12753])
    assert run.reported.time_s.tolist() == pytest.approx([86.52, 140.88])
    assert run.reported.amounts["end_s"].tolist() == pytest.approx(
        [60 * (1.442 + 0.4671), 60 * (2.348 + 0.1901)]
    )
    assert run.reported.signals == ("Detector A-Ch1",) * 2


def test_an_export_without_a_chromatogram_is_a_table_of_peaks(tmp_path: Path) -> None:
    found = table(stored(tmp_path, shimadzu_bytes([], [], PEAKS, chromatogram=False)))
    assert found.peaks == 2
    assert (
        describe(stored(tmp_path, shimadzu_bytes([], [], [], chromatogram=False)), "a.txt").summary["peaks"]
        == 0
    )


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (
            lambda text: text[: text.index("1.50000\t8")],
            "truncated: 'LC Chromatogram.* declares 4 points and holds 3",
        ),
        (lambda text: text.replace("1.00000\t53000", "1.00000\tx"), "row 3 of"),
        (lambda text: text.replace("1.00000\t53000", "0.25000\t53000"), "do not rise at row 3"),
        (lambda text: text.replace("# of Peaks\t2", "# of Peaks\t3"), "declares 3 peaks and holds 2"),
        (lambda text: text.replace("R.Time\tI.Time", "R.Zeit\tI.Time"), "no head with R.Time"),
        (lambda text: text.replace("0.001", "0"), "gives no signal"),
        (lambda text: text.replace("Name\tLab", "Name|Lab"), "none of tab, comma"),
        (lambda text: text[: text.index("[Peak")], "neither a chromatogram nor"),
        (lambda text: text + "[a]\n" * 3000, "more than 2000 sections"),
    ],
)
def test_a_damaged_export_says_where(tmp_path: Path, damage: Callable[[str], str], reason: str) -> None:
    text = shimadzu_bytes(MINUTES, [-132, 0, 53000, 8], PEAKS).decode()
    with pytest.raises(ReaderError, match=reason):
        load_from_shimadzu(stored(tmp_path, damage(text).encode()))


@real
def test_the_real_export_of_labsolutions_is_what_its_text_says() -> None:
    path = REAL_FORMATS / "peaktables" / "shimadzu_ladder.txt"
    run = read(path)
    rows = path.read_text().split("R.Time (min)\tIntensity\n")[1].split("\n\n")[0].splitlines()
    pairs = np.array([[float(cell) for cell in row.split("\t")] for row in rows])
    assert run.scans == 66255 == len(pairs)
    assert np.array_equal(run.times_s, pairs[:, 0] * 60)
    assert np.array_equal(run.total, pairs[:, 1])
    assert isinstance(run, RawRun) and run.reported is not None
    assert (run.reported.peaks, run.reported.area[:3].tolist()) == (83, [2042, 2333, 1245])
    assert run.reported.time_s[-1] == pytest.approx(43.689 * 60)
    assert run.reported.height[-1] == 548


def test_a_file_of_labsolutions_itself_says_how_it_is_made_readable(tmp_path: Path) -> None:
    told = describe(
        stored(tmp_path, b"\xd0\xcf\x11\xe0" + bytes(508) + "LSS Raw Data".encode("utf-16-le")), "a.bin"
    )
    assert told.format == "LabSolutions"
    assert "Convert to ASCII" in (told.reason or "")


@real
def test_the_real_file_of_labsolutions_is_known() -> None:
    assert describe(REAL_FORMATS / "shimadzu" / "FS19_214.gcd", "x").format == "LabSolutions"
