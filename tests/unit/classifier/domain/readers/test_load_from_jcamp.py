import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_jcamp import load_from_jcamp
from services.classifier.domain.readers.registry import describe, load, read
from services.classifier.domain.run import NoSuchChannel, RawRun
from services.classifier.domain.spectrum import SpectrumSet
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.write_jcamp import FORMS, MASS_RUN, NTUPLES, jcamp_text

REAL = REAL_FORMATS / "jcamp"
real = pytest.mark.skipif(not REAL.exists(), reason="the real instrument files are not on this machine")
VALUES = [5, 5, 5, -3, 120, 0, 0, 0, 0, -3, 17, 18, 19, 20, 21, 22, 22, 22, 1000, 1]


def stored(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.jdx"
    path.write_text(text, "latin-1")
    return path


def spectra(tmp_path: Path, text: str) -> SpectrumSet:
    found = load_from_jcamp(stored(tmp_path, text))
    assert isinstance(found, SpectrumSet)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_ordinate_form_gives_the_same_spectrum(tmp_path: Path, form: str) -> None:
    found = spectra(tmp_path, jcamp_text(VALUES, form)).spectra[0]
    assert found.y.tolist() == [value / 2 for value in VALUES]
    assert found.x.tolist() == [400 + 4 * place for place in range(len(VALUES))]
    assert (found.technique, found.x_unit, found.unit, found.is_peaks) == ("IR", "1/cm", "ABSORBANCE", False)
    assert found.title == found.metadata["TITLE"] == "SYNTHETIC"


@given(st.sampled_from(FORMS), st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=60), st.booleans())
def test_what_is_written_in_any_form_is_read_again(form: str, values: list[int], falls: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = jcamp_text(values, form, step=-3 if falls else 3)
        found = spectra(Path(folder), text).spectra[0]
    assert found.y.tolist() == [value / 2 for value in values]


def test_points_that_were_not_measured_are_no_numbers_and_not_drawn(tmp_path: Path) -> None:
    found = spectra(tmp_path, jcamp_text([1, 2, 3]).replace("400 1 2 3", "400 1 ? 3"))
    assert np.isnan(found.spectra[0].y).tolist() == [False, True, False]
    assert found.trace().x.tolist() == [400, 408]


def test_a_spectrum_that_falls_is_drawn_from_the_left(tmp_path: Path) -> None:
    found = spectra(tmp_path, jcamp_text([1, 2, 3], first=4000, step=-1000))
    assert found.spectra[0].x.tolist() == [4000, 3000, 2000]
    trace = found.trace()
    assert (trace.x.tolist(), trace.y.tolist(), trace.x_unit) == ([2000, 3000, 4000], [1.5, 1.0, 0.5], "1/cm")


def test_deltax_serves_where_lastx_is_missing(tmp_path: Path) -> None:
    assert spectra(tmp_path, jcamp_text([1, 2, 3], LASTX="", DELTAX="4")).spectra[0].x.tolist() == [
        400,
        404,
        408,
    ]


def test_without_either_the_lines_tell_the_abscissa(tmp_path: Path) -> None:
    found = spectra(tmp_path, jcamp_text(VALUES, LASTX="", FIRSTX=""))
    assert found.spectra[0].x == pytest.approx([400 + 4 * place for place in range(len(VALUES))])


def test_real_and_imaginary_pages_of_ntuples_are_two_spectra(tmp_path: Path) -> None:
    found = spectra(tmp_path, NTUPLES).spectra
    assert [each.y.tolist() for each in found] == [[0.5, 1.0, 1.0, 2.0], [-2, -1, 0, 1]]
    assert [each.x.tolist() for each in found] == [[30, 20, 10, 0]] * 2
    assert [each.title for each in found] == ["SYNTHETIC NMR (N=1, R)", "SYNTHETIC NMR (N=2, I)"]
    assert {each.technique for each in found} == {"NMR"} and found[0].x_unit == "Hz"


def test_blocks_that_are_linked_are_all_read(tmp_path: Path) -> None:
    inner = jcamp_text([1, 2], TITLE="one") + jcamp_text([3, 4], "DIF", TITLE="two")
    found = spectra(tmp_path, f"##TITLE= all\n##DATA TYPE= LINK\n##BLOCKS= 2\n{inner}##END=\n")
    assert [each.title for each in found.spectra] == ["one", "two"]
    assert found.trace("spectrum:2").y.tolist() == [1.5, 2.0]
    for channel in ("spectrum:0", "spectrum:3", "mz:4", "spectrum:x"):
        with pytest.raises(NoSuchChannel, match="spectrum:1 to spectrum:2"):
            found.trace(channel)
    assert found.summary() == {
        "spectra": 2, "technique": "IR", "points": 4, "unit": "ABSORBANCE", "x_unit": "1/cm",
        "titles": ["one", "two"], "x_from": 400.0, "x_to": 404.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "table",
    [
        "##XYPOINTS= (XY..XY)\n28, 10; 27.5, 20",
        "##PEAK TABLE= (XY..XY)\n28,10 27.5,20",
        "##PEAK TABLE= (XYW..XYW)\n28,10,1\n27.5,20,2",
        "##PEAK ASSIGNMENTS= (XYA)\n(28, 10, <CO>)\n(27.5, 20, <x>)",
        "##XYDATA= (XY..XY)\n+28+10+27.5+20",
    ],
)
def test_lines_come_as_pairs(tmp_path: Path, table: str) -> None:
    text = f"##TITLE= t\n##DATA TYPE= MASS SPECTRUM\n##NPOINTS= 2\n{table}\n##END=\n"
    found = spectra(tmp_path, text).spectra[0]
    assert (found.x.tolist(), found.y.tolist(), found.is_peaks, found.x_unit) == (
        [28, 27.5],
        [10, 20],
        True,
        "m/z",
    )


def test_mass_spectra_at_several_times_are_a_run(tmp_path: Path) -> None:
    run = load_from_jcamp(stored(tmp_path, MASS_RUN))
    assert isinstance(run, RawRun)
    assert (run.format, run.times_s.tolist(), run.total.tolist()) == ("JCAMP-DX", [60.0, 90.0], [30.0, 6.0])
    assert run.trace("mz:71").y.tolist() == [20.0, 2.0]
    assert run.unit == "RELATIVE ABUNDANCE"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (jcamp_text(VALUES, NPOINTS="21"), "has 20 points, but NPOINTS is 21"),
        (jcamp_text(VALUES, NPOINTS="many"), "NPOINTS is no number"),
        (jcamp_text(VALUES, FIRSTY="7"), "begins with 2.5, but FIRSTY is 7"),
        (jcamp_text(VALUES, LASTX="100"), "a row is missing or damaged"),
        (jcamp_text(VALUES, LASTX="", DELTAX="40"), "a row is missing or damaged"),
        (jcamp_text([1, 2], LASTX="400"), "has no abscissa"),
        (jcamp_text(VALUES, YFACTOR="nan"), "YFACTOR is no number"),
        (
            jcamp_text(range(1, 11), "DIF").replace("428H", "428I"),
            "the check value 9, but the line before ended at 8",
        ),
        (
            jcamp_text([1, 1, 1], "DIFDUP").replace("%T", "%s99999999"),
            "more than the .* points that there can be",
        ),
        (jcamp_text([1, 1, 1], "DIFDUP").replace("%T", "%s999999999999"), "repeats a value"),
        (jcamp_text(VALUES).replace("400 5", "five"), "does not begin with an abscissa"),
        (jcamp_text(VALUES).replace("400 5", "400 &"), "is no ordinate"),
        (jcamp_text(VALUES).replace("400 5", "400 5z"), "is no ordinate"),
        (jcamp_text(VALUES).replace("400 5", "400 5.5.5"), "is no ordinate"),
        (jcamp_text(VALUES).replace("(X++(Y..Y))", "(Y--X)"), "a form that is not known"),
        ("##TITLE= t\n##XYPOINTS= (XY..XY)\n1,2,3\n##END=", "no groups of 2"),
        ("##TITLE= t\n##XYPOINTS= (XY..XY)\n1,two\n##END=", "line 3 holds something that is no number"),
        ("##TITLE= t\n##PEAK ASSIGNMENTS= (XYA)\n1,2\n##END=", "no assignment"),
        ("##TITLE= t\n##END=", "holds no data table"),
        ("##TITLE= t\n##XYDATA= (XY..XY)\n" + "1 " * 600_000, "longer than"),
        ("nothing\n##TITLE= t\n", "before the first label"),
        (NTUPLES.replace("##SYMBOL= X, R", "##SYMBOL= X, Q"), "which SYMBOL does not name"),
        (MASS_RUN.replace("MINUTES", "FORTNIGHTS"), "unit that is not known"),
        (MASS_RUN.replace("T= 1.5", "T= 0.5"), "do not rise at scan 2"),
        (MASS_RUN.replace("M/Z", "HZ"), "a run of spectra over Hz"),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_jcamp(stored(tmp_path, text))


def test_the_registry_tells_spectra_from_runs(tmp_path: Path) -> None:
    path = stored(tmp_path, "\u00ef\u00bb\u00bf" + jcamp_text(VALUES))
    assert isinstance(load(path), SpectrumSet)
    found = describe(path, "s.jdx")
    assert (found.format, found.reason, found.summary["spectra"]) == ("JCAMP-DX", None, 1)
    with pytest.raises(ReaderError, match="no run"):
        read(path)
    assert read(stored(tmp_path, MASS_RUN)).scans == 2


@real
def test_a_real_run_gives_the_numbers_of_its_own_text() -> None:
    path = REAL / "ELEY_1_SUBTRACT.JDX"
    run, text = read(path), path.read_text("latin-1")
    told = [
        float(line.partition("=")[2]) for line in text.splitlines() if line.startswith("##RETENTION_TIME")
    ]
    totals = [float(line.partition("=")[2]) for line in text.splitlines() if line.startswith("##TIC")]
    points = [int(line.partition("=")[2]) for line in text.splitlines() if line.startswith("##NPOINTS")]
    assert run.times_s.tolist() == told and len(told) == 2103
    assert run.total.tolist() == totals
    assert np.diff(run.starts).tolist() == points
    assert [each[:2].tolist() for each in run.spectrum(0)] == [[52.0131, 55.0958], [5356.0, 4192.0]]
    # The head says in minutes when the last scan was: the pages' times are seconds.
    assert run.times_s[-1] / 60 == pytest.approx(37.0127, abs=1e-4)


@real
def test_real_spectra_of_a_library_are_all_read() -> None:
    found = load(REAL / "nist08_test.jca")
    assert isinstance(found, SpectrumSet)
    assert len(found.spectra) == 10
    first = found.spectra[0]
    assert first.x.tolist() == [12, 13, 14, 24, 25, 26, 27, 28]
    assert first.y.tolist() == [250, 560, 20, 560, 2010, 9999, 280, 20]
    assert [len(each.x) for each in found.spectra[:3]] == [8, 36, 22]
