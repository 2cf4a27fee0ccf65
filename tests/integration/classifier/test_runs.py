"""From stored runs to profiles that are judged by the runs around them, and integrated again by hand."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from flask.testing import FlaskClient
from sqlalchemy import select

from services.classifier.custody import Facts
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.readers.registry import read
from services.classifier.domain.synthetic.run import synthetic_run
from services.classifier.models import ProfileRow, RunProfile, Spectrum
from services.classifier.service import read_spectra
from services.classifier.service.programmes import post_bundled
from services.classifier.service.run_profiles import ion_traces, profile_for
from shared.identifiers import new_id
from shared.runtime import Runtime
from tests.calls import REVIEWER, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems

RATIOS = {
    "tropacocaine": 0.05,
    "norcocaine": 0.02,
    "truxillines, total": 0.08,
    "cis-cinnamoylcocaine": 0.04,
    "trans-cinnamoylcocaine": 0.05,
}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CSP = load_bundled("CSP")


@pytest.fixture(scope="module", autouse=True)
def programmes(runtime: Runtime) -> None:
    post_bundled(runtime)


class Laboratory:
    """Runs as the service stores them, read in this process: what the child process does has a test of its own."""

    def __init__(self, runtime: Runtime, custody: KnownItems, folder: Path) -> None:
        self._runtime, self._custody, self._folder = runtime, custody, folder
        self.instrument = f"gcms-{new_id()}"

    def item(self) -> Facts:
        return self._custody.open("CSP")

    def run(
        self,
        item: Facts,
        role: str = "sample",
        values: dict[str, float] | None = None,
        *,
        seed: int = 1,
        hours: float = 0.0,
    ) -> str:
        """A run of these ratios, so many hours after noon; its spectrum id."""
        content = synthetic_run(CSP, RATIOS if values is None else values, seed)
        path = self._folder / "run.cdf"
        path.write_bytes(content)
        raw = read(path)
        profile = profile_for(raw, CSP, role)
        assert profile is not None
        traces = ion_traces(raw, CSP)
        spectrum = Spectrum(
            id=new_id(), item_id=item.id, filename=f"{role}{seed}.cdf", size=len(content),
            sha256=hashlib.sha256(content).hexdigest(), technique="GC-MS", instrument=self.instrument, method="m",
            run_role=role, acquired_at=(NOON + timedelta(hours=hours)).isoformat(),
        )  # fmt: skip
        with self._runtime.unit_of_work() as uow:
            uow.session.add(spectrum)
            uow.session.flush()
            reading = read_spectra.Reading("ANDI-MS", None, None, [profile], traces)
            read_spectra._store(uow, spectrum, item.root_id, reading, self._runtime.clock())
            uow.commit()
            return spectrum.id


@pytest.fixture
def lab(runtime: Runtime, custody: KnownItems, tmp_path: Path) -> Laboratory:
    return Laboratory(runtime, custody, tmp_path)


def profile(client: FlaskClient, item: Facts) -> Any:
    found = call(client, "GET", f"/items/{item.id}/profile?programme=CSP", actor=TECHNICIAN)
    assert found.status_code == 200, found.json
    return found.json


def value(told: Any, analyte: str) -> Any:
    return next(row for row in told["values"] if row["analyte"] == analyte)


def finding(told: Any, rule: str) -> Any:
    return next(row for row in told["findings"] if row["rule"] == rule)


def integrate(client: FlaskClient, spectrum_id: str, **body: Any) -> Any:
    told = {"programme": "CSP", "reason": "valley cut too early", **body}
    return call(client, "POST", f"/spectra/{spectrum_id}/integrations", told, actor=TECHNICIAN)


@pytest.mark.rule("E14")
def test_a_number_leads_to_its_peak_and_the_peak_is_drawn(client: FlaskClient, lab: Laboratory) -> None:
    item = lab.item()
    spectrum_id = lab.run(item)
    source = value(profile(client, item), "norcocaine")["source"]
    assert (source["kind"], source["spectrum_id"], source["version"]) == ("spectrum", spectrum_id, 1)
    peak = source["peak"]
    assert peak["start_s"] < peak["apex_s"] < peak["end_s"]
    assert peak["area"] > 0 < peak["height"]
    assert peak["baseline_start"] > 0 < peak["baseline_end"]
    assert source["main_peak"]["channel"] == "mz:303"
    assert source["internal_standard"]["channel"] == "mz:85"
    trace = call(client, "GET", source["trace"].removeprefix("/api/v1"), actor=TECHNICIAN).json
    assert trace["channel"] == "mz:289"
    assert trace["x"][0] < peak["start_s"] < peak["end_s"] < trace["x"][-1]
    (told,) = call(client, "GET", f"/spectra/{spectrum_id}/peaks", actor=TECHNICIAN).json["profiles"]
    marked = next(row for row in told["peaks"] if row["name"] == "norcocaine")
    assert all(marked[field] == peak[field] for field in ("channel", "apex_s", "area", "baseline_start"))
    assert max(trace["y"]) == pytest.approx(
        peak["height"] + (peak["baseline_start"] + peak["baseline_end"]) / 2, rel=0.1
    )


@pytest.mark.rule("E11")
def test_an_integration_by_hand_is_a_new_version_and_the_old_stays(
    client: FlaskClient, lab: Laboratory, runtime: Runtime
) -> None:
    item = lab.item()
    spectrum_id = lab.run(item)
    before = profile(client, item)
    old = value(before, "norcocaine")
    peak = old["source"]["peak"]
    ends = {"name": "norcocaine", "start_s": peak["start_s"], "end_s": peak["apex_s"]}
    made = integrate(client, spectrum_id, peaks=[ends])
    assert made.status_code == 201, made.json
    assert (made.json["version"], made.json["integrated_by"]) == (2, TECHNICIAN.login)
    assert made.json["changes"]["peaks"][0]["end_s"] == peak["apex_s"]
    after = profile(client, item)
    new = value(after, "norcocaine")
    assert new["value"] == pytest.approx(old["value"] / 2, rel=0.3)
    assert (new["source"]["version"], new["source"]["reason"]) == (2, "valley cut too early")
    assert value(after, "tropacocaine")["value"] == value(before, "tropacocaine")["value"]
    assert set(after["inputs"]) == {*before["inputs"], made.json["digest"]}
    listed = call(client, "GET", f"/spectra/{spectrum_id}/integrations", actor=TECHNICIAN).json["items"]
    assert [row["version"] for row in listed] == [1, 2]
    first = next(v for v in listed[0]["profile"]["values"] if v["analyte"] == "norcocaine")
    assert first["value"] == old["value"]
    with runtime.unit_of_work() as uow:
        query = sqlalchemy.text("SELECT body FROM classifier.outbox WHERE ordering_key = :item ORDER BY seq")
        told = list(uow.session.scalars(query, {"item": item.id}))
        rows = list(uow.session.scalars(select(ProfileRow).where(ProfileRow.item_id == item.id)))
    assert told[-1]["type"] == "integrated_again"
    assert told[-1]["payload"]["profile_sha256"] == made.json["digest"]
    assert told[-1]["purpose"] == "valley cut too early"
    assert len(rows) == 2
    assert rows[0].raw != rows[1].raw


def test_what_an_examiner_saw_not_there_hides_no_older_value(client: FlaskClient, lab: Laboratory) -> None:
    item = lab.item()
    spectrum_id = lab.run(item)
    assert integrate(client, spectrum_id, peaks=[{"name": "norcocaine"}]).status_code == 201
    found = value(profile(client, item), "norcocaine")
    assert (found["value"], found["censored"]) == (None, True)


def test_a_later_run_stands_before_an_earlier_one_that_was_integrated_again(
    client: FlaskClient, lab: Laboratory
) -> None:
    item = lab.item()
    first, second = lab.run(item, seed=1), lab.run(item, seed=2, hours=1)
    assert integrate(client, first, parameters={"baseline_s": 50}).status_code == 201
    assert value(profile(client, item), "norcocaine")["source"]["spectrum_id"] == second


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": ""}, "/reason"),
        ({}, "/peaks"),
        ({"peaks": [{"name": "caffeine"}]}, "/peaks/0/name"),
        ({"peaks": [{"name": "norcocaine"}, {"name": "norcocaine"}]}, "/peaks/1/name"),
        ({"peaks": [{"name": "norcocaine", "start_s": 100}]}, "/peaks/0/end_s"),
        ({"peaks": [{"name": "norcocaine", "start_s": 9, "end_s": 3}]}, "/peaks/0/end_s"),
        ({"peaks": [{"name": "norcocaine", "start_s": 90000, "end_s": 90010}]}, "/peaks/0"),
        ({"parameters": {"noise_multiple": 0}}, "/parameters/noise_multiple"),
        ({"parameters": {"magic": 1}}, "/parameters/magic"),
    ],
)
def test_a_wrong_integration_is_refused_where_it_is_wrong(
    client: FlaskClient, lab: Laboratory, body: dict[str, Any], pointer: str
) -> None:
    spectrum_id = lab.run(lab.item())
    refused = integrate(client, spectrum_id, **body)
    assert refused.status_code == 422, refused.json
    assert [error["pointer"] for error in refused.json["errors"]] == [pointer]


def test_who_may_integrate(client: FlaskClient, lab: Laboratory) -> None:
    body = {"programme": "CSP", "reason": "r", "peaks": [{"name": "norcocaine"}]}
    path = f"/spectra/{lab.run(lab.item())}/integrations"
    assert call(client, "POST", path, body, actor=SCIENTIST).status_code == 403
    assert call(client, "POST", path, body, actor=REVIEWER).status_code == 201
    assert call(client, "POST", "/spectra/none/integrations", body, actor=TECHNICIAN).status_code == 404
    assert call(client, "GET", "/spectra/none/integrations", actor=TECHNICIAN).status_code == 404
    unknown = call(client, "POST", path, {**body, "programme": "NONE"}, actor=TECHNICIAN)
    assert unknown.status_code == 404
    other = call(client, "POST", path, {**body, "programme": "HSP"}, actor=TECHNICIAN)
    assert (other.status_code, other.json["code"]) == (409, "no_integration")


@pytest.mark.rule("E12")
def test_no_version_can_be_changed(runtime: Runtime, lab: Laboratory) -> None:
    spectrum_id = lab.run(lab.item())
    with runtime.unit_of_work() as uow, pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission"):
        uow.session.execute(
            sqlalchemy.update(RunProfile)
            .where(RunProfile.spectrum_id == spectrum_id)
            .values(integrated_by="nobody")
        )


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


def test_a_table_of_named_peaks_becomes_a_profile_in_the_child_process(tmp_path: Path) -> None:
    content = b"Name,RT (min),Area\ncocaine,7.67,1000\nnorcocaine,8.22,18\n,9.00,400\n"
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    reading = read_spectra.read_in_child(path, "t.csv", [dict(CSP.data)], len(content), "sample")
    assert (reading.format, reading.reason, reading.traces) == ("CSV", None, [])
    (made,) = reading.profiles
    norcocaine = next(v for v in made["values"] if v["analyte"] == "norcocaine")
    assert norcocaine["value"] == pytest.approx(0.02)
    assert norcocaine["peak"]["apex_s"] == pytest.approx(493.2)
