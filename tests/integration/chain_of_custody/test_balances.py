"""Balances (ISO/IEC 17025, 6.4): the register, what is out of calibration, and what a balance leaves in doubt (E4, E14, E15)."""

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
    call,
    events,
    gross,
    handed,
    item,
    mass,
    sequence,
    weighed,
)

TODAY = datetime.now(UTC).date()


def balance_named(client: FlaskClient, name: str, done: date, due: date, **over: Any) -> Any:
    body = {
        "name": name, "serial_number": f"SN-{name}", "readability_mg": 0.01, "repeatability_mg": 0.02,
        "calibrated_on": done.isoformat(), "next_due": due.isoformat(), "certificate": "K-1", **over,
    }  # fmt: skip
    return call(client, "POST", "/balances", body, actor=ADMIN)


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
    taken = act(client, item_id, "consumptions", mass(1, 0.1, purpose="x", balance="old"))
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


@pytest.mark.rule("E4")
def test_a_balance_is_known_however_its_name_is_written(client: FlaskClient) -> None:
    day = timedelta(days=1)
    assert balance_named(client, "MS 304-S", TODAY - 400 * day, TODAY - 35 * day).status_code == 201
    again = balance_named(client, "ms304_s", TODAY - day, TODAY + day)
    assert again.json["code"] == "exists" and "MS 304-S" in again.json["detail"]
    item_id = weighed(client)
    for name in ("MS304S", "ms-304-s", "Ms 304\u2011S"):
        refused = act(client, item_id, "weighings", mass(500, balance=name))
        assert (refused.status_code, refused.json["code"]) == (409, "out_of_calibration"), refused.data
    assert (
        act(client, item_id, "consumptions", mass(1, 0.1, purpose="x", balance="ms304s")).status_code == 201
    )
    told = events(client, item_id)[-1]["details"]
    assert (told["balance"], told["out_of_calibration"]) == ("MS 304-S", True)


@pytest.mark.rule("E4")
def test_a_calibration_is_neither_ancient_nor_of_the_day_after(client: FlaskClient) -> None:
    item_id = weighed(client)
    earlier = f"{TODAY - timedelta(days=20)}T10:00:00Z"
    overs: tuple[dict[str, Any], ...] = (
        {"calibrated_on": "1950-01-01"},
        {"calibrated_on": str(TODAY - timedelta(days=10)), "occurred_at": earlier},
    )
    for over in overs:
        refused = act(client, item_id, "weighings", mass(500, balance="field", **over))
        assert refused.status_code == 422, refused.data
        assert [error["pointer"] for error in refused.json["errors"]] == ["/calibrated_on"]
    ancient = balance_named(client, "ancient", date(1950, 1, 1), TODAY + timedelta(days=9))
    assert ancient.json["errors"][0]["pointer"] == "/calibrated_on"
