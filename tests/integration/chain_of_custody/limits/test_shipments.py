"""Shipments on their way, at the door and opened; whose days count."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.domain.time_limits import Kind, due_at
from services.chain_of_custody.domain.working_days import Calendar
from shared.actor import Actor
from shared.http.schemas import parse_time
from tests.calls import ADMIN, BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    call,
    opened,
)
from tests.integration.chain_of_custody.limits.house import House, last
from tests.integration.intake.builders import dispatched, line, receive, seen

_SECOND = timedelta(seconds=1)


@pytest.mark.rule("E6")
@pytest.mark.rule("E26")
@pytest.mark.rule("E30")
def test_a_shipment_from_its_dispatch_over_its_arrival_to_its_receipt(house: House) -> None:
    sent = dispatched(house.intake, [line(1)])

    def mine(actor: Actor = BOGOTA) -> list[tuple[str, str]]:
        found = house.overdue(actor, submission_id=sent["id"])
        return [(row["kind"], row["number"]) for row in found]

    due = due_at(Kind.NOT_ARRIVED, parse_time(sent["dispatched_at"]), Calendar())
    house.check(due - _SECOND)
    assert mine() == []
    house.check(due)
    assert mine() == mine(CUSTODIAN) == [("not_arrived", sent["number"])]
    assert mine(BANGKOK) == []
    body = {"delivered_by": "DHL, J. Pérez", "seal_condition": "intact", **SIGNED}
    came = call(house.intake, "POST", f"/submissions/{sent['id']}/arrivals", body, actor=CUSTODIAN)
    assert came.status_code == 201, came.data
    due = due_at(Kind.RECEIPT_UNCONFIRMED, parse_time(came.json["arrived_at"]), Calendar())
    house.check(due - _SECOND)
    assert mine() == []
    house.check(due)
    assert mine() == mine(TECHNICIAN) == [("receipt_unconfirmed", sent["number"])]
    assert mine(BANGKOK) == []
    assert receive(house.intake, sent["id"], [seen(1, seal_condition="broken")]).status_code == 201
    house.check(due)
    assert mine() == []
    due = due_at(Kind.DISCREPANCY_OPEN, datetime.now(UTC), Calendar())
    house.check(due)
    assert mine(REVIEWER) == [("discrepancy_open", house.overdue(submission_id=sent["id"])[0]["number"])]
    assert mine() == []


@pytest.mark.rule("E26")
def test_days_are_those_of_the_calendar_that_was_set(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    due = due_at(Kind.OUT_OF_STORAGE, last(client, item_id, "received"), Calendar())
    house.check(due)
    (entry,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    first = due.date() - timedelta(days=1)
    body = {
        "time_zone": "Asia/Bangkok",
        "weekend": ["saturday", "sunday"],
        "holidays": [{"date": first.isoformat(), "name": "Founders' day"}],
    }
    path = "/offices/LAB/calendar"
    tag = call(house.intake, "GET", path, actor=ADMIN).headers["ETag"]
    assert call(house.intake, "PUT", path, body, actor=ADMIN, If_Match=tag).status_code == 200
    house.check(due + timedelta(hours=6))
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE) == []
    tag = call(house.intake, "GET", path, actor=ADMIN).headers["ETag"]
    body = {"time_zone": "UTC", "weekend": ["saturday", "sunday"], "holidays": []}
    assert call(house.intake, "PUT", path, body, actor=ADMIN, If_Match=tag).status_code == 200
    house.check(due)
    assert len(house.of_item(item_id, Kind.OUT_OF_STORAGE)) == 1
    assert len(house.of_item(item_id, Kind.OUT_OF_STORAGE, state="any")) == 2
    assert entry["id"] in {row["id"] for row in house.of_item(item_id, Kind.OUT_OF_STORAGE, state="closed")}
