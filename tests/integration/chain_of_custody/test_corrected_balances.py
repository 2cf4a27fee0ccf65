"""What a correction says of a balance or a seal is held against what the act itself was held against (E4, E5, E11)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.actor import Actor
from shared.runtime import Runtime
from tests.calls import ADMIN, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    call,
    events,
    gross,
    handed,
    item,
    mass,
    opened,
    resolved,
    told_to_intake,
    weighed,
)

TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def register(client: FlaskClient) -> None:
    """One balance in calibration, one that is not."""
    for name, done, due in (("AB204", 30, 30), ("AB104", 90, -30)):
        body = {
            "name": name, "serial_number": f"SN-{name}", "readability_mg": 0.01, "repeatability_mg": 0.02,
            "calibrated_on": str(TODAY - done * DAY), "next_due": str(TODAY + due * DAY),
        }  # fmt: skip
        assert call(client, "POST", "/balances", body, actor=ADMIN).status_code == 201


def _correct(
    client: FlaskClient,
    item_id: str,
    event: dict[str, Any],
    corrected: dict[str, Any],
    actor: Actor = TECHNICIAN,
) -> Any:
    body = {"event_id": event["id"], "reason": "misread", "corrected": corrected, **SIGNED}
    return act(client, item_id, "corrections", body, actor)


@pytest.mark.rule("E4")
@pytest.mark.rule("E11")
def test_a_weighing_is_moved_to_no_balance_on_which_it_would_have_been_refused(client: FlaskClient) -> None:
    item_id = weighed(client)
    last = events(client, item_id)[-1]
    late = _correct(client, item_id, last, {"balance": "ab-104"})
    assert (late.status_code, late.json["code"]) == (409, "out_of_calibration"), late.data
    other_day = _correct(client, item_id, last, {"balance": "AB204", "calibrated_on": str(TODAY)})
    assert other_day.status_code == 422 and "By the register" in other_day.json["detail"]
    assert other_day.json["errors"][0]["pointer"] == "/corrected/calibrated_on"
    moved = _correct(client, item_id, last, {"balance": "ab 204"})
    assert moved.status_code == 201, moved.data
    assert moved.json["details"]["corrected"] == {
        "balance": "AB204", "balance_serial_number": "SN-AB204", "calibrated_on": str(TODAY - 30 * DAY),
        "calibration_due": str(TODAY + 30 * DAY), "calibration": "in date", "out_of_calibration": False,
    }  # fmt: skip
    assert moved.json["details"]["was"]["calibration"] == "not stated"
    back = _correct(client, item_id, moved.json, {"balance": "AB104"}, CUSTODIAN)
    assert back.json["code"] == "out_of_calibration", "nor by a correction of the correction"
    elsewhere = _correct(client, item_id, last, {"balance": "field"})
    assert elsewhere.status_code == 201
    assert elsewhere.json["details"]["corrected"]["calibration"] == "not stated"
    assert elsewhere.json["details"]["corrected"]["out_of_calibration"] is None


@pytest.mark.rule("E4")
@pytest.mark.rule("E11")
def test_what_is_taken_is_marked_when_its_balance_was_late(client: FlaskClient) -> None:
    item_id = weighed(client)
    assert act(client, item_id, "consumptions", mass(1, 0.1, purpose="x", balance="AB204")).status_code == 201
    done = _correct(client, item_id, events(client, item_id)[-1], {"balance": "AB104"})
    assert done.status_code == 201, done.data
    assert done.json["details"]["corrected"]["out_of_calibration"] is True


@pytest.mark.rule("E9")
@pytest.mark.rule("E11")
def test_the_time_of_a_weighing_stays_behind_its_calibration(client: FlaskClient) -> None:
    item_id = handed(client)
    field = mass(500, 0.4, balance="field", calibrated_on=str(TODAY - 5 * DAY))
    assert act(client, item_id, "weighings", field).status_code == 201
    earlier = f"{TODAY - 9 * DAY}T10:00:00Z"
    told = _correct(client, item_id, events(client, item_id)[-1], {"occurred_at": earlier})
    assert told.status_code == 422 and told.json["errors"][0]["pointer"] == "/corrected/occurred_at"
    assert act(client, item_id, "weighings", mass(500, 0.4, balance="AB204")).status_code == 201
    before = f"{TODAY - 40 * DAY}T10:00:00Z"
    marked = _correct(client, item_id, events(client, item_id)[-1], {"occurred_at": before})
    assert marked.status_code == 201, marked.data
    assert marked.json["details"]["corrected"]["out_of_calibration"] is True


@pytest.mark.rule("E4")
@pytest.mark.rule("E15")
def test_no_correction_makes_a_mass_more_certain_than_its_balance(client: FlaskClient) -> None:
    item_id = handed(client)
    assert act(client, item_id, "weighings", gross(5.25, 1.0, balance="AB204")).status_code == 201
    last = events(client, item_id)[-1]
    finer = _correct(client, item_id, last, {"uncertainty_mg": 0.001}, REVIEWER)
    assert finer.status_code == 422 and "no mass is known better" in finer.json["detail"]
    assert finer.json["errors"][0]["pointer"] == "/corrected/uncertainty_mg"


@pytest.mark.rule("E11")
def test_what_the_system_works_out_is_not_offered_for_correction(client: FlaskClient) -> None:
    item_id = weighed(client)
    last = events(client, item_id)[-1]
    assert last["correctable"] == [
        "occurred_at", "purpose", "balance", "calibrated_on", "net_mass_mg", "uncertainty_mg",
    ]  # fmt: skip
    for name in ("calibration", "out_of_calibration", "unexplained"):
        refused = _correct(client, item_id, last, {name: "in date"})
        assert refused.status_code == 422 and "follows from what" in refused.json["detail"], name
        assert refused.json["errors"][0]["pointer"] == f"/corrected/{name}"
    for text in ("yesterday", 5, "2026-13-01"):
        wrong = _correct(client, item_id, last, {"calibrated_on": text})
        assert wrong.status_code == 422, wrong.data
        assert wrong.json["errors"][0]["pointer"] == "/corrected/calibrated_on"


@pytest.mark.rule("E5")
@pytest.mark.rule("E11")
def test_a_seal_that_was_broken_after_all_waits_for_a_reviewer(client: FlaskClient, runtime: Runtime) -> None:
    item_id = opened(client)
    received = events(client, item_id)[0]
    odd = _correct(client, item_id, received, {"seal_condition": "nearly"}, CUSTODIAN)
    assert odd.status_code == 422 and odd.json["errors"][0]["pointer"] == "/corrected/seal_condition"
    done = _correct(client, item_id, received, {"seal_condition": "broken"}, CUSTODIAN)
    assert done.status_code == 201, done.data
    now = item(client, item_id)
    assert now["blocked"] and now["seal_condition"] == "broken"
    (told,) = told_to_intake(runtime, item_id)
    assert told["code"] == "seal" and "was broken at its receipt" in told["detail"]
    resolved(client, told)
    assert not item(client, item_id)["blocked"]
    back = _correct(client, item_id, done.json, {"seal_condition": "intact"}, REVIEWER)
    assert back.status_code == 201 and not item(client, item_id)["blocked"]


@pytest.mark.rule("E11")
@pytest.mark.rule("E15")
def test_no_correction_makes_a_mass_less_certain_than_its_act_could(client: FlaskClient) -> None:
    item_id = weighed(client)
    assert act(client, item_id, "consumptions", mass(1, purpose="x")).status_code == 201
    assert act(client, item_id, "consumptions", mass(1, 0.1, purpose="x", balance="AB204")).status_code == 201
    *_, weighing, taken, on_register = events(client, item_id)
    for event, doubt, words in (
        (weighing, 51, "does not know"),
        (taken, 1.1, "does not know"),
        (on_register, 0.2, "by the register"),
    ):
        wilder = _correct(client, item_id, event, {"uncertainty_mg": doubt}, REVIEWER)
        assert wilder.status_code == 422 and words in wilder.json["detail"], wilder.data
        assert [row["pointer"] for row in wilder.json["errors"]] == ["/corrected/uncertainty_mg"]
    assert _correct(client, item_id, taken, {"uncertainty_mg": 1}, REVIEWER).status_code == 201
