"""From hand to hand on a real PostgreSQL: who may, all or nothing, one at a time."""

import threading

import pytest
from flask.testing import FlaskClient

from shared.actor import Actor
from tests.calls import ADMIN, ANALYST, AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, TECHNICIAN, as_service, call
from tests.integration.chain_of_custody.conftest import (
    CUSTODIAN2,
    TECHNICIAN2,
    events,
    handed,
    item,
    offer,
    received,
    refused,
)

SIGN = {"password": "verified"}


@pytest.mark.rule("E8", "E16")
def test_custody_moves_when_the_receiver_signs(client: FlaskClient) -> None:
    item_id = received(client)
    offered = call(client, "POST", "/handovers", offer([item_id]), actor=CUSTODIAN)
    assert offered.status_code == 201 and offered.json["state"] == "offered", offered.data
    assert item(client, item_id)["holder"] == {"kind": "person", "name": "custodian"}
    path = f"/handovers/{offered.json['id']}"
    assert call(client, "POST", f"{path}/accept", SIGN, actor=TECHNICIAN2).status_code == 404
    assert call(client, "POST", f"{path}/accept", SIGN, actor=CUSTODIAN).status_code == 403
    missing = call(client, "POST", f"{path}/accept", {}, actor=TECHNICIAN)
    assert missing.status_code == 422 and missing.json["errors"][0]["pointer"] == "/password"
    accepted = call(client, "POST", f"{path}/accept", SIGN, actor=TECHNICIAN)
    assert accepted.status_code == 200 and accepted.json["state"] == "accepted"
    assert item(client, item_id)["holder"] == {"kind": "person", "name": "technician"}
    refused(call(client, "POST", f"{path}/accept", SIGN, actor=TECHNICIAN), 409, "not_offered")
    refused(call(client, "POST", "/handovers", offer([item_id]), actor=CUSTODIAN2), 409, "not_holder")
    last = events(client, item_id)[-1]
    assert (last["actor"], last["details"]["from"], last["details"]["to"]) == (
        "technician", "custodian", "technician",
    )  # fmt: skip
    assert last["signatures"][0]["login"] == "technician" and last["signatures"][0]["meaning"]


def test_without_the_gateways_signature_nothing_is_signed(client: FlaskClient) -> None:
    item_id = received(client)
    made = call(client, "POST", "/handovers", offer([item_id]), actor=CUSTODIAN)
    raw = b'{"password": "verified"}'
    answer = call(client, "POST", f"/handovers/{made.json['id']}/accept", raw, actor=TECHNICIAN)
    refused(answer, 403, "wrong_password")
    assert item(client, item_id)["holder"]["name"] == "custodian"


def test_a_batch_goes_as_a_whole_or_not_at_all(client: FlaskClient) -> None:
    mine, theirs = received(client), handed(client, received(client), to=TECHNICIAN2)
    refused(call(client, "POST", "/handovers", offer([mine, theirs]), actor=CUSTODIAN), 409, "not_holder")
    unknown = call(client, "POST", "/handovers", offer([mine, "no-such-item"]), actor=CUSTODIAN)
    assert unknown.status_code == 404
    assert [event["type"] for event in events(client, mine)] == ["received"]
    both = [mine, received(client)]
    made = call(client, "POST", "/handovers", offer(both), actor=CUSTODIAN).json
    assert sorted(made["item_ids"]) == sorted(both)
    assert call(client, "POST", f"/handovers/{made['id']}/accept", SIGN, actor=TECHNICIAN).status_code == 200
    assert {item(client, item_id)["holder"]["name"] for item_id in both} == {"technician"}


@pytest.mark.parametrize(("end", "who"), [("decline", TECHNICIAN), ("withdraw", CUSTODIAN)])
def test_an_offer_that_came_to_nothing_leaves_everything_and_may_be_made_anew(
    client: FlaskClient, end: str, who: Actor
) -> None:
    item_id = received(client)
    made = call(client, "POST", "/handovers", offer([item_id]), actor=CUSTODIAN).json
    refused(call(client, "POST", "/handovers", offer([item_id]), actor=CUSTODIAN), 409, "already_offered")
    other = CUSTODIAN if who is TECHNICIAN else TECHNICIAN
    path = f"/handovers/{made['id']}/{end}"
    assert call(client, "POST", path, {"reason": "x"}, actor=other).status_code == 403
    assert call(client, "POST", path, {"reason": "x"}, actor=TECHNICIAN2).status_code == 404
    assert call(client, "POST", path, {}, actor=who).status_code == 422
    ended = call(client, "POST", path, {"reason": "label does not match"}, actor=who)
    assert ended.status_code == 200 and ended.json["reason"] == "label does not match"
    refused(call(client, "POST", path, {"reason": "x"}, actor=who), 409, "not_offered")
    accept = f"/handovers/{made['id']}/accept"
    refused(call(client, "POST", accept, SIGN, actor=TECHNICIAN), 409, "not_offered")
    assert item(client, item_id)["holder"]["name"] == "custodian"
    handed(client, item_id)


@pytest.mark.parametrize("to", ["nobody", "analyst", "auditor", "admin", "custodian"])
def test_evidence_goes_to_nobody_who_may_not_hold_it(client: FlaskClient, to: str) -> None:
    answer = call(client, "POST", "/handovers", offer([received(client)], to=to), actor=CUSTODIAN)
    refused(answer, 422, "invalid")
    assert answer.json["errors"][0]["pointer"] == "/to"


@pytest.mark.rule("E31")
@pytest.mark.parametrize("actor", [ADMIN, ANALYST, AUDITOR, BOGOTA])
def test_who_has_no_authority_offers_nothing(client: FlaskClient, actor: Actor) -> None:
    assert call(client, "POST", "/handovers", offer(["x"]), actor=actor).status_code == 403


@pytest.mark.rule("E5")
def test_while_a_discrepancy_is_open_nothing_is_handed_over(client: FlaskClient) -> None:
    item_id = received(client, blocked=True)
    refused(call(client, "POST", "/handovers", offer([item_id]), actor=CUSTODIAN), 409, "blocked")
    assert item(client, item_id)["state"] == "blocked"


def test_hand_overs_are_listed_to_those_whom_they_concern(client: FlaskClient) -> None:
    made = call(client, "POST", "/handovers", offer([received(client)]), actor=CUSTODIAN).json["id"]

    def seen(actor: Actor) -> bool:
        listed = call(client, "GET", "/handovers?state=offered", actor=actor).json["items"]
        return made in [row["id"] for row in listed]

    assert seen(CUSTODIAN) and seen(TECHNICIAN) and seen(AUDITOR)
    assert not seen(TECHNICIAN2) and not seen(BOGOTA) and not seen(BANGKOK)
    assert call(client, "GET", "/handovers", actor=ANALYST).status_code == 403
    assert call(client, "GET", "/handovers", actor=None).status_code == 401


def test_an_item_goes_back_to_its_own_office_and_ends_there(client: FlaskClient) -> None:
    item_id = received(client)
    foreign = call(client, "POST", "/handovers", offer([item_id], to="bangkok"), actor=CUSTODIAN)
    refused(foreign, 422, "invalid")
    made = call(client, "POST", "/handovers", offer([item_id], to="bogota"), actor=CUSTODIAN).json
    assert call(client, "POST", f"/handovers/{made['id']}/accept", SIGN, actor=BANGKOK).status_code == 404
    taken = call(client, "POST", f"/handovers/{made['id']}/accept", SIGN, actor=BOGOTA)
    assert taken.status_code == 200, taken.data
    assert item(client, item_id)["state"] == "returned"
    refused(call(client, "POST", "/handovers", offer([item_id]), actor=CUSTODIAN), 409, "ended")
    held = handed(client, received(client), to=TECHNICIAN)
    refused(call(client, "POST", "/handovers", offer([held], to="bogota"), actor=TECHNICIAN), 422, "invalid")


@pytest.mark.rule("E8")
def test_of_many_who_accept_at_once_one_succeeds_and_no_order_of_items_deadlocks(client: FlaskClient) -> None:
    ids = [received(client) for _ in range(4)]
    app = client.application
    said: list[int] = []

    def make_offer(order: list[str]) -> None:
        said.append(call(app.test_client(), "POST", "/handovers", offer(order), actor=CUSTODIAN).status_code)

    threads = [threading.Thread(target=make_offer, args=(ids[k % 4 :] + ids[: k % 4],)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [201] + [409] * 5
    made = call(client, "GET", f"/handovers?item_id={ids[0]}", actor=TECHNICIAN).json["items"][0]["id"]
    said.clear()

    def accept() -> None:
        path = f"/handovers/{made}/accept"
        said.append(call(app.test_client(), "POST", path, SIGN, actor=TECHNICIAN).status_code)

    threads = [threading.Thread(target=accept) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [200] + [409] * 5
    for item_id in ids:
        assert [event["type"] for event in events(client, item_id)].count("handed_over") == 1


def test_an_account_that_was_closed_takes_nothing_over(client: FlaskClient) -> None:
    gone = {"login": "gone", "name": "Greta", "role": "technician", "office": None, "active": False}
    assert as_service(client, "classifier", "POST", "/internal/people", gone).status_code < 300
    answer = call(client, "POST", "/handovers", offer([received(client)], to="gone"), actor=CUSTODIAN)
    refused(answer, 422, "invalid")
