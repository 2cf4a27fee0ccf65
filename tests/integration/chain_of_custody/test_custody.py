"""Opening of items, places, and what everybody may see and do: every act recorded, at every moment one holder (E8)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from shared.http.schemas import format_time
from tests.calls import ADMIN, ANALYST, AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, TECHNICIAN
from tests.integration.chain_of_custody import house
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    INSTRUMENT,
    SIGNED,
    act,
    as_service,
    call,
    events,
    exhibit,
    handed,
    item,
    offered,
    opened,
    receipt,
)


def test_a_receipt_opens_items_once(client: FlaskClient) -> None:
    told = receipt([exhibit(), exhibit(blocked=True)])
    first = as_service(client, "intake", "POST", "/internal/items", told)
    again = as_service(client, "intake", "POST", "/internal/items", told)
    assert first.status_code == again.status_code == 200
    assert first.json == again.json
    plain, blocked = (item(client, pair["item_id"]) for pair in first.json["items"])
    assert plain["holder"] == {"kind": "person", "name": "custodian"}
    assert (plain["state"], blocked["state"]) == ("in_custody", "blocked")
    assert plain["remaining"] is None
    (event,) = events(client, plain["id"])
    assert (event["type"], event["actor"], event["actor_name"], event["actor_role"]) == (
        "received",
        "custodian",
        "Clara",
        "custodian",
    )
    assert event["sequence"] == 1 and event["previous"] is None


def test_people_may_not_speak_for_services(client: FlaskClient) -> None:
    told = receipt([exhibit()])
    assert call(client, "POST", "/items", told, actor=CUSTODIAN, prefix="/internal").status_code == 403
    assert call(client, "GET", "/items?ids=x", actor=CUSTODIAN, prefix="/internal").status_code == 403


@pytest.mark.rule("E8")
def test_into_a_place_and_out_again_through_a_person(client: FlaskClient) -> None:
    item_id = opened(client)
    place = call(client, "GET", "/locations", actor=CUSTODIAN).json["items"][-1]
    stored = act(client, item_id, "moves", {"place": place["id"], "purpose": "storage"}, CUSTODIAN)
    assert stored.status_code == 201
    assert item(client, item_id)["holder"] == {"kind": "place", "name": place["path"]}
    offer = {"item_ids": [item_id], "to": "technician", "purpose": "x"}
    assert call(client, "POST", "/handovers", offer, actor=CUSTODIAN).json["code"] == "not_holder"
    assert act(client, item_id, "moves", {"place": "vault", "purpose": "x"}, CUSTODIAN).status_code == 409
    assert act(client, item_id, "retrievals", {"purpose": "x"}, TECHNICIAN).status_code == 403
    assert act(client, item_id, "retrievals", {"purpose": "analysis"}, CUSTODIAN2).status_code == 201
    assert item(client, item_id)["holder"] == {"kind": "person", "name": "custodian2"}
    assert act(client, item_id, "retrievals", {"purpose": "x"}, CUSTODIAN).json["code"] == "not_in_place"
    nowhere = act(client, item_id, "moves", {"place": "no-such-place", "purpose": "x"}, CUSTODIAN2)
    assert nowhere.status_code == 422


def test_an_administrator_adds_places(client: FlaskClient) -> None:
    body = {"name": "Cabinet B", "parent_id": "vault"}
    made = call(client, "POST", "/locations", body, actor=ADMIN)
    assert made.status_code == 201 and made.json["path"] == "Laboratory / Vault / Cabinet B"
    assert call(client, "POST", "/locations", body, actor=ADMIN).status_code == 409
    assert call(client, "POST", "/locations", {**body, "name": "C"}, actor=CUSTODIAN).status_code == 403
    assert call(client, "POST", "/locations", {"name": "D", "parent_id": "x"}, actor=ADMIN).status_code == 422


@pytest.mark.rule("E5")
def test_work_waits_until_a_discrepancy_is_resolved(client: FlaskClient) -> None:
    facts = exhibit(blocked=True)
    answer = as_service(client, "intake", "POST", "/internal/items", receipt([facts]))
    item_id = answer.json["items"][0]["item_id"]
    offer = {"item_ids": [item_id], "to": "technician", "purpose": "x"}
    assert call(client, "POST", "/handovers", offer, actor=CUSTODIAN).json["code"] == "blocked"
    assert act(client, item_id, "weighings", house.mass(1, balance="b"), CUSTODIAN).json["code"] == "blocked"
    assert act(client, item_id, "aliquots", house.mass(1, purpose="x"), CUSTODIAN).json["code"] == "blocked"
    assert act(client, item_id, "moves", {"place": "vault", "purpose": "x"}, CUSTODIAN).status_code == 201
    assert act(client, item_id, "retrievals", {"purpose": "x"}, CUSTODIAN).status_code == 201
    told = {
        "exhibit_id": facts["exhibit_id"],
        "resolution": "the office agrees",
        "resolved_by": "reviewer",
        "resolved_at": format_time(datetime.now(UTC)),
    }
    for _ in range(2):
        assert as_service(client, "intake", "POST", "/internal/items/unblock", told).status_code == 200
    assert item(client, item_id)["state"] == "in_custody"
    resolved = [event for event in events(client, item_id) if event["type"] == "discrepancy_resolved"]
    assert [event["actor"] for event in resolved] == ["reviewer"]
    assert offered(client, [item_id])


@pytest.mark.rule("E9")
def test_both_times_are_kept(client: FlaskClient) -> None:
    item_id = handed(client)
    then = datetime.now(UTC) - timedelta(hours=2)
    told = house.mass(500.0, balance="b", occurred_at=format_time(then))
    assert act(client, item_id, "weighings", told).status_code == 201
    last = events(client, item_id)[-1]
    assert last["occurred_at"] == format_time(then) and last["recorded_at"] > last["occurred_at"]
    late = house.mass(400.0, balance="b", occurred_at=format_time(datetime.now(UTC) + timedelta(days=1)))
    assert act(client, item_id, "weighings", late).status_code == 422


@pytest.mark.rule("E30")
def test_an_office_sees_its_own_items_only(client: FlaskClient) -> None:
    mine, theirs = opened(client), opened(client, office="BKK")
    listed = call(client, "GET", "/items?limit=500", actor=BOGOTA).json["items"]
    assert mine in [row["id"] for row in listed]
    assert {row["office"] for row in listed} == {"BOG"}
    for end in ("", "/events", "/custody.pdf", "/bundle.zip", "/case.jsonld"):
        assert call(client, "GET", f"/items/{theirs}{end}", actor=BOGOTA).status_code == 404, end
    assert item(client, theirs, BANGKOK)["id"] == theirs


@pytest.mark.rule("E31")
def test_who_may_not_act_changes_nothing(client: FlaskClient) -> None:
    item_id = handed(client)
    before = events(client, item_id)
    bodies = {
        "weighings": house.mass(1, balance="b"),
        "aliquots": house.mass(1, purpose="x"),
        "consumptions": house.mass(1, purpose="x"),
        "moves": {"place": "vault", "purpose": "x"},
        "retrievals": {"purpose": "x"},
        "holds": {"reason": "x", **SIGNED},
        "disposals": {"method": "fire", "purpose": "x", **SIGNED},
    }
    for actor in (AUDITOR, ADMIN, ANALYST, INSTRUMENT, BOGOTA):
        for what, body in bodies.items():
            assert act(client, item_id, what, body, actor).status_code == 403, (actor.login, what)
        offer = {"item_ids": [item_id], "to": "admin", "purpose": "x"}
        assert call(client, "POST", "/handovers", offer, actor=actor).status_code == 403
    for actor in (ADMIN, ANALYST, INSTRUMENT):
        assert call(client, "GET", f"/items/{item_id}", actor=actor).status_code == 403
    assert call(client, "GET", f"/items/{item_id}", actor=None).status_code == 401
    assert events(client, item_id) == before


@pytest.mark.rule("E12")
def test_nothing_is_put_or_deleted(client: FlaskClient) -> None:
    item_id = opened(client)
    for method in ("PUT", "DELETE", "PATCH"):
        for end in ("", "/events"):
            assert call(client, method, f"/items/{item_id}{end}", actor=ADMIN).status_code == 405


def test_items_are_found_by_what_they_are(client: FlaskClient) -> None:
    item_id = handed(client, description="SYNTHETIC paste")
    number = item(client, item_id)["number"]
    for query in (
        f"q={number[:9]}",
        "q=thetic",
        "holder=technician",
        f"root_id={item_id}",
        "state=in_custody",
    ):
        found = call(client, "GET", f"/items?limit=500&{query}", actor=CUSTODIAN).json["items"]
        assert item_id in [row["id"] for row in found], query
    assert call(client, "GET", "/items?holder=technician2", actor=CUSTODIAN).json["items"] == []
    assert call(client, "GET", "/items?state=lost", actor=CUSTODIAN).status_code == 422


def test_other_services_learn_facts_and_add_records(client: FlaskClient) -> None:
    item_id = opened(client, seizure_id="sz-1")
    told = item(client, item_id)
    for query in (f"ids={item_id},x", f"exhibit_ids={told['exhibit_id']}", f"numbers={told['number']}"):
        (facts,) = as_service(client, "classifier", "GET", f"/internal/items?{query}").json["items"]
        assert facts["id"] == item_id and facts["seizure_id"] == "sz-1" and facts["root_id"] == item_id
    record = {
        "item_id": item_id,
        "type": "measured",
        "actor": {"login": "technician", "name": "Tess", "role": "technician"},
        "occurred_at": format_time(datetime.now(UTC)),
        "purpose": "HSP profile",
        "payload": {"measurement_sha256": "ab" * 32, "values": [0.5, None]},
    }
    key = {"Idempotency-Key": "record-1"}
    first = as_service(client, "classifier", "POST", "/internal/records", record, **key)
    again = as_service(client, "classifier", "POST", "/internal/records", record, **key)
    assert first.status_code == again.status_code == 200 and first.json == again.json
    measured = [event for event in events(client, item_id) if event["type"] == "measured"]
    assert [event["details"] for event in measured] == [record["payload"]]


@pytest.mark.rule("E19")
@pytest.mark.parametrize("value", ["9007199254740992.0", "123456789012345678901"])
def test_what_could_never_be_proved_is_not_recorded(client: FlaskClient, value: str) -> None:
    item_id = opened(client)
    record = {
        "item_id": item_id,
        "type": "measured",
        "actor": {"login": "technician", "name": "Tess", "role": "technician"},
        "occurred_at": format_time(datetime.now(UTC)),
        "purpose": "HSP profile",
        "payload": {"value": json.loads(value)},
    }
    refused = as_service(client, "classifier", "POST", "/internal/records", record)
    assert refused.status_code == 422, refused.data
    assert len(events(client, item_id)) == 1


def test_what_one_service_owns_another_may_not_tell(client: FlaskClient) -> None:
    person = {"login": "evil", "name": "Evil", "role": "custodian", "office": None, "active": True}
    facts = receipt([exhibit()])
    for name, path, body in (
        ("classifier", "/internal/people", person),
        ("intake", "/internal/people", person),
        ("classifier", "/internal/items", facts),
    ):
        assert as_service(client, name, "POST", path, body).status_code == 403
