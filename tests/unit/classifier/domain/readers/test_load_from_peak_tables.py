"""Tables of peaks of no particular maker: text by columns, workbooks, and samples side by side."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import Workbook

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.peak_table_template import PeakTableTemplate, WrongTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_gcalignr import load_from_gcalignr
from services.classifier.domain.readers.load_from_peak_table_csv import load_from_peak_table_csv
from services.classifier.domain.readers.load_from_peak_table_xlsx import load_from_peak_table_xlsx
from services.classifier.domain.readers.registry import describe, load
from tests.unit.classifier.domain.builders import REAL_FORMATS

LIST = REAL_FORMATS / "peaktables" / "GCalignR_peak_data.txt"


def stored(tmp_path: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("Compound,RT (min),Area\nheroin,12.5,1000.5\nMAM,10.25,200\n", [750, 615]),
        ("Compound;RT (min);Area\nheroin;12,5;1000,5\nMAM;10,25;200\n", [750, 615]),
        ("Compound\tRT [s]\tArea\nheroin\t12.5\t1000.5\nMAM\t10.25\t200\n", [12.5, 10.25]),
        (
            "Report of a run\n\nName|Retention time (min)|Peak area\n\nheroin|12.5|1000.5\nMAM|10.25|200\nTotal||1200.5\n",
            [750, 615],
        ),
        ('"Compound","RT (min)","Area"\n"heroin","12,5","1.000,5"\n"MAM","10,25","200"\n', [750, 615]),
        ("\ufeffName;Retentionszeit (min);Fläche\nheroin;12,5;1.000,5\nMAM;10,25;200\n", [750, 615]),
    ],
)
def test_a_table_is_read_by_its_headings(tmp_path: Path, text: str, times: list[float]) -> None:
    found = load(stored(tmp_path, text))
    assert isinstance(found, PeakTable)
    assert (found.format, found.names) == ("CSV", ("heroin", "MAM"))
    assert found.time_s.tolist() == pytest.approx(times)
    assert found.area.tolist() == [1000.5, 200]
    assert "remark" not in found.metadata


def test_a_template_says_what_the_headings_do_not(tmp_path: Path) -> None:
    template = PeakTableTemplate(
        time="tR",
        area="A",
        name="Stoff",
        amounts=("conc",),
        time_unit="s",
        units={"area": "counts"},
        delimiter="\t",
        decimal_mark=",",
    )
    text = "Stoff\ttR\tA\tconc (%)\nheroin\t1,234\t1.234,5\t3,5\n"
    found = load_from_peak_table_csv(stored(tmp_path, text), template)
    assert (found.time_s.tolist(), found.area.tolist()) == ([1.234], [1234.5])
    assert found.amounts["conc"].tolist() == [3.5]
    assert found.units == {"conc": "%", "area": "counts"}


def test_minutes_that_were_assumed_are_told(tmp_path: Path) -> None:
    told = describe(stored(tmp_path, "rt,area\n1.5,3\n"), "t.csv")
    assert told.summary["remark"] == "the table names no unit of time; minutes were assumed"
    assert told.summary["from_s"] == 90


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "none of the first 60 rows has columns for a retention time and an area"),
        ("rt (min),area\n", "headings, but no peak"),
        ("rt (min),area\n1.5,\n", "row 2 has no area: '' is no number"),
        ("rt (min),area\n1.5,nan\n", "row 2 has no area: 'nan'"),
        ("rt (min),area\n1.5,1_000\n", "row 2 has no area"),
        ("rt (min),area\n1.5,=1+1\n", "row 2 has no area: '=1.1'"),
        ("rt (min),area\n-1.5,3\n", "below zero"),
        ("rt (h),area\n1.5,3\n", "neither s nor min"),
        ("rt (min)\tarea\n1,500\t3,250\n", "may part decimals or thousands"),
        ("rt (min)\tarea\n1,5\t3.2\n", "both the point and the comma"),
        ("rt (min),area\n" + "1,2\n" * 50_001, "more than 50000 peaks"),
        ("," * 600, "600|601"),
        ("x" * (2**20 + 5), "more than 1048576 letters"),
        ("(" + " " * 500_000 + "x,y\n1,2\n", "none of the first 60 rows"),
        ('rt,area\n"1', "row 2 has no|unexpected end"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_says_where(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_peak_table_csv(stored(tmp_path, text))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"time": " "}, "names the column"),
        ({"time_unit": "h"}, "s or min"),
        ({"delimiter": "x"}, "delimiter"),
        ({"delimiter": ",", "decimal_mark": ","}, "decimal mark"),
    ],
)
def test_a_template_that_cannot_be_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(WrongTable, match=reason):
        PeakTableTemplate(**{"time": "rt", "area": "area", **fields})


def test_a_column_that_the_template_names_has_to_be_there(tmp_path: Path) -> None:
    template = PeakTableTemplate(time="rt", area="area", amounts=("purity",))
    with pytest.raises(ReaderError, match="no column 'purity'"):
        load_from_peak_table_csv(stored(tmp_path, "rt,area\n1,2\n"), template)


def workbook(rows: list[list[Any]], title: str = "Peaks") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


ROWS: list[list[Any]] = [
    ["Sequence 7"],
    [],
    ["Compound", "RT (min)", "Area", "Height"],
    ["heroin", 12.5, 1000, 40.5],
    ["MAM", "10.25", 200, None],
]


def test_a_workbook_is_read_by_its_headings(tmp_path: Path) -> None:
    found = load(stored(tmp_path, workbook(ROWS), "t.xlsx"))
    assert isinstance(found, PeakTable)
    assert (found.format, found.names) == ("XLSX", ("heroin", "MAM"))
    assert found.time_s.tolist() == [750, 615]
    assert found.area.tolist() == [1000, 200]
    assert found.height[0] == 40.5 and np.isnan(found.height[1])


def test_the_sheet_of_the_template_is_read(tmp_path: Path) -> None:
    path = stored(tmp_path, workbook(ROWS), "t.xlsx")
    assert load_from_peak_table_xlsx(path, PeakTableTemplate("rt", "area", sheet="Peaks")).peaks == 2
    with pytest.raises(ReaderError, match="no sheet 'Other'; it has Peaks"):
        load_from_peak_table_xlsx(path, PeakTableTemplate("rt", "area", sheet="Other"))


@pytest.mark.parametrize("cell", ["=C4*2", True, None, "n.d.", "#DIV/0!"])
def test_a_formula_or_a_word_is_no_area(tmp_path: Path, cell: object) -> None:
    with pytest.raises(ReaderError, match="row 4 has no area"):
        load_from_peak_table_xlsx(stored(tmp_path, workbook([*ROWS[:3], ["heroin", 12.5, cell]])))


def repacked(content: bytes, name: str, change: bytes | None) -> bytes:
    """The workbook with one part replaced, or without it."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info))
        if change is not None:
            new.writestr(name, change)
    return target.getvalue()


MORE = "holds more than a table of peaks has"
SHEET = "xl/worksheets/sheet1.xml"
HUGE = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/><sheetData>'
    b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (workbook([["a", "b"], [1, 2]]), "none of the first 60 rows"),
        (repacked(workbook(ROWS), "xl/workbook.xml", None), "no xl/workbook.xml"),
        (repacked(workbook(ROWS), SHEET, None), "damaged|no sheet"),
        (repacked(workbook(ROWS), SHEET, b"<worksheet><sheetData><row>"), "truncated"),
        (repacked(workbook(ROWS), SHEET, b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'), "document type"),
        (repacked(workbook(ROWS), SHEET, HUGE), "none of the first 60 rows"),
        (repacked(workbook(ROWS), "xl/styles.xml", b"<a>" + b"<xf/>" * 40_000), MORE),
        (repacked(workbook(ROWS), SHEET, b"<worksheet><row>" + b"<x:c/>" * 2000), MORE),
        (repacked(workbook(ROWS), SHEET, b"<worksheet>" + b"<row/>" * 700_000), f"not unpacked|{MORE}"),
        (repacked(workbook(ROWS), "xl/sharedStrings.xml", b"<sst>" + b"<si/>" * 60_000), MORE),
        (repacked(workbook(ROWS), "xl/sharedStrings.xml", b" " * 30_000_000), "not unpacked"),
        (workbook(ROWS)[:-100], "no end record|damaged"),
    ],
)
def test_a_workbook_that_is_none_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_peak_table_xlsx(stored(tmp_path, content, "t.xlsx"))


SIDE_BY_SIDE = "C3\tC2\tM2\ntime\tarea\n4.5\t100.5\t4.6\t7\t4.7\t1\nNA\tNA\t5.5\t8\t\t\n"


def test_samples_side_by_side_give_their_peaks_in_order(tmp_path: Path) -> None:
    found = load(stored(tmp_path, SIDE_BY_SIDE, "list.txt"))
    assert isinstance(found, PeakTable)
    assert (found.format, found.signals) == ("GCalignR", ("C3", "C2", "C2", "M2"))
    assert found.time_s.tolist() == pytest.approx([270, 276, 330, 282])
    assert found.area.tolist() == [100.5, 7, 8, 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SIDE_BY_SIDE.replace("\t1\n", "\n"), "row 3 has 5 cells, not 2 for each of 3"),
        (SIDE_BY_SIDE.replace("100.5", "x"), "row 3 holds '4.5' and 'x' for 'C3'"),
        (SIDE_BY_SIDE.replace("100.5", "NA"), "row 3 holds '4.5' and 'NA'"),
        ("C3\tC2\ntime\tarea\n", "holds no peak"),
        ("C3\tC2\na\tb\n", "no names of samples"),
        ("", "no names of samples"),
    ],
)
def test_a_list_that_does_not_fit_says_where(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_gcalignr(stored(tmp_path, text))


@pytest.mark.skipif(not LIST.exists(), reason="the real files are not on this machine")
def test_the_real_list_is_what_its_text_says() -> None:
    found = load(LIST)
    assert isinstance(found, PeakTable)
    rows = [line.split("\t") for line in LIST.read_text().splitlines()]
    assert len(set(found.signals)) == len(rows[0]) == 84
    numbers = np.array([[np.nan if cell == "NA" else float(cell) for cell in row] for row in rows[2:]])
    assert found.peaks == np.isfinite(numbers[:, ::2]).sum() == 11250
    assert found.area.sum() == pytest.approx(np.nansum(numbers[:, 1::2]))
    first = np.array(found.signals) == "C3"
    assert np.array_equal(found.time_s[first], numbers[np.isfinite(numbers[:, 0]), 0] * 60)
    assert np.array_equal(found.area[first], numbers[np.isfinite(numbers[:, 1]), 1])
