"""Places: a tree with kinds, what they hold, who may enter, and a trace of every change; many items at once, all or none."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.chain_of_custody.app import create_app
from shared.actor import Actor
from shared.runtime import Runtime
from tests.calls import ADMIN, AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    act,
    call,
    events,
    handed,
    item,
    offered,
    opened,
)

_names = itertools.count(1)


def _place(client: FlaskClient, **over: Any) -> dict[str, Any]:
    """A new place, as it is answered."""
    body = {"name": f"Place {next(_names)}", "parent_id": "vault", **over}
    made = call(client, "POST", "/locations", body, actor=ADMIN)
    assert made.status_code == 201, made.data
    return dict(made.json)


def _change(client: FlaskClient, place: dict[str, Any], actor: Actor = ADMIN, **body: Any) -> Any:
    tag = f'"{place["id"]}.{place["version"]}"'
    path = f"/locations/{place['id']}"
    return call(client, "PATCH", path, {"reason": "audit", **body}, actor=actor, If_Match=tag)


def _move(client: FlaskClient, place: dict[str, Any], *item_ids: str, actor: Actor = CUSTODIAN) -> Any:
    body = {"item_ids": item_ids, "place": place["id"], "purpose": "storage"}
    return call(client, "POST", "/moves", body, actor=actor)


def _take(client: FlaskClient, *item_ids: str, actor: Actor = CUSTODIAN) -> Any:
    return call(client, "POST", "/retrievals", {"item_ids": item_ids, "purpose": "analysis"}, actor=actor)


def test_places_have_kinds_from_large_to_small(client: FlaskClient) -> None:
    site = _place(client, parent_id=None)
    room = _place(client, parent_id=site["id"])
    shelf = _place(client, parent_id=room["id"], kind="shelf", capacity=40)
    box = _place(client, parent_id=shelf["id"])
    inner = _place(client, parent_id=box["id"])
    kinds = [place["kind"] for place in (site, room, shelf, box, inner)]
    assert kinds == ["site", "room", "shelf", "box", "box"]
    assert shelf["path"] == f"{site['name']} / {room['name']} / {shelf['name']}"
    assert (shelf["capacity"], shelf["inside"], shelf["access"]) == (40, 0, None)
    wrong = call(
        client, "POST", "/locations", {"name": "R", "parent_id": shelf["id"], "kind": "room"}, actor=ADMIN
    )
    assert wrong.status_code == 422 and wrong.json["errors"][0]["pointer"] == "/kind"
    assert _change(client, room, kind="box").json["errors"][0]["pointer"] == "/kind"
    assert _change(client, shelf, kind="site").json["errors"][0]["pointer"] == "/kind"
    listed = call(client, "GET", f"/locations?parent_id={room['id']}&kind=shelf", actor=AUDITOR)
    assert [row["id"] for row in listed.json["items"]] == [shelf["id"]]


def test_a_place_holds_what_it_can_hold(client: FlaskClient) -> None:
    place = _place(client, kind="box", capacity=2)
    first, second, third = opened(client), opened(client), opened(client)
    assert _move(client, place, first, second).status_code == 201
    full = act(client, third, "moves", {"place": place["id"], "purpose": "x"}, CUSTODIAN)
    assert full.status_code == 409 and full.json["code"] == "place_full"
    numbers = [item(client, item_id)["number"] for item_id in (first, second)]
    assert all(word in full.json["detail"] for word in (place["path"], "holds 2", *numbers)), full.json
    assert item(client, third)["holder"]["kind"] == "person"
    assert _take(client, first).status_code == 201
    assert act(client, third, "moves", {"place": place["id"], "purpose": "x"}, CUSTODIAN).status_code == 201
    assert call(client, "GET", f"/locations/{place['id']}", actor=CUSTODIAN).json["inside"] == 2


def test_two_at_once_do_not_overfill_a_place(client: FlaskClient, runtime: Runtime) -> None:
    place = _place(client, kind="box", capacity=3)
    clients = [create_app(runtime.settings, runtime).test_client() for _ in range(6)]
    item_ids = [opened(client) for _ in clients]
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda c, item_id: _move(c, place, item_id), clients, item_ids))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 3
    assert call(client, "GET", f"/locations/{place['id']}", actor=CUSTODIAN).json["inside"] == 3


def test_the_database_too_refuses_to_overfill(client: FlaskClient, runtime: Runtime) -> None:
    place = _place(client, kind="box", capacity=0)
    change = text("UPDATE chain_of_custody.items SET holder_kind = 'place', holder = :place WHERE id = :id")
    with runtime.unit_of_work() as uow, pytest.raises(DBAPIError, match="ck_locations_capacity"):
        uow.session.execute(change, {"place": place["id"], "id": opened(client)})


def test_to_reach_a_box_one_must_be_allowed_in_all_around_it(client: FlaskClient) -> None:
    room = _place(
        client, parent_id="laboratory", kind="room", access={"roles": ["custodian"], "logins": ["technician"]}
    )
    safe = _place(client, parent_id=room["id"], kind="safe", access={"roles": [], "logins": ["custodian2"]})
    box = _place(client, parent_id=safe["id"], kind="box")
    mine = handed(client)
    outside = act(client, mine, "moves", {"place": box["id"], "purpose": "x"}, TECHNICIAN)
    assert outside.status_code == 403 and outside.json["code"] == "may_not_enter"
    assert safe["path"] in outside.json["detail"] and "custodian2" in outside.json["detail"]
    assert _move(client, room, mine, actor=TECHNICIAN).status_code == 201
    taken = _take(client, mine, actor=CUSTODIAN2)
    assert taken.status_code == 201
    assert _move(client, box, mine, actor=CUSTODIAN2).status_code == 201
    refused = act(client, mine, "retrievals", {"purpose": "x"}, CUSTODIAN)
    assert refused.status_code == 403 and refused.json["code"] == "may_not_enter"
    assert _take(client, mine, actor=CUSTODIAN2).status_code == 201
    refused_access: tuple[dict[str, list[str]], ...] = (
        {"roles": [], "logins": []},
        {"roles": ["admin"]},
        {"logins": ["gone"]},
        {"logins": ["bogota"]},
    )
    for wrong in refused_access:
        body = {"name": "Z", "parent_id": "vault", "access": wrong}
        assert call(client, "POST", "/locations", body, actor=ADMIN).status_code == 422, wrong


@pytest.mark.rule("E31")
@pytest.mark.rule("E12")
def test_every_change_of_a_place_leaves_a_trace_that_stays(client: FlaskClient, runtime: Runtime) -> None:
    place = _place(client, capacity=5)
    held = opened(client)
    assert _move(client, place, held).status_code == 201
    path = f"/locations/{place['id']}"
    assert call(client, "PATCH", path, {"capacity": 9, "reason": "x"}, actor=ADMIN).status_code == 428
    assert _change(client, place, actor=CUSTODIAN, capacity=9).status_code == 403
    assert _change(client, place, capacity=0).json["code"] == "place_full"
    assert _change(client, place, capacity=5).status_code == 422
    changed = _change(client, place, capacity=9, access={"roles": ["custodian"]}, reason="new shelf")
    assert changed.status_code == 200 and changed.json["version"] == 2, changed.data
    assert _change(client, place, capacity=7).status_code == 412
    assert item(client, held)["place_id"] == place["id"]
    assert len(events(client, held)) == 2
    told = call(client, "GET", f"{path}/changes", actor=AUDITOR).json["items"]
    assert [(row["actor"], row["reason"], row["version"]) for row in told] == [
        ("admin", "added", 1),
        ("admin", "new shelf", 2),
    ]
    assert (told[1]["before"]["capacity"], told[1]["after"]["capacity"]) == (5, 9)
    for statement in (
        "UPDATE chain_of_custody.location_changes SET actor = 'x'",
        "DELETE FROM chain_of_custody.transfers",
    ):
        with runtime.unit_of_work() as uow, pytest.raises(DBAPIError, match="permission denied"):
            uow.session.execute(text(statement))


@pytest.mark.rule("E8")
def test_fifty_items_go_at_once(client: FlaskClient) -> None:
    item_ids = [opened(client) for _ in range(50)]
    place = _place(client, capacity=50)
    stored = _move(client, place, *item_ids)
    assert stored.status_code == 201
    assert [row["id"] for row in stored.json["items"]] == item_ids
    assert {row["place_id"] for row in stored.json["items"]} == {place["id"]}
    taken = _take(client, *item_ids, item_ids[0], actor=CUSTODIAN2)
    assert taken.status_code == 201 and len(taken.json["items"]) == 50
    assert {row["holder"]["name"] for row in taken.json["items"]} == {"custodian2"}
    assert [event["type"] for event in events(client, item_ids[0])] == ["received", "stored", "retrieved"]


def test_all_items_of_a_batch_or_none_and_each_wrong_one_is_named(client: FlaskClient) -> None:
    mine, theirs, promised = opened(client), handed(client), opened(client)
    offered(client, [promised])
    place = _place(client)
    refused = _move(client, place, mine, theirs, mine, promised)
    assert refused.status_code == 409 and refused.json["code"] == "not_holder"
    assert [row["pointer"] for row in refused.json["errors"]] == ["/item_ids/1", "/item_ids/3"]
    for place_in_list, item_id in ((0, theirs), (1, promised)):
        assert item(client, item_id)["number"] in refused.json["errors"][place_in_list]["message"]
    assert len(events(client, mine)) == 1
    twice = _move(client, place, theirs, mine, theirs)
    assert [row["pointer"] for row in twice.json["errors"]] == ["/item_ids/0", "/item_ids/2"]
    assert twice.json["detail"] == twice.json["errors"][0]["message"], "one sentence is said once"
    unknown = _move(client, place, "nowhere", mine, "never")
    assert unknown.status_code == 404
    assert [row["pointer"] for row in unknown.json["errors"]] == ["/item_ids/0", "/item_ids/2"]
    assert _move(client, place, mine).status_code == 201
    out = _take(client, mine, theirs)
    assert out.status_code == 409 and [row["pointer"] for row in out.json["errors"]] == ["/item_ids/1"]
    assert item(client, mine)["holder"]["kind"] == "place"
    body = {"item_ids": [theirs, mine, promised], "to": "reviewer", "purpose": "x"}
    offer = call(client, "POST", "/handovers", body, actor=CUSTODIAN)
    assert [row["pointer"] for row in offer.json["errors"]] == [f"/item_ids/{n}" for n in range(3)]
    for actor in (BOGOTA, AUDITOR, ADMIN):
        assert _move(client, place, mine, actor=actor).status_code == 403
    assert _take(client, mine, actor=REVIEWER).status_code == 403


@pytest.mark.rule("E8")
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("holder = 'technician2'", "fk_items_newest_transfer"),
        ("holder_kind = 'place', holder = 'vault'", "fk_items_newest_transfer"),
        ("holder = 'nobody', transfers = 0", "fk_items_(holder_person|newest_transfer)"),
        ("holder_kind = 'nowhere'", "ck_items_holder"),
    ],
)
def test_the_database_knows_one_holder_of_an_item_the_last_receiver(
    client: FlaskClient, runtime: Runtime, change: str, constraint: str
) -> None:
    statement = f"SET CONSTRAINTS ALL IMMEDIATE; UPDATE chain_of_custody.items SET {change} WHERE id = '{opened(client)}'"
    with runtime.unit_of_work() as uow, pytest.raises(DBAPIError, match=constraint):
        uow.session.execute(text(statement))


@pytest.mark.rule("E8")
@pytest.mark.parametrize(
    ("giver", "receiver", "constraint"),
    [
        (("person", "technician"), ("person", "reviewer"), "fk_transfers_giver"),
        (("person", "custodian"), ("person", "reviewer"), "fk_transfers_giver"),
        (("place", "vault"), ("place", "cold-room"), "ck_transfers_person_between"),
    ],
)
def test_the_database_refuses_a_gap_between_giver_and_receiver(
    client: FlaskClient,
    runtime: Runtime,
    giver: tuple[str, str],
    receiver: tuple[str, str],
    constraint: str,
) -> None:
    item_id = opened(client)
    assert act(client, item_id, "moves", {"place": "vault", "purpose": "x"}, CUSTODIAN).status_code == 201
    promised = opened(client)
    offered(client, [promised])
    insert = text(
        "INSERT INTO chain_of_custody.transfers "
        "(item_id, number, previous, giver_kind, giver, receiver_kind, receiver, event_id) "
        "VALUES (:item, 3, 2, :gk, :g, :rk, :r, :event)"
    )
    values = dict(zip(("gk", "g", "rk", "r"), (*giver, *receiver), strict=True))
    values = {**values, "item": item_id, "event": events(client, promised)[-1]["id"]}
    with runtime.unit_of_work() as uow, pytest.raises(DBAPIError, match=constraint):
        uow.session.execute(insert, values)
