"""Sealed package, gross and net are separate facts (E4), each with its balance; what is missing stops work at once (E5, E15)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.runtime import Runtime
from tests.calls import ADMIN, AUDITOR, CUSTODIAN
from tests.integration.chain_of_custody.house import (
    act,
    call,
    events,
    gross,
    handed,
    item,
    mass,
    package,
    resolved,
    told_to_intake,
    weighed,
)


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
        (
            gross(5, calibrated_on=(datetime.now(UTC).date() + timedelta(days=2)).isoformat()),
            "/calibrated_on",
        ),
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


@pytest.mark.rule("E15")
def test_many_portions_that_book_nothing_hide_no_loss(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    wild = act(client, item_id, "consumptions", mass(1e-6, 10, purpose="x"))
    assert wild.status_code == 422 and [row["pointer"] for row in wild.json["errors"]] == ["/uncertainty_mg"]
    assert "1 mg, since the register does not know" in wild.json["detail"]
    for _ in range(120):
        assert act(client, item_id, "consumptions", mass(0.001, 1, purpose="x")).status_code == 201
    assert item(client, item_id)["remaining"]["uncertainty_mg"] > 10.9
    done = act(client, item_id, "weighings", mass(489.8, 0.4, balance="b"))
    assert done.json["blocked"]
    (told,) = told_to_intake(runtime, item_id)
    assert "10 mg would pass" in told["detail"]
    books = call(client, "GET", f"/items/{item_id}/balance", actor=AUDITOR).json
    assert not books["closes"]


@pytest.mark.rule("E4")
@pytest.mark.rule("E15")
def test_the_register_says_how_uncertain_a_balance_may_be(client: FlaskClient) -> None:
    today = datetime.now(UTC).date()
    for name, readability, repeatability in (("fine", 0.01, 0.02), ("coarse", 10, 10)):
        body = {
            "name": name, "serial_number": f"SN-{name}", "readability_mg": readability, "repeatability_mg": repeatability,
            "calibrated_on": str(today), "next_due": str(today + timedelta(days=30)),
        }  # fmt: skip
        assert call(client, "POST", "/balances", body, actor=ADMIN).status_code == 201
    item_id = weighed(client)
    refused = act(client, item_id, "consumptions", mass(0.5, 0.06, purpose="x", balance="fine"))
    assert refused.status_code == 422 and "resolves by the register, 0.0572 mg" in refused.json["detail"]
    for doubt, balance in ((0.057, "fine"), (29, "coarse")):
        done = act(client, item_id, "consumptions", mass(0.5, doubt, purpose="x", balance=balance))
        assert done.status_code == 201, done.data


@pytest.mark.rule("E4")
@pytest.mark.rule("E15")
def test_a_coarse_gross_mass_lets_no_more_pass_than_a_receipt(client: FlaskClient) -> None:
    item_id = handed(client)
    assert not act(client, item_id, "weighings", gross(5.25, 500)).json["blocked"]
    over = act(client, item_id, "weighings", mass(5251, 1, balance="b"))
    assert over.status_code == 409 and over.json["code"] == "mass_balance"
    assert act(client, item_id, "weighings", gross(5.05, 500)).json["blocked"]
