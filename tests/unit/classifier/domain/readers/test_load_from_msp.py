from pathlib import Path

import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_msp import load_from_msp
from services.classifier.domain.readers.registry import describe, load
from services.classifier.domain.spectrum import SpectrumSet
from tests.unit.classifier.domain.builders import REAL_DATA, REAL_FORMATS

REAL = REAL_FORMATS / "msp"
MASSBANK = REAL_DATA / "massbank"
real = pytest.mark.skipif(not REAL.exists(), reason="the real libraries are not on this machine")
MSP = """Name: first
Formula: C2H6
Synon: one
Synon: two
Comment: runs over
 two lines
Num Peaks: 3
28 100; 29 50.5;
30 7 "C2H6 note: 5"

NAME: second
NUM PEAKS: 2
( 27   20) ( 28 1000)

Name: third
Num peaks: 1
55.01 3 C4H7

Name: empty
Num Peaks: 0
"""


def stored(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "library.msp"
    path.write_text(text)
    return path


def test_every_spectrum_comes_with_its_fields(tmp_path: Path) -> None:
    found = load_from_msp(stored(tmp_path, MSP))
    assert [each.title for each in found.spectra] == ["first", "second", "third", "empty"]
    assert [each.x.tolist() for each in found.spectra] == [[28, 29, 30], [27, 28], [55.01], []]
    assert [each.y.tolist() for each in found.spectra] == [[100, 50.5, 7], [20, 1000], [3], []]
    first = found.spectra[0]
    assert first.metadata == {"Formula": "C2H6", "Synon": "one; two", "Comment": "runs over two lines"}
    assert (first.x_unit, first.unit, first.technique, first.is_peaks) == (
        "m/z",
        "relative abundance",
        "MS",
        True,
    )


@pytest.mark.parametrize("name", ["library.msp", "library.txt", "x"])
def test_a_library_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    found = describe(stored(tmp_path, MSP), name)
    assert (found.format, found.reason) == ("MSP", None)
    assert found.summary["spectra"] == 4 and found.summary["points"] == 6


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Name: a\nNum Peaks: 2\n28 1\n", "'a' at line 1 declares 2 peaks, but has 1"),
        (
            "Name: a\nNum Peaks: 2\n28 1\n\nName: b\nNum Peaks: 0\n",
            "'a' at line 1 declares 2 peaks, but has 1",
        ),
        ("Name: a\nNum Peaks: 1\n28 1 29 2\n", "line 3 brings more than the 1 peaks"),
        ("Name: a\nNum Peaks: 1\n28 1\n29 2\n", "line 4 brings more than the 1 peaks"),
        ("Name: a\nNum Peaks: 1\n28\n", "a mass without an intensity"),
        ("Name: a\nNum Peaks: some\n", "does not say how many peaks"),
        ("Name: a\nNum Peaks: 999999999\n", "far more than the file can hold"),
        ("Name: a\nNum Peaks: 1\nx y\n", "is no pair"),
        ("Name: a\nNum Peaks: 1\n28 nan\n", "a peak that is no number"),
        ("Name: a\nNum Peaks: 1\n-28 1\n", "a peak that is no number"),
        ("Name: a\nFormula: C\n", "has no peaks"),
        ("28 1\nName: a\n", "line 1 stands before the first name"),
        ("", "holds no spectrum"),
        ("Name: a\nNum Peaks: 1\n" + "1 " * 600_000, "longer than"),
    ],
)
def test_a_malformed_library_gives_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_msp(stored(tmp_path, text))


@real
def test_both_layouts_of_a_real_library_hold_the_same_spectra() -> None:
    newer, older = load(REAL / "FAMES_REF.msp"), load(REAL / "FAMES_REF.MSL")
    assert isinstance(newer, SpectrumSet) and isinstance(older, SpectrumSet)
    assert len(newer.spectra) == len(older.spectra) == 13
    by_time = {each.metadata["RT"]: each for each in older.spectra}
    for each in newer.spectra:
        other = by_time[each.metadata["RetentionTime"]]
        assert (each.x.tolist(), each.y.tolist()) == (other.x.tolist(), other.y.tolist())


@real
@pytest.mark.parametrize(
    ("name", "spectra"),
    [("drug_signature_open_licence.msp", 377), ("drug_signature_EI_CC-BY-NC-SA_local_only.msp", 7)],
)
def test_real_libraries_hold_what_their_text_says(name: str, spectra: int) -> None:
    found = load(MASSBANK / name)
    assert isinstance(found, SpectrumSet)
    text = (MASSBANK / name).read_text()
    declared = [int(line.partition(":")[2]) for line in text.splitlines() if line.startswith("Num Peaks:")]
    assert [len(each.x) for each in found.spectra] == declared and len(declared) == spectra
    values = [float(each) for line in text.splitlines() if line[:1].isdigit() for each in line.split()]
    assert sum(each.x.sum() + each.y.sum() for each in found.spectra) == pytest.approx(sum(values), rel=1e-12)
