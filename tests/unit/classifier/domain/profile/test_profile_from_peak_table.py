"""What an instrument's software named and integrated becomes a profile; what it did not name does not."""

import numpy as np
import pytest

from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.profile.profile import NoMethod
from services.classifier.domain.profile.profile_from_peak_table import IDENTIFIED, profile_from_peak_table

CSP = load_bundled("CSP")


def table(names: list[str], areas: list[float], signals: list[str] | None = None) -> PeakTable:
    return PeakTable(
        "ChemStation-report",
        "GC",
        tuple(names),
        np.arange(1.0, 1.0 + len(names)) * 100,
        np.array(areas),
        signals=tuple(signals or []),
    )


def test_named_peaks_give_ratios_with_the_programmes_uncertainty() -> None:
    profile = profile_from_peak_table(
        table(["Cocaine", "NORCOCAINE ", "", "octacosane"], [1000.0, 18.0, 500.0, 300.0]), CSP
    )
    found = {value.analyte: value for value in profile.values}
    norcocaine = found["norcocaine"]
    assert norcocaine.value == pytest.approx(0.018 / 0.9)
    assert norcocaine.uncertainty == pytest.approx(0.08 * 0.018 / 0.9)
    assert norcocaine.remark == IDENTIFIED
    assert norcocaine.peak is not None
    assert norcocaine.main_peak is not None
    assert (norcocaine.peak.apex_s, norcocaine.main_peak.area) == (200.0, 1000.0)
    # Not named: perhaps not there, perhaps not looked for.
    assert (found["tropacocaine"].value, found["tropacocaine"].censored) == (None, False)
    assert profile.internal_standard is not None
    assert profile.areas == {"cocaine": 1000.0, "norcocaine": 18.0, "octacosane": 300.0}


def test_too_small_is_censored_and_an_area_that_is_none_is_no_peak() -> None:
    profile = profile_from_peak_table(
        table(["cocaine", "norcocaine", "tropacocaine"], [1000.0, 0.01, float("nan")]), CSP
    )
    found = {value.analyte: value for value in profile.values}
    assert (found["norcocaine"].value, found["norcocaine"].censored) == (None, True)
    assert (found["tropacocaine"].value, found["tropacocaine"].censored) == (None, False)


def test_of_two_signals_the_one_that_names_more_and_of_two_peaks_the_larger() -> None:
    names = ["cocaine", "norcocaine", "norcocaine", "cocaine"]
    profile = profile_from_peak_table(
        table(names, [1000.0, 9.0, 18.0, 7.0], ["FID1 A", "FID1 A", "FID1 A", "DAD1 B"]), CSP
    )
    value = next(v for v in profile.values if v.analyte == "norcocaine")
    assert value.value == pytest.approx(0.02)


def test_names_of_nothing_in_the_method_are_no_profile() -> None:
    with pytest.raises(NoMethod, match="no peak of the table bears a name"):
        profile_from_peak_table(table(["", "caffeine"], [5.0, 6.0]), CSP)


def test_without_the_main_compound_quality_fails() -> None:
    profile = profile_from_peak_table(table(["norcocaine"], [5.0]), CSP)
    assert profile.qc[0].passed is False
    assert profile.noted["main_compound"] is False
    assert all(value.value is None for value in profile.values)


def test_a_blank_has_areas_alone() -> None:
    profile = profile_from_peak_table(table(["norcocaine"], [5.0]), CSP, values=False)
    assert profile.areas == {"norcocaine": 5.0}
    assert profile.qc == ()
    assert all(value.value is None for value in profile.values)
