"""From stored runs to profiles that are judged by the runs around them, and integrated again by hand."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from flask.testing import FlaskClient
from sqlalchemy import select

from services.classifier.models import ProfileRow, RunProfile
from services.classifier.service import read_spectra
from services.classifier.service.programmes import post_bundled
from shared.runtime import Runtime
from tests.calls import REVIEWER, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.laboratory import CSP, Laboratory, profile, value


@pytest.fixture(scope="module", autouse=True)
def programmes(runtime: Runtime) -> None:
    post_bundled(runtime)


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
    assert (new["source"]["integrated_by"], new["source"]["by_hand"]) == (TECHNICIAN.login, ["norcocaine"])
    assert old["source"]["sha256"] == new["source"]["sha256"] in before["inputs"]
    assert {"filename", "instrument", "method", "acquired_at"} <= set(new["source"])
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
