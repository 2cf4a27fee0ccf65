"""Blanks, controls, replicates and drift: what of the runs beside it a sample stands or falls with."""

import pytest
from flask.testing import FlaskClient

from services.classifier.service.programmes import post_bundled
from shared.runtime import Runtime
from tests.calls import TECHNICIAN, call
from tests.integration.classifier.laboratory import RATIOS, Laboratory, finding, profile


@pytest.fixture(scope="module", autouse=True)
def programmes(runtime: Runtime) -> None:
    post_bundled(runtime)


def test_carry_over_in_a_blank_of_the_sequence_fails_the_sample(client: FlaskClient, lab: Laboratory) -> None:
    item = lab.item()
    lab.run(item)
    assert finding(profile(client, item), "blank_ratio")["passed"] is None
    lab.run(lab.item(), "blank", {}, seed=3, hours=30)
    assert finding(profile(client, item), "blank_ratio")["passed"] is None
    # The blank's own main peak is as high as the sample's here, so it fails whatever else it holds.
    lab.run(lab.item(), "blank", {"tropacocaine": 0.05}, seed=4, hours=-1)
    judged = finding(profile(client, item), "blank_ratio")
    assert judged["passed"] is False
    assert "in blank blank4.cdf" in judged["detail"]


def test_a_blank_or_control_gives_its_item_no_values(client: FlaskClient, lab: Laboratory) -> None:
    item = lab.item()
    lab.run(item, "control")
    lab.run(item, "blank", seed=2)
    assert all(row["value"] is None for row in profile(client, item)["values"])


def test_replicates_that_disagree_fail(client: FlaskClient, lab: Laboratory) -> None:
    item = lab.item()
    lab.run(item)
    lab.run(item, "replicate", seed=2, hours=1)
    agreed = finding(profile(client, item), "replicate_rsd_percent")
    assert agreed["passed"] is True
    assert "over 2 runs" in agreed["detail"]
    lab.run(item, "replicate", {**RATIOS, "norcocaine": 0.05}, seed=3, hours=2)
    judged = finding(profile(client, item), "replicate_rsd_percent")
    assert judged["passed"] is False
    assert "norcocaine over 3 runs" in judged["detail"]


def test_controls_make_charts_and_one_out_of_control_fails_the_day(
    client: FlaskClient, lab: Laboratory
) -> None:
    control, item = lab.item(), lab.item()
    for day in range(10):
        lab.run(control, "control", seed=day, hours=24 * (day - 10))
    lab.run(item, seed=30)
    assert finding(profile(client, item), "control_z")["passed"] is None
    path = f"/programmes/CSP/control-charts?instrument={lab.instrument}&analyte=norcocaine"
    (chart,) = call(client, "GET", path, actor=TECHNICIAN).json["items"]
    assert (chart["limits"]["from_values"], len(chart["points"])) == (10, 10)
    assert chart["limits"]["centre"] == pytest.approx(0.02, rel=0.03)
    assert chart["limits"]["action"][0] < chart["limits"]["centre"] < chart["limits"]["action"][1]
    lab.run(control, "control", {**RATIOS, "norcocaine": 0.03}, seed=40, hours=-2)
    (chart,) = call(client, "GET", path, actor=TECHNICIAN).json["items"]
    assert chart["points"][-1]["violations"] == ["1-3s"]
    judged = profile(client, item)
    assert finding(judged, "control_z")["passed"] is False
    assert "norcocaine in control control40.cdf" in finding(judged, "control_z")["detail"]
    assert "norcocaine 1-3s in control" in finding(judged, "westgard_violations")["detail"]


def test_drift_is_held_against_the_instruments_own_runs(client: FlaskClient, lab: Laboratory) -> None:
    item = lab.item()
    lab.run(item)
    assert finding(profile(client, item), "retention_drift_percent")["passed"] is None
    for place in range(3):
        lab.run(lab.item(), "standard", seed=place, hours=-1 - place)
    judged = finding(profile(client, item), "retention_drift_percent")
    assert judged["passed"] is True
    assert "median of the 3 runs before" in judged["detail"]
