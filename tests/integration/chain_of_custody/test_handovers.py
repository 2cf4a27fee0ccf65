"""Hand-overs: offered by one, accepted by another, all items or none (E8, E16)."""

import pytest
from flask.testing import FlaskClient

from tests.calls import AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    TECHNICIAN2,
    act,
    call,
    events,
    handed,
    item,
    mass,
    offered,
    opened,
    weighed,
)


@pytest.mark.rule("E8")
@pytest.mark.rule("E16")
def test_custody_moves_when_the_receiver_signs(client: FlaskClient) -> None:
    first, second = opened(client), opened(client)
    offer = offered(client, [second, first])
    assert item(client, first)["holder"]["name"] == "custodian"
    third = call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN2)
    assert third.status_code == 404
    unsigned = call(client, "POST", f"/handovers/{offer}/accept", {}, actor=TECHNICIAN)
    assert unsigned.status_code == 422 and unsigned.json["errors"][0]["pointer"] == "/password"
    done = call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN)
    assert done.status_code == 200 and done.json["state"] == "accepted"
    for item_id in (first, second):
        assert item(client, item_id)["holder"] == {"kind": "person", "name": "technician"}
        given = events(client, item_id)[-1]
        assert given["type"] == "handed_over" and given["details"]["from"] == "custodian"
        (signature,) = given["signatures"]
        assert signature["login"] == "technician" and signature["meaning"]
    twice = call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN)
    assert twice.status_code == 409
    steal = call(
        client,
        "POST",
        "/handovers",
        {"item_ids": [first], "to": "technician2", "purpose": "x"},
        actor=CUSTODIAN,
    )
    assert steal.status_code == 409 and steal.json["code"] == "not_holder"


def test_all_items_of_an_offer_or_none(client: FlaskClient) -> None:
    mine, other = opened(client), handed(client)
    body = {"item_ids": [mine, other], "to": "technician2", "purpose": "analysis"}
    refused = call(client, "POST", "/handovers", body, actor=CUSTODIAN)
    assert refused.status_code == 409 and refused.json["code"] == "not_holder"
    assert len(events(client, mine)) == 1
    assert offered(client, [mine])


def test_an_offer_ends_by_decline_or_withdrawal(client: FlaskClient) -> None:
    item_id = opened(client)
    for end, actor in (("decline", TECHNICIAN), ("withdraw", CUSTODIAN)):
        offer = offered(client, [item_id])
        path = f"/handovers/{offer}/{end}"
        wrong = call(client, "POST", path, {"reason": "not mine"}, actor=TECHNICIAN2)
        assert wrong.status_code == 404
        done = call(client, "POST", path, {"reason": "label does not match"}, actor=actor)
        assert done.status_code == 200
        late = call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN)
        assert late.status_code == 409
        assert item(client, item_id)["holder"]["name"] == "custodian"
    assert [event["type"] for event in events(client, item_id)][1:] == [
        "handover_offered",
        "handover_declined",
        "handover_offered",
        "handover_withdrawn",
    ]


@pytest.mark.parametrize("to", ["nobody", "gone", "admin", "custodian"])
def test_evidence_goes_to_active_people_of_the_laboratory(client: FlaskClient, to: str) -> None:
    body = {"item_ids": [opened(client)], "to": to, "purpose": "x"}
    refused = call(client, "POST", "/handovers", body, actor=CUSTODIAN)
    assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/to"


def test_one_offer_of_an_item_at_a_time(client: FlaskClient) -> None:
    item_id = opened(client)
    offered(client, [item_id])
    again = call(
        client,
        "POST",
        "/handovers",
        {"item_ids": [item_id], "to": "reviewer", "purpose": "x"},
        actor=CUSTODIAN,
    )
    assert again.status_code == 409 and again.json["code"] == "already_offered"
    assert act(client, item_id, "moves", {"place": "vault", "purpose": "x"}, CUSTODIAN).status_code == 409


def test_hand_overs_are_listed_to_their_parties_and_the_auditor(client: FlaskClient) -> None:
    offer = offered(client, [opened(client)])
    for actor, sees in (
        (CUSTODIAN, True),
        (TECHNICIAN, True),
        (AUDITOR, True),
        (REVIEWER, False),
        (TECHNICIAN2, False),
    ):
        found = call(client, "GET", "/handovers?limit=500", actor=actor).json["items"]
        assert (offer in [row["id"] for row in found]) is sees, actor
        status = call(client, "GET", f"/handovers/{offer}", actor=actor).status_code
        assert status == (200 if sees else 404)


@pytest.mark.rule("E16")
def test_an_office_that_accepts_takes_its_item_back(client: FlaskClient) -> None:
    item_id = opened(client)
    wrong = {"item_ids": [item_id], "to": "bangkok", "purpose": "return"}
    assert call(client, "POST", "/handovers", wrong, actor=CUSTODIAN).status_code == 422
    offer = offered(client, [item_id], "bogota")
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=BOGOTA).status_code == 200
    assert item(client, item_id)["state"] == "returned"
    ended = act(client, item_id, "retrievals", {"purpose": "x"}, CUSTODIAN)
    assert ended.status_code == 409 and ended.json["code"] == "ended"


@pytest.mark.rule("E8")
def test_what_a_part_on_hold_came_from_does_not_go_back_to_its_office(client: FlaskClient) -> None:
    item_id = weighed(client)
    child = act(client, item_id, "aliquots", mass(10, purpose="x")).json["id"]
    body = {"item_ids": [item_id], "to": "custodian", "purpose": "x"}
    offer = call(client, "POST", "/handovers", body, actor=TECHNICIAN).json["id"]
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=CUSTODIAN).status_code == 200
    back = {**body, "to": "bogota"}
    before = call(client, "POST", "/handovers", back, actor=CUSTODIAN).json["id"]
    hold = act(client, child, "holds", {"reason": "court", **SIGNED}, REVIEWER).json["id"]
    refused = call(client, "POST", f"/handovers/{before}/accept", SIGNED, actor=BOGOTA)
    assert refused.status_code == 409 and "came from" in refused.json["detail"]
    gone = call(client, "POST", f"/handovers/{before}/withdraw", {"reason": "x"}, actor=CUSTODIAN)
    assert gone.status_code == 200
    again = call(client, "POST", "/handovers", back, actor=CUSTODIAN)
    assert again.status_code == 409 and "is on hold" in again.json["detail"]
    assert (
        call(client, "POST", f"/holds/{hold}/release", {"reason": "x", **SIGNED}, actor=REVIEWER).status_code
        == 200
    )
    assert call(client, "POST", "/handovers", back, actor=CUSTODIAN).status_code == 201
