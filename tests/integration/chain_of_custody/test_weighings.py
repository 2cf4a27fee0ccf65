"""Sealed package, gross and net are separate facts (E4), each with its balance; what is missing stops work at once (E5, E15)."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import text

from services.chain_of_custody.service.ledger_keys import load_verifier_key
from shared.runtime import Runtime
from siglab_clients.verify.check_bundle import check_bundle
from tests.calls import ADMIN, AUDITOR, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    act,
    as_service,
    call,
    events,
    handed,
    item,
    mass,
    sequence,
    weighed,
)

TODAY = datetime.now(UTC).date()


def gross(grams: float, uncertainty_mg: float = 1.0, **over: Any) -> dict[str, Any]:
    return {"gross_mass_g": grams, "uncertainty_mg": uncertainty_mg, "balance": "b", **over}


def package(grams: float, uncertainty_mg: float = 1.0, **over: Any) -> dict[str, Any]:
    return {"package_mass_g": grams, "uncertainty_mg": uncertainty_mg, "balance": "b", **over}


def balance_named(client: FlaskClient, name: str, done: date, due: date, **over: Any) -> Any:
    body = {
        "name": name, "serial_number": f"SN-{name}", "readability_mg": 0.01, "repeatability_mg": 0.02,
        "calibrated_on": done.isoformat(), "next_due": due.isoformat(), "certificate": "K-1", **over,
    }  # fmt: skip
    return call(client, "POST", "/balances", body, actor=ADMIN)


def told_to_intake(runtime: Runtime, item_id: str) -> list[dict[str, Any]]:
    with runtime.unit_of_work() as uow:
        query = "SELECT body FROM chain_of_custody.outbox WHERE path = '/internal/discrepancies' ORDER BY seq"
        found = uow.session.execute(text(query)).scalars().all()
    return [body for body in found if body["item_id"] == item_id]


def resolved(client: FlaskClient, told: dict[str, Any], **over: Any) -> None:
    body = {
        "exhibit_id": told["exhibit_id"], "discrepancy_id": told["discrepancy_id"], "still_open": [],
        "resolution": "dried on the way", "resolved_by": "reviewer", "resolved_by_name": "Ruth",
        "resolved_at": told["opened_at"], **over,
    }  # fmt: skip
    assert as_service(client, "intake", "POST", "/internal/items/unblock", body).status_code == 200


@pytest.mark.rule("E4")
def test_package_gross_and_net_are_facts_of_their_own(client: FlaskClient) -> None:
    item_id = handed(client)
    for body in (package(5.25), gross(5.19), mass(500.0, 0.4, balance="b")):
        done = act(client, item_id, "weighings", body)
        assert done.status_code == 201 and done.json["state"] == "in_custody", done.data
    assert [event["details"]["kind"] for event in events(client, item_id)[-3:]] == ["package", "gross", "net"]
    assert item(client, item_id)["remaining"] == {"net_mass_mg": 500.0, "uncertainty_mg": 0.4}
    told = call(client, "GET", f"/items/{item_id}/balance", actor=CUSTODIAN).json["items"][0]
    assert told["package"] == {"mass_g": 5.25, "uncertainty_mg": 1.0}
    assert told["gross"] == {"mass_g": 5.19, "uncertainty_mg": 1.0}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"uncertainty_mg": 1, "balance": "b"}, "/net_mass_mg"),
        (gross(5, net_mass_mg=4), "/gross_mass_g"),
        (gross(5, package_mass_g=5), "/package_mass_g"),
        (gross(0), "/gross_mass_g"),
        ({"gross_mass_g": 5, "balance": "b"}, "/uncertainty_mg"),
        (gross(5, 501), "/uncertainty_mg"),
        (gross(5, calibrated_on="soon"), "/calibrated_on"),
        (gross(5, calibrated_on=(TODAY + timedelta(days=2)).isoformat()), "/calibrated_on"),
        ({"by_difference": {"before_mg": 3}, "balance": "b"}, "/by_difference/after_mg"),
        (
            {"by_difference": {"before_mg": 3, "after_mg": 1}, "uncertainty_mg": 1, "balance": "b"},
            "/uncertainty_mg",
        ),
        (
            {"by_difference": {"before_mg": 3, "after_mg": 1}, "balance": "b"},
            "/by_difference/repeatability_mg",
        ),
        (
            {"by_difference": {"before_mg": 3, "after_mg": 3, "repeatability_mg": 0.1}, "balance": "b"},
            "/by_difference/after_mg",
        ),
        (
            {"by_difference": {"before_mg": 3, "after_mg": 1, "repeatability_mg": 90}, "balance": "b"},
            "/by_difference",
        ),
    ],
)
def test_a_weighing_that_cannot_be_is_told_where(
    client: FlaskClient, body: dict[str, Any], pointer: str
) -> None:
    refused = act(client, handed(client), "weighings", body)
    assert refused.status_code == 422, refused.data
    assert [error["pointer"] for error in refused.json["errors"]] == [pointer]


@pytest.mark.rule("E15")
@pytest.mark.rule("E5")
def test_what_is_missing_stops_the_item_and_all_that_came_from_it(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = weighed(client)
    child = act(client, item_id, "aliquots", mass(100.0, purpose="GC-MS")).json["id"]
    inner = act(client, child, "aliquots", mass(10.0, purpose="GC-MS")).json["id"]
    done = act(client, item_id, "weighings", mass(390.0, 0.4, balance="b"))
    assert done.status_code == 201 and done.json["state"] == "blocked"
    for found in (item_id, child, inner):
        assert item(client, found)["blocked"]
        assert events(client, found)[-1]["type"] == "discrepancy_opened"
        assert act(client, found, "consumptions", mass(1, purpose="x")).json["code"] == "blocked"
        assert act(client, found, "weighings", mass(1, balance="b")).json["code"] == "blocked"
    (told,) = told_to_intake(runtime, item_id)
    assert told["code"] == "weight" and told["opened_by"] == "technician"
    assert (
        "390 mg" in told["detail"]
        and "400 mg" in told["detail"]
        and "10 mg are unexplained" in told["detail"]
    )
    resolved(client, told)
    resolved(client, told)
    for found in (item_id, child, inner):
        assert not item(client, found)["blocked"]
        assert [event["type"] for event in events(client, found)].count("discrepancy_resolved") == 1
    assert act(client, item_id, "weighings", mass(390.0, 0.4, balance="b")).json["state"] == "in_custody"


@pytest.mark.rule("E5")
def test_only_the_branch_below_is_stopped(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    child, other = (act(client, item_id, "aliquots", mass(100.0, purpose="x")).json["id"] for _ in range(2))
    assert act(client, child, "weighings", mass(90.0, 0.4, balance="b")).json["blocked"]
    assert not item(client, item_id)["blocked"] and not item(client, other)["blocked"]
    (of_child,) = told_to_intake(runtime, child)
    assert act(client, item_id, "weighings", mass(250.0, 0.4, balance="b")).json["blocked"]
    (of_root,) = told_to_intake(runtime, item_id)
    resolved(client, of_root, still_open=[of_child["discrepancy_id"]])
    assert item(client, child)["blocked"] and not item(client, other)["blocked"]
    resolved(client, of_child)
    assert not item(client, child)["blocked"]


@pytest.mark.rule("E5")
def test_a_receipts_discrepancy_and_one_of_custody_end_each_by_its_own_name(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = weighed(client)
    assert act(client, item_id, "weighings", mass(450.0, 0.4, balance="b")).json["blocked"]
    (told,) = told_to_intake(runtime, item_id)
    resolved(client, told, discrepancy_id="of-a-receipt", still_open=[])
    assert item(client, item_id)["blocked"], (
        "intake had not heard of custody's own when it wrote that message"
    )
    resolved(client, told, still_open=["of-a-receipt"])
    assert not item(client, item_id)["blocked"]


@pytest.mark.rule("E15")
def test_small_losses_that_each_would_pass_are_found_together(client: FlaskClient) -> None:
    item_id = weighed(client)
    states = [
        act(client, item_id, "weighings", mass(500 - step * 0.5, 0.4, balance="b")).json["state"]
        for step in (1, 2)
    ]
    assert states == ["in_custody", "blocked"]


@pytest.mark.rule("E15")
def test_small_gains_that_each_would_pass_are_refused_together(client: FlaskClient) -> None:
    item_id = weighed(client)
    assert act(client, item_id, "weighings", mass(500.5, 0.4, balance="b")).status_code == 201
    refused = act(client, item_id, "weighings", mass(501.0, 0.4, balance="b"))
    assert (refused.status_code, refused.json["code"]) == (409, "mass_balance")
    assert "weighings before" in refused.json["detail"]


@pytest.mark.rule("E4")
@pytest.mark.rule("E15")
@pytest.mark.parametrize(
    ("acts", "state"),
    [
        ([package(5.25), package(5.249)], "in_custody"),
        ([package(5.25), package(5.20)], "blocked"),
        ([package(5.25), package(5.30)], "blocked"),
        ([package(4.9)], "blocked"),
        ([gross(5.2), gross(5.15)], "blocked"),
        ([gross(5.2), gross(5.2)], "in_custody"),
        ([gross(4.9)], "blocked"),
        ([gross(15)], "blocked"),
        ([package(5.2), gross(5.25)], "blocked"),
        ([gross(5.25), package(5.2)], "blocked"),
        ([package(5.25), gross(5.17), package(5.25)], "in_custody"),
        ([mass(500, 0.4, balance="b"), gross(0.49)], "blocked"),
    ],
)
def test_weights_of_the_whole_are_compared(
    client: FlaskClient, acts: list[dict[str, Any]], state: str
) -> None:
    item_id = handed(client)
    for body in acts:
        done = act(client, item_id, "weighings", body)
        assert done.status_code == 201, done.data
    assert done.json["state"] == state


def test_after_a_taking_a_lighter_parcel_is_no_surprise(client: FlaskClient) -> None:
    item_id = weighed(client)
    assert act(client, item_id, "weighings", gross(5.2)).json["state"] == "in_custody"
    assert act(client, item_id, "consumptions", mass(400, purpose="x")).status_code == 201
    assert act(client, item_id, "weighings", gross(4.6)).json["state"] == "in_custody"


@pytest.mark.rule("E15")
def test_no_net_mass_above_the_newest_gross_mass(client: FlaskClient) -> None:
    item_id = handed(client)
    assert act(client, item_id, "weighings", gross(5.2)).status_code == 201
    refused = act(client, item_id, "weighings", mass(5210, 0.4, balance="b"))
    assert (refused.status_code, refused.json["code"]) == (409, "mass_balance")


@pytest.mark.rule("E4")
def test_the_register_dates_a_weighing_and_refuses_what_is_out_of_calibration(
    client: FlaskClient, runtime: Runtime
) -> None:
    month = timedelta(days=30)
    good = balance_named(client, "XPR205", TODAY - month, TODAY + month)
    assert good.status_code == 201 and good.json["in_calibration"], good.data
    assert balance_named(client, "XPR205", TODAY - month, TODAY + month).json["code"] == "exists"
    assert not balance_named(client, "old", TODAY - 3 * month, TODAY - month).json["in_calibration"]
    item_id = handed(client)
    wrong = act(client, item_id, "weighings", mass(500, balance="XPR205", calibrated_on=str(TODAY)))
    assert wrong.status_code == 422 and "register" in wrong.json["errors"][0]["message"]
    assert act(client, item_id, "weighings", mass(500, balance="XPR205")).status_code == 201
    details = events(client, item_id)[-1]["details"]
    assert details["calibrated_on"] == str(TODAY - month) and details["out_of_calibration"] is False
    assert details["balance_serial_number"] == "SN-XPR205"
    refused = act(client, item_id, "weighings", mass(500, balance="old"))
    assert (refused.status_code, refused.json["code"]) == (409, "out_of_calibration")
    backdated: Any = {"occurred_at": f"{TODAY - 2 * month}T10:00:00Z"}
    then = act(client, item_id, "weighings", {**mass(500, balance="old"), **backdated})
    assert then.status_code == 201, "it was in calibration on that day"
    early = act(client, item_id, "weighings", {**mass(500, balance="XPR205"), **backdated})
    assert early.json["code"] == "out_of_calibration", "and this one was not yet calibrated"
    taken = act(client, item_id, "consumptions", mass(1, purpose="x", balance="old"))
    assert taken.status_code == 201, "what is taken is taken: it is marked, not refused"
    assert events(client, item_id)[-1]["details"]["out_of_calibration"] is True
    warning = "Warning: the balance old was out of calibration"
    assert [event["exceptional"] for event in events(client, item_id)] == [None] * 5 + [warning]
    _warned_of_on_paper_and_in_the_bundle(client, runtime, item_id, warning)
    elsewhere = act(
        client, item_id, "weighings", mass(499, balance="field", calibrated_on=str(TODAY - month))
    )
    assert elsewhere.status_code == 201
    details = events(client, item_id)[-1]["details"]
    assert details["calibrated_on"] == str(TODAY - month) and details["out_of_calibration"] is None


def _warned_of_on_paper_and_in_the_bundle(
    client: FlaskClient, runtime: Runtime, item_id: str, warning: str
) -> None:
    sequence(runtime)
    paper = call(client, "GET", f"/items/{item_id}/custody.pdf", actor=AUDITOR).data
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages).split())
    assert f"1 marked: {warning}." in words and warning.upper() in words
    raw = call(client, "GET", f"/items/{item_id}/bundle.zip", actor=AUDITOR).data
    verdict = check_bundle(raw, load_verifier_key(runtime.settings.keys_dir))
    assert verdict.ok and "act 6: weighed on old, which was out of calibration" in verdict.notes


def test_the_register_is_an_administrators_and_only_grows(client: FlaskClient, runtime: Runtime) -> None:
    day = timedelta(days=1)
    made = balance_named(client, "AB", TODAY - 400 * day, TODAY - 35 * day)
    path = f"/balances/{made.json['id']}/calibrations"
    body = {"calibrated_on": str(TODAY), "next_due": str(TODAY + 365 * day)}
    for actor in (TECHNICIAN, CUSTODIAN, REVIEWER, AUDITOR):
        assert call(client, "POST", path, body, actor=actor).status_code == 403
    future = {**body, "calibrated_on": str(TODAY + day)}
    assert call(client, "POST", path, future, actor=ADMIN).json["errors"][0]["pointer"] == "/calibrated_on"
    backward = {**body, "next_due": str(TODAY)}
    assert call(client, "POST", path, backward, actor=ADMIN).json["errors"][0]["pointer"] == "/next_due"
    assert call(client, "POST", "/balances/none/calibrations", body, actor=ADMIN).status_code == 404
    done = call(client, "POST", path, body, actor=ADMIN)
    assert done.status_code == 201 and done.json["in_calibration"] and len(done.json["calibrations"]) == 2
    names = [row["name"] for row in call(client, "GET", "/balances", actor=TECHNICIAN).json["items"]]
    assert "AB" in names
    with runtime.unit_of_work() as uow, pytest.raises(Exception, match="permission denied"):
        uow.session.execute(text("UPDATE chain_of_custody.balance_calibrations SET next_due = '2100-01-01'"))


@pytest.mark.rule("E15")
def test_by_difference_the_calibration_cancels(client: FlaskClient) -> None:
    item_id = weighed(client)
    readings = {"before_mg": 15_250.5, "after_mg": 15_240.3, "repeatability_mg": 0.05, "readability_mg": 0}
    done = act(client, item_id, "aliquots", {"by_difference": readings, "balance": "b", "purpose": "x"})
    assert done.status_code == 201, done.data
    assert done.json["remaining"]["net_mass_mg"] == pytest.approx(10.2)
    assert done.json["remaining"]["uncertainty_mg"] == pytest.approx(2 * 2**0.5 * 0.05)
    made = events(client, done.json["id"])[-1]["details"]
    assert made["by_difference"] == readings
    day = timedelta(days=1)
    assert balance_named(client, "known", TODAY - day, TODAY + day).status_code == 201
    short = {"by_difference": {"before_mg": 20, "after_mg": 10}, "balance": "known", "purpose": "x"}
    done = act(client, item_id, "consumptions", short)
    assert done.status_code == 201, done.data
    told = events(client, item_id)[-1]["details"]
    assert told["by_difference"]["repeatability_mg"] == 0.02
    assert told["uncertainty_mg"] == pytest.approx(2 * (2 * (0.02**2 + 0.01**2 / 12)) ** 0.5, rel=1e-6)
    nameless = {"by_difference": readings, "purpose": "x"}
    refused = act(client, item_id, "consumptions", nameless)
    assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/balance"


@pytest.mark.rule("E15")
def test_no_measured_mass_is_without_doubt(client: FlaskClient) -> None:
    item_id = weighed(client)
    for what, body in (
        ("weighings", mass(500, 0, balance="b")),
        ("weighings", gross(5.2, 0)),
        ("consumptions", mass(1, 0, purpose="x")),
        ("losses", mass(1, 0, reason="x")),
    ):
        refused = act(client, item_id, what, body)
        assert refused.status_code == 422, refused.data
        assert [error["pointer"] for error in refused.json["errors"]] == ["/uncertainty_mg"]
    exact = {"before_mg": 20, "after_mg": 19, "repeatability_mg": 0, "readability_mg": 0}
    refused = act(client, item_id, "consumptions", {"by_difference": exact, "balance": "b", "purpose": "x"})
    assert refused.status_code == 422 and "without doubt" in refused.json["detail"]


@pytest.mark.rule("E15")
def test_nobody_knows_a_mass_better_than_the_register_says_of_its_balance(client: FlaskClient) -> None:
    day = timedelta(days=1)
    assert balance_named(client, "mine", TODAY - day, TODAY + day).status_code == 201
    item_id = handed(client)
    assert act(client, item_id, "weighings", {"net_mass_mg": 500, "balance": "mine"}).status_code == 201
    by_register = 2 * (2 * (0.02**2 + 0.01**2 / 12)) ** 0.5
    assert item(client, item_id)["remaining"]["uncertainty_mg"] == pytest.approx(by_register, rel=1e-6)
    told = act(client, item_id, "weighings", mass(500, 0.001, balance="mine"))
    assert told.status_code == 422 and told.json["errors"][0]["pointer"] == "/uncertainty_mg"
    for name in ("repeatability_mg", "readability_mg"):
        readings = {"before_mg": 20, "after_mg": 10, name: 0.001}
        body = {"by_difference": readings, "balance": "mine", "purpose": "x"}
        refused = act(client, item_id, "consumptions", body)
        assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == f"/by_difference/{name}"
    unknown = act(client, item_id, "weighings", {"net_mass_mg": 500, "balance": "nobody's"})
    assert unknown.status_code == 422 and unknown.json["errors"][0]["pointer"] == "/uncertainty_mg"


@pytest.mark.rule("E14")
def test_a_calibration_that_nobody_knows_is_marked(client: FlaskClient) -> None:
    day = timedelta(days=1)
    assert balance_named(client, "kept", TODAY - day, TODAY + day).status_code == 201
    item_id = handed(client)
    for over, said in (
        ({"balance": "kept"}, "in date"),
        ({"balance": "field"}, "not stated"),
        ({"balance": "field", "calibrated_on": "1990-01-01"}, "overdue"),
        ({"balance": "field", "calibrated_on": str(TODAY - day)}, "told, not in the register"),
    ):
        assert act(client, item_id, "weighings", mass(500, 0.4, **over)).status_code == 201
        last = events(client, item_id)[-1]
        assert last["details"]["calibration"] == said
        assert {"name": "calibration", "label": "Calibration", "text": said} in last["facts"]
    assert act(client, item_id, "consumptions", mass(1, purpose="x")).status_code == 201
    assert events(client, item_id)[-1]["details"]["calibration"] == "not stated"
