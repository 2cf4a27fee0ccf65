"""Destructions not done and offers not answered."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.domain.time_limits import Kind, due_at
from services.chain_of_custody.domain.working_days import Calendar
from shared.http.schemas import parse_time
from tests.calls import CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    call,
    offered,
    opened,
)
from tests.integration.chain_of_custody.limits.house import House

_SECOND = timedelta(seconds=1)


@pytest.mark.rule("E26")
def test_a_destruction_that_is_not_done_unless_a_hold_forbids_it(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    body = {"method": "incineration", "purpose": "case closed", **SIGNED}
    asked = act(client, item_id, "disposals", body, CUSTODIAN).json["id"]
    agreed = call(client, "POST", f"/disposals/{asked}/authorise", SIGNED, actor=REVIEWER).json
    due = due_at(Kind.DISPOSAL_UNDONE, parse_time(agreed["authorised_at"]), Calendar())
    house.check(due - _SECOND)
    assert house.of_item(item_id, Kind.DISPOSAL_UNDONE) == []
    house.check(due)
    (entry,) = house.of_item(item_id, Kind.DISPOSAL_UNDONE)
    assert (entry["subject_id"], entry["responsible"], entry["detail"]) == (
        asked,
        "custodian",
        "incineration",
    )
    hold = act(client, item_id, "holds", {"reason": "court", **SIGNED}, CUSTODIAN)
    assert hold.status_code == 201
    house.check(due + _SECOND)
    assert house.of_item(item_id, Kind.DISPOSAL_UNDONE) == []


@pytest.mark.rule("E26")
def test_an_offer_without_answer(house: House, client: FlaskClient) -> None:
    item_ids = [opened(client), opened(client)]
    offer = offered(client, item_ids)
    made = parse_time(call(client, "GET", f"/handovers/{offer}", actor=TECHNICIAN).json["offered_at"])
    due = due_at(Kind.HANDOVER_UNANSWERED, made, Calendar())
    house.check(due - _SECOND)
    assert not [row for row in house.overdue(kind="handover_unanswered") if row["subject_id"] == offer]
    house.check(due)
    (entry,) = [row for row in house.overdue(kind="handover_unanswered") if row["subject_id"] == offer]
    assert entry["responsible"] == "technician" and entry["number"].endswith(" and 1 more")
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN).status_code == 200
    house.check(due)
    assert not [row for row in house.overdue(kind="handover_unanswered") if row["subject_id"] == offer]
