"""The parcel at the door: who brought it, when, how it looked; and which shipments wait for a receipt (E2, E6)."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from services.intake.models_limits import Arrival
from services.intake.service.arrivals import signed_digest
from shared.actor import Signature
from shared.crypto.canonical import canonical_digest
from shared.runtime import Runtime
from tests.calls import AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN, as_service
from tests.integration.intake.builders import ask, dispatched, drafted, line, missing, receive, seen

CAME = {
    "delivered_by": "DHL, J. Pérez",
    "seal_condition": "intact",
    "arrived_at": "2026-01-05T08:00:00Z",
    "remarks": "two boxes",
    "password": "verified",
}

_SIGNATURE = Signature(CUSTODIAN.login, CUSTODIAN.name, CUSTODIAN.role, "password", datetime.now(UTC))


def awaited(client: FlaskClient, actor: object = CUSTODIAN) -> set[str]:
    found = ask(client, "GET", "/submissions?receipt=awaited&limit=500", actor=actor)  # type: ignore[arg-type]
    assert found.status_code == 200
    return {row["id"] for row in found.json["items"]}


@pytest.mark.rule("E2")
def test_an_arrival_is_a_record_that_both_ends_see(client: FlaskClient) -> None:
    sent = dispatched(client, [line(1)])
    path = f"/submissions/{sent['id']}/arrivals"
    assert sent["arrived_at"] is None
    key = {"Idempotency_Key": "came-once"}
    made = ask(client, "POST", path, CAME, actor=CUSTODIAN, **key)
    assert made.status_code == 201
    again = ask(client, "POST", path, CAME, actor=CUSTODIAN, **key)
    assert again.json == made.json and again.headers["Idempotency-Replayed"] == "true"
    for actor in (BOGOTA, TECHNICIAN, AUDITOR):
        (row,) = ask(client, "GET", path, actor=actor).json["items"]
        assert row == made.json
        assert (row["received_by"], row["delivered_by"], row["remarks"]) == (
            "custodian",
            CAME["delivered_by"],
            "two boxes",
        )
        assert row["arrived_at"] < row["recorded_at"]
    assert (
        ask(client, "GET", f"/submissions/{sent['id']}", actor=BOGOTA).json["arrived_at"] == row["arrived_at"]
    )
    assert ask(client, "GET", f"/submissions/{sent['id']}", actor=BOGOTA).json["state"] == "dispatched"
    ask(client, "POST", path, {**CAME, "delivered_by": "post", "seal_condition": "broken"}, actor=CUSTODIAN)
    assert len(ask(client, "GET", path, actor=BOGOTA).json["items"]) == 2


@pytest.mark.rule("E16")
def test_who_takes_it_signs_and_the_signature_names_the_record(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1)])
    path = f"/submissions/{sent['id']}/arrivals"
    unsigned = ask(client, "POST", path, json.dumps(CAME).encode(), actor=CUSTODIAN)
    assert (unsigned.status_code, unsigned.json["code"]) == (403, "wrong_password")
    without = {name: value for name, value in CAME.items() if name != "password"}
    signing = replace(CUSTODIAN, signatures=(_SIGNATURE,))
    missing_password = ask(client, "POST", path, without, actor=signing)
    assert missing_password.status_code == 422
    assert [error["pointer"] for error in missing_password.json["errors"]] == ["/password"]
    assert ask(client, "GET", path, actor=BOGOTA).json["items"] == []
    made = ask(client, "POST", path, CAME, actor=CUSTODIAN).json
    signature = made["signature"]
    assert (signature["login"], signature["role"], signature["method"]) == (
        "custodian",
        "custodian",
        "password",
    )
    assert "closed parcel" in signature["meaning"]
    said = {name: value for name, value in made.items() if name != "signature"}
    assert signature["record_sha256"] == canonical_digest(said)
    assert signature["record_sha256"] != canonical_digest({**said, "seal_condition": "broken"})
    (seen_by_office,) = ask(client, "GET", path, actor=BOGOTA).json["items"]
    assert seen_by_office["signature"] == signature
    with runtime.unit_of_work() as unit:
        row = unit.session.scalars(select(Arrival).where(Arrival.id == made["id"])).one()
        assert signed_digest(row) == signature["record_sha256"]


def test_who_records_what(client: FlaskClient) -> None:
    sent = dispatched(client, [line(1)])
    path = f"/submissions/{sent['id']}/arrivals"
    for actor in (BOGOTA, TECHNICIAN, REVIEWER, AUDITOR):
        assert ask(client, "POST", path, CAME, actor=actor).status_code == 403, actor.login
    wrong = ask(
        client,
        "POST",
        path,
        {"arrived_at": "2199-01-01T00:00:00Z", "bag": 1, "password": "verified"},
        actor=CUSTODIAN,
    )
    assert {error["pointer"] for error in wrong.json["errors"]} == {
        "/arrived_at",
        "/bag",
        "/delivered_by",
        "/seal_condition",
    }
    draft = drafted(client, [line(1)]).json
    assert (
        ask(client, "POST", f"/submissions/{draft['id']}/arrivals", CAME, actor=CUSTODIAN).status_code == 404
    )


@pytest.mark.rule("E6")
@pytest.mark.rule("E30")
def test_sent_without_receipt_is_a_list(client: FlaskClient) -> None:
    draft = drafted(client, [line(1)]).json
    sent = dispatched(client, [line(1), line(2), line(3)])
    assert sent["id"] in awaited(client) & awaited(client, BOGOTA)
    assert draft["id"] not in awaited(client) | awaited(client, BOGOTA)
    assert sent["id"] not in awaited(client, BANGKOK)
    assert receive(client, sent["id"], [seen(1)]).status_code == 201
    assert sent["id"] in awaited(client)
    assert receive(client, sent["id"], [seen(2), missing(3)]).status_code == 201
    # Nothing is undecided; that line 3 is missing is a discrepancy's business now.
    assert (
        ask(client, "GET", f"/submissions/{sent['id']}", actor=CUSTODIAN).json["state"]
        == "partially_received"
    )
    assert sent["id"] not in awaited(client) | awaited(client, BOGOTA)


@pytest.mark.rule("E26")
def test_what_custody_is_told_of_a_shipment(client: FlaskClient) -> None:
    sent = dispatched(client, [line(1), line(2)])

    def told() -> list[tuple[str, str]]:
        page = as_service(client, "chain_of_custody", "GET", "/internal/limits/shipments?limit=500")
        return [(row["kind"], row["since"]) for row in page.json["items"] if row["subject_id"] == sent["id"]]

    assert told() == [("not_arrived", sent["dispatched_at"])]
    path = f"/submissions/{sent['id']}/arrivals"
    first = ask(client, "POST", path, CAME, actor=CUSTODIAN).json["arrived_at"]
    ask(client, "POST", path, {**CAME, "arrived_at": "2026-01-07T08:00:00Z"}, actor=CUSTODIAN)
    assert told() == [("receipt_unconfirmed", first)]
    receive(client, sent["id"], [seen(1)])
    assert told() == [("not_arrived", sent["dispatched_at"])]
    ask(client, "POST", path, {**CAME, "arrived_at": "2026-01-09T08:00:00Z"}, actor=CUSTODIAN)
    assert told() == [("receipt_unconfirmed", "2026-01-09T08:00:00.000000Z")]
    receive(client, sent["id"], [seen(2)])
    assert told() == []
    # A parcel more than was sent is here all the same, and waits.
    ask(client, "POST", path, CAME, actor=CUSTODIAN)
    assert told() == [("receipt_unconfirmed", first)]


def test_nobody_but_custody_is_told(client: FlaskClient) -> None:
    for path in ("shipments", "discrepancies", "calendars"):
        assert as_service(client, "classifier", "GET", f"/internal/limits/{path}").status_code == 403
        assert ask(client, "GET", f"/limits/{path}", actor=AUDITOR, prefix="/internal").status_code == 403


@pytest.mark.rule("E12")
@pytest.mark.parametrize("change", ["UPDATE intake.arrival SET remarks = ''", "DELETE FROM intake.arrival"])
def test_the_service_s_role_cannot_change_an_arrival(
    client: FlaskClient, runtime: Runtime, change: str
) -> None:
    with runtime.unit_of_work() as unit, pytest.raises(DBAPIError, match="permission denied"):
        unit.session.execute(text(change))
