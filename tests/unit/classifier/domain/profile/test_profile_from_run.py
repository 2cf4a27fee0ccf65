from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.profile.profile import NoMethod, Profile, measured_values
from services.classifier.domain.profile.profile_from_run import profile_from_run
from services.classifier.domain.programme import Programme
from services.classifier.domain.readers.registry import read
from services.classifier.domain.run import RawRun
from services.classifier.domain.synthetic.library import synthetic_library
from services.classifier.domain.synthetic.run import synthetic_run
from tests.unit.classifier.domain.builders import REAL_FORMATS, two_class_programme

HP = REAL_FORMATS / "andi_cdf" / "HP_MS.CDF"


def run_of(tmp_path: Path, programme: Programme, values: dict[str, float], seed: int) -> RawRun:
    path = tmp_path / f"{seed}.cdf"
    path.write_bytes(synthetic_run(programme, values, seed))
    return read(path)


def made(tmp_path: Path, name: str, values: dict[str, float], seed: int = 1) -> Profile:
    programme = load_bundled(name)
    return profile_from_run(run_of(tmp_path, programme, values, seed), programme)


@pytest.mark.parametrize("name", ["HSP", "CSP", "MPP"])
def test_a_profile_gives_back_the_ratios_that_the_run_was_made_of(tmp_path: Path, name: str) -> None:
    programme = load_bundled(name)
    off = []
    for seed, authentic in enumerate(synthetic_library(programme, seed=4, per_class=1)):
        profile = profile_from_run(run_of(tmp_path, programme, dict(authentic.values), seed), programme)
        assert all(finding.passed is not False for finding in profile.qc)
        for value in profile.values:
            assert value.value is not None, value.remark
            assert value.uncertainty
            off.append(abs(value.value - authentic.values[value.analyte]) / value.uncertainty)
    # The expanded uncertainty (k=2) covers about 95 %.
    assert np.mean(np.array(off) <= 1) >= 0.95


def test_every_number_is_traceable_to_its_peaks(tmp_path: Path) -> None:
    programme = load_bundled("CSP")
    values = {"tropacocaine": 0.05, "norcocaine": 0.02, "truxillines, total": 0.08}
    run = run_of(tmp_path, programme, values, 1)
    profile = profile_from_run(run, programme)
    value = next(each for each in profile.values if each.analyte == "norcocaine")
    assert value.peak is not None
    assert value.main_peak is not None
    assert profile.internal_standard is not None
    assert value.peak.channel == "mz:289"
    assert value.peak.start_s < value.peak.apex_s < value.peak.end_s
    assert value.peak.apex_s == pytest.approx(0.948 * profile.internal_standard.apex_s, abs=1.0)
    ratio = value.peak.area / value.main_peak.area / 0.9
    assert value.value == pytest.approx(ratio)
    assert profile.parameters.peaks.baseline_s == 70.0
    assert "SYNTHETIC" in profile.provenance
    assert "SYNTHETIC" in run.metadata["dataset_origin"]
    assert profile.as_data()["values"][0]["peak"]["channel"] == "mz:124"


def test_what_is_not_there_or_too_small_is_censored_and_not_zero(tmp_path: Path) -> None:
    profile = made(tmp_path, "CSP", {"tropacocaine": 0.05, "norcocaine": 0.0002})
    found = {each.analyte: each for each in profile.values}
    assert found["tropacocaine"].value is not None
    assert [found["norcocaine"].value, found["norcocaine"].censored] == [None, True]
    assert [found["truxillines, total"].value, found["truxillines, total"].censored] == [None, True]
    values, censored = measured_values(profile)
    assert set(values) == {"tropacocaine"}
    assert "norcocaine" in censored


def test_a_peak_with_the_wrong_ions_is_not_the_compound(tmp_path: Path) -> None:
    programme = load_bundled("CSP")
    run = run_of(tmp_path, programme, {"tropacocaine": 0.05, "norcocaine": 0.02}, 1)
    near = np.abs(run.mz - 168) < 0.4
    broken = RawRun(
        run.format,
        run.technique,
        run.times_s,
        run.total,
        run.starts,
        run.mz,
        np.where(near, run.intensity * 3, run.intensity),
        run.unit,
    )
    value = next(v for v in profile_from_run(broken, programme).values if v.analyte == "norcocaine")
    assert (value.value, value.censored) == (None, False)
    assert "m/z 168" in value.remark


def test_a_run_without_internal_standard_fails_its_quality_rule(tmp_path: Path) -> None:
    programme = load_bundled("CSP")
    run = run_of(tmp_path, programme, {"tropacocaine": 0.05}, 1)
    bare = np.abs(run.mz - 85) < 0.4
    without = RawRun(
        run.format,
        run.technique,
        run.times_s,
        run.total,
        run.starts,
        run.mz,
        np.where(bare, 60.0, run.intensity),
        run.unit,
    )
    profile = profile_from_run(without, programme)
    assert profile.qc[0].rule == "internal_standard_area"
    assert profile.qc[0].passed is False
    assert measured_values(profile) == ({}, frozenset())


@pytest.mark.skipif(not HP.exists(), reason="the real instrument files are not on this machine")
@pytest.mark.parametrize("name", ["HSP", "CSP", "MPP"])
def test_a_real_run_of_something_else_gives_no_values(name: str) -> None:
    profile = profile_from_run(read(HP), load_bundled(name))
    assert all(value.value is None for value in profile.values)
    assert any(finding.passed is False for finding in profile.qc)


def test_a_programme_without_a_method_says_so(tmp_path: Path) -> None:
    run = run_of(tmp_path, load_bundled("CSP"), {"tropacocaine": 0.05}, 1)
    with pytest.raises(NoMethod, match="no chromatographic method"):
        profile_from_run(run, two_class_programme())
    with pytest.raises(NoMethod, match="isotopes"):
        profile_from_run(run, load_bundled("CSP"), module="isotopes")


def test_a_shifted_run_is_aligned_by_its_internal_standard(tmp_path: Path) -> None:
    programme = load_bundled("HSP")
    run = run_of(tmp_path, programme, {"morphine": 0.05, "papaverine": 0.03}, 2)
    late = RawRun(
        run.format, run.technique, run.times_s * 1.04, run.total, run.starts, run.mz, run.intensity, run.unit
    )
    profile = profile_from_run(late, programme)
    assert profile.noted["retention_shift_percent"] > 3
    found = {each.analyte: each.value for each in profile.values}
    assert found["morphine"] == pytest.approx(0.05, rel=0.1)
