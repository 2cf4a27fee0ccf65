"""A compound is what lies in its window and has its ions or its spectrum; an examiner may say otherwise, by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.profile.manual import STRAIGHT, BadBounds, Manual
from services.classifier.domain.profile.match_spectrum import match_spectrum
from services.classifier.domain.profile.profile import Profile, ProfileParameters
from services.classifier.domain.profile.profile_from_run import carry_over, profile_from_run
from services.classifier.domain.profile.signal import KeptTraces, NotKept, ion_channel
from services.classifier.domain.programme import Programme
from services.classifier.domain.run import RawRun
from tests.unit.classifier.domain.profile.runs import run_of, with_method

RATIOS = {"tropacocaine": 0.05, "norcocaine": 0.02}


def kept(run: RawRun, programme: Programme) -> KeptTraces:
    masses = {mass for _, method in programme.methods() for c in method.compounds for mass in c.masses}
    return KeptTraces(run.times_s, {ion_channel(mass): run.ion(mass, tolerance=0.4) for mass in masses})


def value(profile: Profile, name: str) -> float | None:
    return next(each.value for each in profile.values if each.analyte == name)


def by_spectrum(intensities: list[float]) -> Programme:
    """Norcocaine told by its spectrum alone."""
    ions = [{"mz": mz, "intensity": i} for mz, i in zip((289, 168, 136), intensities, strict=True)]
    own = {
        "analyte": "norcocaine",
        "relative_retention": 0.948,
        "quantifier": 289,
        "spectrum": ions,
        "response": 0.9,
    }
    return with_method("CSP", targets=[own])


def test_a_spectrum_identifies_in_the_place_of_qualifiers(tmp_path: Path) -> None:
    bundled = load_bundled("CSP")
    ratios = {
        q.mz: q.ratio
        for t in next(bundled.methods())[1].targets
        if t.name == "norcocaine"
        for q in t.qualifiers
    }
    run = run_of(tmp_path, bundled, RATIOS)
    right = profile_from_run(run, by_spectrum([1.0, ratios[168.0], ratios[136.0]]))
    assert value(right, "norcocaine") == pytest.approx(0.02, rel=0.08)
    assert next(v.match for v in right.values if v.analyte == "norcocaine") == pytest.approx(1, abs=0.01)
    wrong = profile_from_run(run, by_spectrum([0.01, 0.01, 1.0]))
    refused = next(v for v in wrong.values if v.analyte == "norcocaine")
    assert (refused.value, refused.censored) == (None, False)
    assert "agrees with the reference to" in refused.remark


def test_the_match_is_one_for_the_same_spectrum_and_zero_for_another() -> None:
    reference = [(50.0, 1.0), (80.0, 3.0), (120.0, 2.0)]
    assert match_spectrum(reference, np.array([10.0, 30.0, 20.0])) == pytest.approx(1.0)
    assert match_spectrum(reference, np.array([-3.0, 0.0, 0.0])) == 0.0


@pytest.mark.rule("E14")
def test_kept_traces_give_the_profile_of_the_run_itself(tmp_path: Path) -> None:
    programme = load_bundled("CSP")
    run = run_of(tmp_path, programme, RATIOS)
    assert profile_from_run(kept(run, programme), programme) == profile_from_run(run, programme)
    with pytest.raises(NotKept, match="m/z 57 was not kept"):
        profile_from_run(kept(run, programme), load_bundled("HSP"))


def test_a_peak_set_by_hand_counts_and_says_so(tmp_path: Path) -> None:
    programme = load_bundled("CSP")
    run = run_of(tmp_path, programme, RATIOS)
    before = profile_from_run(run, programme)
    old = next(each.peak for each in before.values if each.analyte == "norcocaine")
    assert old is not None
    half = Manual(old.start_s, old.apex_s)
    after = profile_from_run(run, programme, manual={"norcocaine": half})
    new = next(each for each in after.values if each.analyte == "norcocaine")
    assert (new.by_hand, new.remark) == (True, "set by hand")
    assert new.peak is not None
    assert new.peak.end_s == old.apex_s
    assert value(after, "norcocaine") == pytest.approx(0.01, rel=0.3)
    assert value(after, "tropacocaine") == value(before, "tropacocaine")
    whole = profile_from_run(run, programme, manual={"norcocaine": Manual(old.start_s, old.end_s, STRAIGHT)})
    straight = next(each.peak for each in whole.values if each.analyte == "norcocaine")
    assert straight is not None
    assert straight.area == pytest.approx(old.area, rel=0.05)
    assert straight.baseline_start == pytest.approx(run.ion(289, tolerance=0.4)[straight.first])


def test_a_compound_that_an_examiner_saw_not_there_is_censored(tmp_path: Path) -> None:
    programme = load_bundled("CSP")
    profile = profile_from_run(
        run_of(tmp_path, programme, RATIOS), programme, manual={"norcocaine": Manual()}
    )
    found = next(each for each in profile.values if each.analyte == "norcocaine")
    assert (found.value, found.censored, found.remark) == (None, True, "set by hand: not there")


@pytest.mark.parametrize(
    ("ends", "why"), [((1e5, 2e5), "the run goes from"), ((400.0, 400.4), "fewer than 3 scans")]
)
def test_ends_that_hold_nothing_are_refused(tmp_path: Path, ends: tuple[float, float], why: str) -> None:
    programme = load_bundled("CSP")
    run = run_of(tmp_path, programme, RATIOS)
    with pytest.raises(BadBounds, match=why):
        profile_from_run(run, programme, manual={"norcocaine": Manual(*ends)})


def test_parameters_stand_over_the_method_and_are_kept(tmp_path: Path) -> None:
    programme = load_bundled("CSP")
    used = ProfileParameters(qualifier_tolerance_percent=1.0, window_percent=0.8)
    profile = profile_from_run(run_of(tmp_path, programme, RATIOS), programme, used)
    assert profile.as_data()["parameters"]["window_percent"] == 0.8


def test_a_blank_gives_areas_and_no_values(tmp_path: Path) -> None:
    programme = load_bundled("CSP")
    run = run_of(tmp_path, programme, RATIOS)
    profile = carry_over(run, programme)
    assert {"octacosane", "cocaine", "tropacocaine", "norcocaine"} <= set(profile.areas)
    assert all(each.value is None and not each.censored for each in profile.values)
    bare = replace(run, intensity=np.where(np.abs(run.mz - 85) < 0.4, 60.0, run.intensity))
    without = carry_over(bare, programme)
    assert without.internal_standard is None
    assert without.areas["norcocaine"] == pytest.approx(profile.areas["norcocaine"], rel=0.02)


def test_a_flat_top_counts_as_saturated_where_the_method_names_no_limit(tmp_path: Path) -> None:
    programme = with_method("CSP", saturation=None)
    run = run_of(tmp_path, programme, RATIOS)
    assert profile_from_run(run, programme).noted["saturated_scans"] == 0
    cut = replace(run, intensity=np.minimum(run.intensity, 0.6 * run.ion(303, tolerance=0.4).max()))
    assert profile_from_run(cut, programme).noted["saturated_scans"] >= 3
