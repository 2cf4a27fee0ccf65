import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.dual_inlet import DualInlet
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_isodat import load_from_isodat
from services.classifier.domain.readers.registry import describe, load, read
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.write_isodat import CARBON, IsodatFile, dual_inlet_content

REAL = REAL_FORMATS / "isodat"
real = pytest.mark.skipif(not REAL.exists(), reason="the real instrument files are not on this machine")
FILE = IsodatFile()
#: In the order in which the file keeps them: standards, samples, and the standard that was measured first.
CHANGES = [
    ("Standard 0", 3000, [10.0, 12.0]), ("Sample 0", 2000, [20.0, 26.0]), ("Standard Pre", 1000, [10.0, 12.5]),
]  # fmt: skip


def stored(tmp_path: Path, content: bytes, name: str = "run.dxf") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_the_voltages_of_each_gas_are_one_run(tmp_path: Path) -> None:
    run = read(stored(tmp_path, FILE.content()))
    assert (run.format, run.technique, run.unit) == ("Isodat", "IRMS", "mV")
    assert run.times_s.tolist() == [0.5, 1.0, 2.0, 3.0, 4.0]
    assert run.total.tolist() == [1.0, 300.0, 10.0, 700.0, 20.0]
    assert [each.tolist() for each in run.spectrum(0)] == [[28, 29], [1.0, 2.0]]
    assert [each.tolist() for each in run.spectrum(3)] == [[44, 45, 46], [700.0, 800.0, 900.0]]
    assert run.trace("mz:45").y.tolist() == [0, 0, 11.0, 800.0, 21.0]
    assert run.metadata == {
        "Row": "7", "Identifier 1": "SYNTHETIC", "gas": "N2, CO2", "trace": "m/z 28, m/z 44",
    }  # fmt: skip


def test_the_peak_table_inside_names_the_scale_of_every_delta_value(tmp_path: Path) -> None:
    table = read(stored(tmp_path, FILE.content())).reported
    assert table is not None
    assert table.signals == ("N2", "CO2")
    assert (table.time_s.tolist(), table.width_s.tolist()) == ([1.0, 3.0], [1.0, 2.5])
    assert (table.area.tolist(), table.height.tolist()) == ([0.4, 1.5], [300.0, 700.0])
    assert table.amounts["d 15N/14N"][0] == 1.25 and np.isnan(table.amounts["d 15N/14N"][1])
    assert table.amounts["d 13C/12C"][1] == -27.5
    assert table.units["d 15N/14N"] == "per mil vs Air-N2"
    assert table.units["d 13C/12C"] == "per mil vs VPDB"
    assert table.units["d 17O/16O"] == "per mil, scale not stated"
    assert (table.units["area"], table.units["height"]) == ("Vs", "mV")
    assert table.metadata == {"reference_gas": "CO2 tank"}


def test_values_against_two_scales_are_never_one_column(tmp_path: Path) -> None:
    other = replace(CARBON, number=2, cells=(("δ 13C/12C", "δ 13C/12C", "%.3f", "[per mil]", "LSVEC", 3.0),))
    table = read(stored(tmp_path, replace(FILE, peaks=(*FILE.peaks, other)).content())).reported
    assert table is not None
    assert table.amounts["d 13C/12C"][1] == -27.5 and np.isnan(table.amounts["d 13C/12C"][2])
    assert table.amounts["d 13C/12C (per mil vs LSVEC)"][2] == 3.0


def test_the_layout_of_older_versions_is_read(tmp_path: Path) -> None:
    run = read(stored(tmp_path, FILE.old_content(), "run.cf"))
    assert (run.times_s.tolist(), run.metadata["gas"]) == ([2.0, 3.0, 4.0], "CO2")
    assert run.trace("mz:46").y.tolist() == [12.0, 900.0, 22.0]
    assert run.reported is not None and run.reported.time_s.tolist() == [3.0]


def test_the_change_overs_of_a_dual_inlet_file_come_in_the_order_of_their_clock(tmp_path: Path) -> None:
    run = load(stored(tmp_path, dual_inlet_content(CHANGES), "run.did"))
    assert isinstance(run, DualInlet)
    assert (run.gases, run.unit) == (("reference", "sample", "reference"), "mV")
    assert run.means().tolist() == [[10.0, 12.5], [20.0, 26.0], [10.0, 12.0]]
    assert run.metadata == {"Line": "158", "beams": "m/z 44, m/z 45"}
    assert run.trace("beam:1").y.tolist() == [10.0, 20.0, 10.0]


def changed(old: bytes, new: bytes) -> bytes:
    content = FILE.content()
    assert old in content
    return content.replace(old, new, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xffnothing", "does not begin as an Isodat file"),
        (FILE.content()[:80], "no block of measured voltages"),
        (changed(struct.pack("<I", 84), struct.pack("<I", 10**8)), "is truncated: rows are declared up to"),
        (replace(FILE, peaks=(CARBON,)).content(), "does not name the 2 masses that were measured of 'N2'"),
        (changed(struct.pack("<d", 700.0), struct.pack("<d", 1e300)), "no time or no voltage"),
        (changed(struct.pack("<f", 3.0), struct.pack("<f", 1.5)), "do not rise at row 4 of 5"),
        (FILE.old_content().replace(struct.pack("<I", 84), struct.pack("<I", 10**8)), "is truncated"),
        (FILE.old_content().replace(struct.pack("<I", 84), struct.pack("<I", 83)), "no rows of"),
        (dual_inlet_content(CHANGES[:2]), "do not alternate: 1 of sample, 1 of standard"),
        (dual_inlet_content([]), "no change-over of sample and standard"),
        (dual_inlet_content(CHANGES, masses=(44,)), "names 1 masses, but not every change-over has as many"),
        (dual_inlet_content([("Standard Pre", 1, [np.inf, 1.0])]), "a voltage that is no number"),
        (dual_inlet_content(CHANGES)[:150], "change-over 'Standard 0' is damaged"),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = stored(tmp_path, content)
    with pytest.raises(ReaderError, match=reason):
        load_from_isodat(path)
    assert describe(path, "run.dxf").reason


#: Rows and peaks: of the first two as the tests of isoreader 1.3 state them, of all as the blocks' own lengths divide.
COUNTS = {
    "continuous_flow_example.cf": (8605, 19), "continuous_flow_example.dxf": (2435, 6), "b3_alkanes.dxf": (14292, 32),
    "dxf_example_CN_01.dxf": (2270, 5), "dxf_example_H_01.dxf": (17293, 25),
}  # fmt: skip


@real
@pytest.mark.parametrize("name", list(COUNTS))
def test_real_runs_hold_what_others_found_in_them(name: str) -> None:
    run = read(REAL / name)
    assert run.reported is not None
    assert (run.scans, run.reported.peaks) == COUNTS[name]
    assert np.isfinite(run.reported.time_s).all()
    assert all(
        "per mil" in unit for column, unit in run.reported.units.items() if column.startswith(("d ", "rd "))
    )


@real
@pytest.mark.parametrize("name", list(COUNTS))
def test_a_real_runs_peak_table_fits_its_voltages(name: str) -> None:
    """Each reported apex is the greatest voltage there, and its area is that of the trace, but for the baseline."""
    run = read(REAL / name)
    table = run.reported
    assert table is not None
    for peak in range(table.peaks):
        near = np.abs(run.times_s - table.time_s[peak]) <= 1.0
        assert run.times_s[near][run.total[near].argmax()] == pytest.approx(table.time_s[peak], abs=0.5)
        assert run.total[near].max() >= 0.99 * table.height[peak]


@real
def test_a_real_runs_delta_values_follow_from_its_ratios() -> None:
    table = read(REAL / "dxf_example_CN_01.dxf").reported
    assert table is not None
    assert table.units["d 15N/14N"] == "per mil vs Air-N2"
    assert table.units["d 13C/12C"] == "per mil vs VPDB"
    delta, ratio = table.amounts["d 15N/14N"][:3], table.amounts["R 15N/14N"][:3]
    assert delta.tolist() == pytest.approx([-1.2005086480250116, -1.25, -6.259662403245381], rel=1e-12)
    # 0.0036782 is the ratio of atmospheric nitrogen that this version of Isodat uses.
    assert (1000 * (ratio / 0.0036782 - 1)).tolist() == pytest.approx(delta.tolist(), abs=1e-6)


@real
def test_a_real_dual_inlet_runs_voltages_give_the_delta_values_that_the_file_holds() -> None:
    """Isodat's delta values are against its scale; the same reference gas's value must lead from ours to each of them."""
    run = load(REAL / "dual_inlet_example.did")
    assert isinstance(run, DualInlet)
    assert run.metadata["beams"] == "m/z 44, m/z 45, m/z 46, m/z 47, m/z 48, m/z 49"
    assert (run.gases.count("sample"), run.gases.count("reference")) == (7, 8)
    means = run.means()
    for beam, told in (
        (1, [3.3288, 3.321, 3.3263, 3.32, 3.3187, 3.3178, 3.3218]),
        (2, [37.3306, 37.3118, 37.3175, 37.3172, 37.3298, 37.3228, 37.3184]),
    ):
        ratio = means[:, beam] / means[:, 0]
        ours = ratio[1::2] / ((ratio[0:-1:2] + ratio[2::2]) / 2)
        reference = (1 + np.array(told) / 1000) / ours
        assert reference == pytest.approx(np.full(7, reference.mean()), abs=2e-7)
