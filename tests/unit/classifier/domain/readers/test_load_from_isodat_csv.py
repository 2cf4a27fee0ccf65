from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_isodat_csv import load_from_isodat_csv
from services.classifier.domain.readers.registry import describe, load

PEAKS = """\
Row,Identifier 1,Identifier 2,Analysis,Peak Nr.,Is Ref _,Component,Rt,Start,End,Ampl 44,Area All,Area 44,d 13C/12C,d 18O/16O
1,HER-7,a,2921,1,1,,38.0,35.1,60.1,722.1,14.1,13.9,-43.372,
1,HER-7,a,2921,2,0,morphine,384.3,380.0,395.5,1501.0,20.5,20.1,-25.952,-21.7
2,"BLANK, b",a,2922,1,0,,100.0,99.0,101.0,5.0,0.1,0.1,,
"""
FLOW = """Identifier 1;Gasconfiguration;Rt [min];d 15N/14N [per mil] vs. Air-N2;d 15N/14N [‰] (VPDB)
HER-7;N2;1,5;-1,201;2,5
"""


def stored(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(text)
    return path


def test_peaks_come_with_analysis_and_gas(tmp_path: Path) -> None:
    table = load(stored(tmp_path, PEAKS))
    assert isinstance(table, PeakTable)
    assert (table.format, table.technique, table.peaks) == ("Isodat-CSV", "IRMS", 3)
    assert table.signals == ("HER-7 / 2921", "HER-7 / 2921", "BLANK, b / 2922")
    assert table.names == ("", "morphine", "")
    assert table.time_s.tolist() == [38.0, 384.3, 100.0]
    assert table.width_s.tolist() == pytest.approx([25.0, 15.5, 2.0])
    assert (table.area.tolist(), table.height.tolist()) == ([14.1, 20.5, 0.1], [722.1, 1501.0, 5.0])
    assert (table.units["area"], table.units["height"]) == ("Vs", "mV")
    assert table.amounts["Is Ref _"].tolist() == [1, 0, 0]


def test_a_delta_value_never_goes_without_unit_and_no_scale_is_supposed(tmp_path: Path) -> None:
    table = load_from_isodat_csv(stored(tmp_path, PEAKS))
    assert table.amounts["d 13C/12C"][:2].tolist() == [-43.372, -25.952]
    assert np.isnan(table.amounts["d 13C/12C"][2])
    assert table.units["d 13C/12C"] == table.units["d 18O/16O"] == "per mil, scale not stated"


def test_the_scale_is_taken_from_the_heading(tmp_path: Path) -> None:
    table = load_from_isodat_csv(stored(tmp_path, FLOW))
    assert table.time_s.tolist() == [90.0]
    assert table.units["d 15N/14N"] == "per mil vs Air-N2"
    assert table.units["d 15N/14N (2)"] == "per mil vs VPDB"
    assert (table.amounts["d 15N/14N"].tolist(), table.amounts["d 15N/14N (2)"].tolist()) == ([-1.201], [2.5])


def test_the_scale_is_taken_from_a_row_of_units(tmp_path: Path) -> None:
    text = "Identifier 1\td 13C/12C  Mean\td 13C/12C  Std Dev\tδ18O/16O\n\t[per mil] vs. VPDB\t[per mil]\t[per mil] vs. VSMOW\n"
    table = load_from_isodat_csv(stored(tmp_path, text + "HER-7\t-29.1\t0.05\t12\n"))
    assert table.amounts["d 13C/12C Mean"].tolist() == [-29.1]
    assert table.units["d 13C/12C Mean"] == "per mil vs VPDB"
    assert table.units["d 13C/12C Std Dev"] == "per mil, scale not stated"
    assert table.units["d18O/16O"] == "per mil vs VSMOW"
    assert np.isnan(table.time_s).all() and np.isnan(table.area).all()


def test_the_registry_knows_it_from_a_table_of_peaks(tmp_path: Path) -> None:
    found = describe(stored(tmp_path, PEAKS), "export.csv")
    assert (found.format, found.reason, found.summary["peaks"]) == ("Isodat-CSV", None, 3)
    assert describe(stored(tmp_path, "name,time,area\na,1,2\n"), "export.csv").format == "CSV"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "none of the first 60 rows is a heading"),
        ("", "none of the first 60 rows is a heading"),
        ("Identifier 1,d 13C/12C\n", "no row under it"),
        ("Identifier 1,d 13C/12C\nx,-29.x\n", "row 1 of the column 'd 13C/12C' holds '-29.x'"),
        ("Identifier 1,d 13C/12C\nx,-29.1,7\n", "row 2 has 3 cells under 2 headings"),
        ("Identifier 1,Rt [h],d 13C/12C\nx,1,-29.1\n", "times in 'h'"),
        ("Identifier 1;d 13C/12C\nx;-29.1\ny;-29,1\n", "both the point and the comma"),
        ("Identifier 1,d 13C/12C" + ",x" * 600 + "\n", "has 602 columns"),
        (
            "Identifier 1,d 13C/12C" + ",x" * 450 + "\n" + ("1" + ",2" * 451 + "\n") * 1000,
            "more than can be read",
        ),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_isodat_csv(stored(tmp_path, text))
