"""Places get other names and close, but never over the items whose records name them."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.app import create_app
from shared.actor import Actor
from shared.runtime import Runtime
from tests.calls import ADMIN, CUSTODIAN, TECHNICIAN
from tests.integration.chain_of_custody.house import call, events, opened

_names = itertools.count(1)


def _place(client: FlaskClient, parent_id: str | None = "vault") -> dict[str, Any]:
    body = {"name": f"Cabinet {next(_names)}", "parent_id": parent_id}
    made = call(client, "POST", "/locations", body, actor=ADMIN)
    assert made.status_code == 201, made.data
    return dict(made.json)


def _change(client: FlaskClient, place_id: str, actor: Actor = ADMIN, **body: Any) -> Any:
    seen = call(client, "GET", f"/locations/{place_id}", actor=ADMIN).json
    tag = f'"{place_id}.{seen["version"]}"'
    return call(
        client, "PATCH", f"/locations/{place_id}", {"reason": "moved", **body}, actor=actor, If_Match=tag
    )


def _put(client: FlaskClient, place_id: str, item_id: str) -> Any:
    body = {"item_ids": [item_id], "place": place_id, "purpose": "storage"}
    return call(client, "POST", "/moves", body, actor=CUSTODIAN)


def _path(client: FlaskClient, place_id: str) -> str:
    return str(call(client, "GET", f"/locations/{place_id}", actor=ADMIN).json["path"])


def test_a_new_name_goes_through_all_places_inside(client: FlaskClient) -> None:
    room = _place(client)
    shelf = _place(client, room["id"])
    box = _place(client, shelf["id"])
    name = f"New {room['name']}"
    changed = _change(client, room["id"], name=name)
    assert changed.status_code == 200, changed.data
    around = room["path"].removesuffix(room["name"])
    assert _path(client, room["id"]) == around + name
    assert _path(client, box["id"]) == f"{around}{name} / {shelf['name']} / {box['name']}"
    trace = call(client, "GET", f"/locations/{room['id']}/changes", actor=ADMIN).json["items"]
    assert (trace[-1]["before"]["name"], trace[-1]["after"]["name"]) == (room["name"], name)
    twin = _place(client)
    taken = _change(client, twin["id"], name=name)
    assert taken.status_code == 409 and taken.json["code"] == "exists"
    assert _path(client, twin["id"]) == twin["path"]


@pytest.mark.rule("E13")
def test_no_place_is_renamed_or_closed_over_its_items(client: FlaskClient) -> None:
    outer = _place(client)
    inner = _place(client, outer["id"])
    item_id = opened(client)
    assert _put(client, inner["id"], item_id).status_code == 201
    for change in ({"name": "Z"}, {"closed": True}):
        refused = _change(client, outer["id"], **change)
        assert refused.status_code == 409 and refused.json["code"] == "not_empty"
        assert inner["path"] in refused.json["detail"]
    assert events(client, item_id)[-1]["details"]["place"] == _path(client, inner["id"])
    assert _change(client, inner["id"], TECHNICIAN, name="Z").status_code == 403


def test_nothing_goes_into_a_closed_place_or_one_inside_it(client: FlaskClient) -> None:
    outer = _place(client)
    inner = _place(client, outer["id"])
    item_id = opened(client)
    closed = _change(client, outer["id"], closed=True)
    assert closed.status_code == 200 and closed.json["closed"] is True
    for place in (outer, inner):
        refused = _put(client, place["id"], item_id)
        assert refused.status_code == 409 and refused.json["code"] == "place_closed"
        assert outer["path"] in refused.json["detail"]
    body = {"name": "New", "parent_id": inner["id"]}
    assert call(client, "POST", "/locations", body, actor=ADMIN).json["code"] == "place_closed"
    assert _change(client, outer["id"], closed=True).status_code == 422
    assert _change(client, outer["id"], closed=False).status_code == 200
    assert _put(client, inner["id"], item_id).status_code == 201


def test_an_item_does_not_slip_into_a_place_that_closes(client: FlaskClient, runtime: Runtime) -> None:
    for _ in range(5):
        outer = _place(client)
        inner = _place(client, outer["id"])
        item_id = opened(client)
        clients = [create_app(runtime.settings, runtime).test_client() for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            closing = pool.submit(_change, clients[0], outer["id"], closed=True)
            putting = pool.submit(_put, clients[1], inner["id"], item_id)
            said = sorted([closing.result().status_code, putting.result().status_code])
        assert said in ([200, 409], [201, 409]), said
