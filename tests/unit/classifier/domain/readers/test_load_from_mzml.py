import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_mzml import load_from_mzml
from services.classifier.domain.readers.registry import describe, read
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.write_mzml import MASSES, binary_array, chromatogram, mzml_bytes

REAL = REAL_FORMATS / "mzml" / "example.mzML"
real = pytest.mark.skipif(not REAL.exists(), reason="the real instrument files are not on this machine")


def stored(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "run.mzML"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
@pytest.mark.parametrize("packed", [False, True])
def test_scans_and_spectra_come_back(tmp_path: Path, dtype: str, packed: bool) -> None:
    run = read(stored(tmp_path, mzml_bytes(dtype=dtype, packed=packed)))
    assert (run.format, run.technique, run.unit) == ("mzML", "MS", "number of counts")
    assert run.times_s.tolist() == [60.0, 75.0, 90.0]
    assert run.total.tolist() == [30.5, 0.5, 6.5]
    assert [each.tolist() for each in run.spectrum(2)] == [[57.25, 71.0, 85.0], [1.0, 2.0, 3.0]]
    assert run.spectrum(1)[0].tolist() == []
    assert run.trace("mz:57").y.tolist() == [10.0, 0.0, 1.0]
    assert run.metadata["software"] == "SYNTHETIC 1"
    assert run.metadata["polarity"] == "positive scan"


def test_a_total_that_not_every_scan_tells_is_summed(tmp_path: Path) -> None:
    assert load_from_mzml(stored(tmp_path, mzml_bytes(totals=False))).total.tolist() == [30.0, 0.0, 6.0]


@pytest.mark.parametrize(("levels", "times"), [([1, 2, 1], [60.0, 90.0]), ([2, 1, 1], [75.0, 90.0])])
def test_spectra_of_fragments_are_counted_and_no_part_of_the_run(
    tmp_path: Path, levels: list[int], times: list[float]
) -> None:
    run = load_from_mzml(stored(tmp_path, mzml_bytes(levels=levels)))
    assert run.times_s.tolist() == times
    assert run.metadata["spectra_of_higher_levels"] == "1"


def test_a_run_of_fragments_alone_says_so(tmp_path: Path) -> None:
    assert load_from_mzml(stored(tmp_path, mzml_bytes(levels=[2, 2, 2]))).technique == "MS2"


def test_parameters_may_stand_in_a_group(tmp_path: Path) -> None:
    content = mzml_bytes(dtype="<f8").replace(
        b'<run id="r">',
        b'<referenceableParamGroupList><referenceableParamGroup id="g"><cvParam accession="MS:1000523" name="64-bit float"/>'
        b'</referenceableParamGroup></referenceableParamGroupList><run id="r">',
    )
    own = b'<cvParam cvRef="MS" accession="MS:1000523" name="64-bit float" value=""/>'
    run = load_from_mzml(stored(tmp_path, content.replace(own, b'<referenceableParamGroupRef ref="g"/>')))
    assert run.scans == 3


def test_a_chromatogram_without_spectra_is_read_in_seconds(tmp_path: Path) -> None:
    run = load_from_mzml(stored(tmp_path, mzml_bytes(body=chromatogram([1.0, 2.0], [5.0, 6.0]))))
    assert (run.times_s.tolist(), run.total.tolist(), run.has_spectra) == ([60.0, 120.0], [5.0, 6.0], False)


def bomb() -> str:
    return (
        '<spectrumList><spectrum id="s" defaultArrayLength="1"><scanList><scan><cvParam accession="MS:1000016" '
        'name="scan start time" value="1" unitAccession="UO:0000010"/></scan></scanList>'
        + binary_array([0.0] * 500_000, MASSES, packed=True)
        + binary_array([0.0], MASSES.replace("1000514", "1000515"))
        + "</spectrum></spectrumList>"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (mzml_bytes()[:-200], "truncated: its XML ends"),
        (mzml_bytes([(2.0, [], []), (1.0, [], [])]), "do not rise at scan 2"),
        (mzml_bytes([]), "holds no scan"),
        (mzml_bytes([(1.0, [np.nan], [1.0])]), "mass that is no number, at place 0"),
        (mzml_bytes([(1.0, [1.0], [np.inf])]), "intensity that is no number"),
        (mzml_bytes([(1.0, [1.0, 2.0], [3.0])]), "'scan=1' has 8 bytes where 2 values of f8 need 16"),
        (
            mzml_bytes().replace(b'defaultArrayLength="2"', b'defaultArrayLength="99999999999"'),
            "far more than",
        ),
        (mzml_bytes().replace(b'defaultArrayLength="2"', b'defaultArrayLength="-2"'), "no whole number"),
        (mzml_bytes().replace(b"UO:0000031", b"UO:0000099"), "without a unit that is known"),
        (mzml_bytes().replace(b"MS:1000016", b"MS:1000017"), "no scan start time"),
        (mzml_bytes().replace(b"MS:1000514", b"MS:1000617"), "no pair of mass and intensity"),
        (mzml_bytes().replace(b"MS:1000576", b"MS:1002312"), "Numpress"),
        (mzml_bytes().replace(b"MS:1000523", b"MS:1000000"), "32 or 64 bits"),
        (mzml_bytes().replace(b"<binary>A", b"<binary>!"), "no base64"),
        (mzml_bytes(body=bomb()), "unpacks to more than the 1 values"),
        (
            mzml_bytes().replace(b"<mzML", b'<!DOCTYPE m [<!ENTITY a "aaaa">]><mzML'),
            "declares a document type",
        ),
        (mzml_bytes(body="<a>" * 200), "more than 100 deep"),
        (mzml_bytes(body="<a" + " " * 6_000_000 + "/>"), "a tag of more than"),
        (mzml_bytes(body="</b>"), "damaged at line 1"),
        (mzml_bytes().replace(b'encoding="utf-8"', b'encoding="x-none"'), "encoding|damaged"),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = stored(tmp_path, content)
    with pytest.raises(ReaderError, match=reason):
        load_from_mzml(path)
    assert describe(path, "run.mzML").reason


def test_packed_data_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    content = mzml_bytes([(1.0, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0])], packed=True)
    place = content.index(b"<binary>") + 8
    end = content.index(b"</binary>")
    with pytest.raises(ReaderError, match=r"cut off|cannot be unpacked|has .* bytes where"):
        load_from_mzml(stored(tmp_path, content[: place + 16] + content[end:]))


def test_what_packs_well_is_refused_before_it_takes_the_memory(tmp_path: Path) -> None:
    count = 3_000_000
    scans = [(1.0, np.zeros(count), np.zeros(count))]
    path = stored(tmp_path, mzml_bytes(scans, packed=True))  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        with pytest.raises(ReaderError, match="far more than the file can hold"):
            load_from_mzml(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * path.stat().st_size + 64 * 2**20


@real
def test_a_real_run_agrees_with_an_independent_reader() -> None:
    """The figures are those that pymzml 2.6.1 gives for the same file."""
    run = read(REAL)
    assert (run.scans, len(run.mz)) == (11, 11979)
    assert run.times_s[[0, -1]] == pytest.approx([0.087953988, 2.76273096], abs=1e-9)
    assert run.total[[0, -1]].tolist() == [92661640.0, 100052640.0]
    assert run.spectrum(0)[0][[0, -1]].tolist() == [70.06578063964844, 823.391845703125]
    assert run.spectrum(10)[1][[0, -1]].tolist() == [56360.85546875, 7391.3115234375]
    assert run.intensity.sum() == pytest.approx(1114770197.123291, rel=1e-15)
    assert run.mz.sum() == pytest.approx(2432124.9118652344, rel=1e-15)


@real
def test_a_real_run_tells_its_instrument() -> None:
    told = read(REAL).metadata
    assert told["instrument_model"] == "Q Exactive"
    assert told["instrument_serial_no"] == "Exactive Series slot 0244"
    assert told["start_time"] == "2013-09-10T10:31:08Z"
