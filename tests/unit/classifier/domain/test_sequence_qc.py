import pytest

from services.classifier.domain.qc import check_qc
from services.classifier.domain.sequence_qc import blank_ratio, replicate_rsd_percent, retention_drift_percent
from tests.unit.classifier.domain.builders import two_class_programme


def test_carry_over_is_the_worst_compound_of_the_worst_blank() -> None:
    sample = {"heroin": 1000.0, "codeine": 50.0, "standard": 300.0}
    blanks = {"b1": {"heroin": 20.0, "standard": 310.0}, "b2": {"codeine": 5.0, "other": 900.0}}
    noted = blank_ratio(sample, blanks, frozenset({"standard"}))
    assert noted is not None
    assert (noted.value, noted.detail) == (0.1, "codeine in blank b2")
    assert blank_ratio(sample, {}, frozenset()) is None
    clean = blank_ratio(sample, {"b": {"standard": 9.0}}, frozenset({"standard"}))
    assert clean is not None
    assert clean.value == 0.0


def test_replicates_agree_by_their_worst_analyte_above_the_limit_of_quantitation() -> None:
    runs = [{"a": 1.0, "b": 0.02}, {"a": 1.2, "b": 0.04}]
    noted = replicate_rsd_percent(runs, {"a": 0.1, "b": 0.02, "c": None})
    assert noted is not None
    assert noted.value == pytest.approx(100 * 0.2 / 2**0.5 / 1.1)
    assert noted.detail == "a over 2 runs"
    assert replicate_rsd_percent(runs[:1], {"a": None}) is None


def test_drift_is_held_against_the_runs_before() -> None:
    noted = retention_drift_percent(660.0, [672.0, 674.0, 676.0])
    assert noted is not None
    assert noted.value == pytest.approx(-2.077, abs=0.001)
    assert retention_drift_percent(660.0, [600.0, 600.0]) is None


def test_who_has_controls_judged_allows_no_broken_rule_of_their_charts() -> None:
    programme = two_class_programme(qc=[{"rule": "control_z", "limit": 3}])
    noted = {"control_z": 1.0, "westgard_violations": 1.0}
    findings = {f.rule: f for f in check_qc(programme, noted, {"westgard_violations": "a 2-2s in control c"})}
    assert findings["control_z"].passed
    assert findings["westgard_violations"].passed is False
    assert findings["westgard_violations"].detail == "1, at most 0: a 2-2s in control c"
    allows = two_class_programme(
        qc=[{"rule": "control_z", "limit": 3}, {"rule": "westgard_violations", "limit": 1}]
    )
    assert all(finding.passed for finding in check_qc(allows, noted))
    assert [f.rule for f in check_qc(two_class_programme(), noted)] == []
