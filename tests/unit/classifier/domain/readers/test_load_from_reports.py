"""The texts of chromatography software: generated files of each layout, and the real ones against what they say themselves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_chemstation_report import load_from_chemstation_report
from services.classifier.domain.readers.load_from_openlab_result import load_from_openlab_result
from services.classifier.domain.readers.registry import recognise
from services.classifier.domain.synthetic.write_reports import (
    WrittenPeak,
    chemstation_report_bytes,
    chromeleon_bytes,
    result_xml_bytes,
    shimadzu_bytes,
)
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.reports import MINUTES, PEAKS, real, stored, table

SIGNALS = {"FID1 A": PEAKS, "FID2 B": [WrittenPeak(3.5, 10.0, 2.0)]}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_report_gives_the_peaks_of_every_signal(tmp_path: Path, encoding: str) -> None:
    found = table(stored(tmp_path, chemstation_report_bytes(SIGNALS, encoding=encoding)))
    assert found.format == "ChemStation-report"
    assert found.signals == ("FID1 A", "FID1 A", "FID2 B")
    assert found.time_s.tolist() == pytest.approx([86.52, 140.88, 210.0])
    assert found.area.tolist() == [831.18597, 496.12753, 10.0]
    assert found.height.tolist() == [22.49623, 37.55152, 2.0]
    assert found.width_s.tolist() == pytest.approx([28.026, 11.406, 3.0])
    assert found.amounts["area_percent"].sum() == pytest.approx(200, abs=0.001)
    assert found.units == {"area": "pA*s", "height": "pA", "area_percent": "%"}
    assert found.metadata["Acq. Operator"] == "AB"


def test_a_report_with_amounts_and_names_is_read_by_its_own_columns(tmp_path: Path) -> None:
    text = (
        "Data File C:\\A.D\nSample Name: x\nSignal 1: FID1 A,\n"
        "RetTime  Type     Area     Amt/Area    Amount   Grp   Name\n"
        " [min]          [pA*s]              [ng/ul]\n"
        "-------|------|----------|----------|----------|--|------------------\n"
        "  3.100 BB      100.00000 5.00000e-2    5.00000    heroin and a long name\n"
        "  4.200 VV      200.00000 1.00000e-1   20.00000    \n"
        "Totals :                               25.00000\n"
    )
    found = table(stored(tmp_path, text.encode()))
    assert found.names == ("heroin and a long name", "")
    assert found.amounts["Amount"].tolist() == [5.0, 20.0]
    assert found.units["Amount"] == "ng/ul"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text.replace("831.18597", "731.18597"), "rows are missing or damaged"),
        (lambda text: "\n".join(line for line in text.splitlines() if "BB    0.1901" not in line), "add up to 831.186"),
        (lambda text: text[: text.index("2.348")], "no retention time|truncated"),
        (lambda text: text[: text.index("Totals")], "truncated"),
        (lambda text: text.replace("RetTime", "RxtTime"), "names no retention time"),
        (lambda text: text[:300], "no peak table"),
        (lambda text: text.replace("  1.442", "    nan"), "no retention time or no area"),
    ],
)  # fmt: skip
def test_a_report_that_lost_something_is_refused(
    tmp_path: Path, damage: Callable[[str], str], reason: str
) -> None:
    text = chemstation_report_bytes(SIGNALS, encoding="cp1252").decode("cp1252")
    with pytest.raises(ReaderError, match=reason):
        load_from_chemstation_report(stored(tmp_path, damage(text).encode("utf-16")))


@real
def test_the_real_report_adds_up_to_its_own_totals() -> None:
    found = table(REAL_FORMATS / "peaktables" / "RUTIN2.D" / "Report.TXT")
    totals = {"DAD1 A, Sig=254,8 Ref=off": (26, 1.88706e4, 648.01411), "DAD1 C, Sig=320,8 Ref=off": (10, 8251.91277, 270.77216),
              "DAD1 D, Sig=360,8 Ref=off": (25, 1.00219e4, 414.91107), "DAD1 E, Sig=210,8 Ref=off": (28, 4.16956e4, 1463.76386),
              "DAD1 B, Sig=230,8 Ref=off": (33, 7.34438e4, 1764.82117)}  # fmt: skip
    signals = np.array(found.signals)
    assert set(found.signals) == set(totals)
    for signal, (peaks, area, height) in totals.items():
        mine = signals == signal
        assert mine.sum() == peaks
        assert found.area[mine].sum() == pytest.approx(area, rel=1e-5)
        assert found.height[mine].sum() == pytest.approx(height, rel=1e-5)
        assert found.amounts["area_percent"][mine] == pytest.approx(100 * found.area[mine] / area, abs=1e-3)
    assert (found.time_s[-1], found.width_s[-1]) == (pytest.approx(34.4 * 60), pytest.approx(0.538 * 60))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_result_gives_peaks_with_their_ends_and_their_names(tmp_path: Path, encoding: str) -> None:
    found = table(stored(tmp_path, result_xml_bytes(SIGNALS, sample="A & B", encoding=encoding)))
    assert found.format == "OpenLab-result"
    assert found.names == ("caffeine", "", "")
    assert found.signals == ("FID1 A", "FID1 A", "FID2 B")
    assert found.area.tolist() == [831.18597, 496.12753, 10.0]
    assert found.amounts["start_s"].tolist() == pytest.approx([58.494, 129.474, 207.0])
    assert found.amounts["amount"].tolist() == pytest.approx([8.31186, 4.961275, 0.1])
    assert (found.units["area"], found.units["amount"], found.metadata["sample"]) == ("pA*s", "%", "A & B")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<ChemStationResult></ChemStationResult>", "no integration result"),
        (b"<ChemStationResult><Signal>", "truncated: its XML ends after 27"),
        (
            b'<!DOCTYPE a [<!ENTITY b "bb">]><ChemStationResult>&b;</ChemStationResult>',
            "declares a document type",
        ),
        (b"<ChemStationResult>" + b"<a>" * 200, "nests elements"),
        (
            b"<ChemStationResult><Signal>" + b"".join(b"<n%d/>" % n for n in range(200)),
            "more than 100 values",
        ),
        (result_xml_bytes(SIGNALS)[:900], "truncated"),
        (
            result_xml_bytes(SIGNALS, encoding="utf-8").replace(b">831.185970<", b">NaN<"),
            "1. integration result has no",
        ),
        (b'<?xml version="1.0" encoding="klingon"?><ChemStationResult/>', "encoding"),
    ],
)
def test_a_damaged_result_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_openlab_result(stored(tmp_path, content))


@real
def test_the_real_result_adds_up_to_its_own_sums() -> None:
    found = table(REAL_FORMATS / "openlab" / "chemstation_181.D" / "Result.xml")
    assert found.peaks == 36
    assert found.area.sum() == pytest.approx(548029.337851, rel=1e-9)
    assert found.height.sum() == pytest.approx(194974.686615, rel=1e-9)
    assert found.amounts["area_percent"] == pytest.approx(100 * found.area / 548029.337851, abs=1e-5)
    assert found.amounts["amount"] == pytest.approx(found.amounts["area_percent"], abs=1e-4)
    assert (found.amounts["start_s"] < found.time_s).all()
    assert (found.time_s[0], found.metadata["sample"]) == (pytest.approx(0.167537 * 60), "140+H")


@pytest.mark.parametrize(
    ("content", "format_name"),
    [
        (chemstation_report_bytes(SIGNALS), "ChemStation-report"),
        (result_xml_bytes(SIGNALS), "OpenLab-result"),
        (chromeleon_bytes(MINUTES, [0.0] * 4), "Chromeleon"),
        (chromeleon_bytes(MINUTES, [0.0] * 4, encoding="utf-16"), "Chromeleon"),
        (shimadzu_bytes(MINUTES, [0] * 4), "Shimadzu"),
    ],
)
def test_the_texts_are_known_by_their_content(content: bytes, format_name: str) -> None:
    assert recognise(content, "a") == format_name
