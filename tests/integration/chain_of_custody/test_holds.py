"""A hold protects an item and all that came from it, and the stored objects of all of them, until it is released."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.chain_of_custody.service.legal_holds import align_legal_holds
from services.chain_of_custody.store import store_of
from shared.actor import Actor
from shared.runtime import Runtime
from tests.calls import AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    call,
    events,
    item,
    mass,
    offered,
    opened,
    weighed,
)
from tests.integration.spectra import house as spectra_house

ORDER = {"reason": "court order", **SIGNED}


def _aliquot(client: FlaskClient, item_id: str, net_mass_mg: float = 20) -> dict[str, Any]:
    made = act(client, item_id, "aliquots", mass(net_mass_mg, 0.1, purpose="GC-MS"))
    assert made.status_code == 201, made.data
    return dict(made.json)


def _hold(client: FlaskClient, item_id: str, actor: Actor = REVIEWER) -> dict[str, Any]:
    made = act(client, item_id, "holds", ORDER, actor)
    assert made.status_code == 201, made.data
    return dict(made.json)


def _release(client: FlaskClient, hold: dict[str, Any]) -> Any:
    return call(
        client, "POST", f"/holds/{hold['id']}/release", {**ORDER, "reason": "lifted"}, actor=CUSTODIAN
    )


@pytest.mark.rule("E12")
def test_a_hold_covers_what_was_divided_off_before(client: FlaskClient) -> None:
    root = weighed(client)
    child = _aliquot(client, root)
    grandchild = _aliquot(client, child["id"], 5)
    family = [root, child["id"], grandchild["id"]]
    sibling = weighed(client)
    hold = _hold(client, root)
    assert hold["covers"] == sorted(family)
    for item_id in family:
        assert item(client, item_id)["state"] == "on_hold"
        taking = mass(1, 0.1, purpose="x")
        for what in ("aliquots", "consumptions"):
            assert act(client, item_id, what, taking).json["code"] == "on_hold", (item_id, what)
        listed = call(client, "GET", f"/holds?item_id={item_id}&open=true", actor=AUDITOR).json["items"]
        assert [row["id"] for row in listed] == [hold["id"]]
    assert item(client, sibling)["state"] == "in_custody"
    assert _release(client, hold).status_code == 200
    assert _release(client, hold).json["code"] == "released"
    for item_id in family:
        assert item(client, item_id)["state"] == "in_custody"
        assert act(client, item_id, "consumptions", mass(1, 0.1, purpose="x")).status_code == 201
    assert call(client, "GET", f"/holds?item_id={root}&open=true", actor=AUDITOR).json["items"] == []
    assert call(client, "GET", "/holds", actor=BOGOTA).status_code == 403


@pytest.mark.rule("E13")
@pytest.mark.rule("E16")
def test_each_history_tells_of_the_hold_by_itself(client: FlaskClient) -> None:
    root = weighed(client)
    child = _aliquot(client, root)
    hold = _hold(client, root)
    assert _release(client, hold).status_code == 200
    placed, released = events(client, root)[-2:]
    assert (placed["type"], released["type"]) == ("hold_placed", "hold_released")
    assert placed["details"] == {"hold_id": hold["id"], "open_holds": 1, "covers": [child["number"]]}
    above = events(client, child["id"])[-2:]
    assert [event["type"] for event in above] == ["hold_placed_above", "hold_released_above"]
    for event, signer in zip(above, ("reviewer", "custodian"), strict=True):
        assert event["details"]["placed_on_id"] == root and event["details"]["hold_id"] == hold["id"]
        assert [signature["login"] for signature in event["signatures"]] == [signer]
    assert above[0]["purpose"] == "court order" and above[0]["standing"]["state"] == "on_hold"


def test_holds_add_up_wherever_they_were_placed(client: FlaskClient) -> None:
    root = weighed(client)
    child = _aliquot(client, root)
    inner, outer = _hold(client, child["id"]), _hold(client, root)
    assert item(client, root)["state"] == "on_hold"
    assert _release(client, outer).status_code == 200
    assert item(client, root)["state"] == "in_custody"
    assert item(client, child["id"])["state"] == "on_hold"
    assert _release(client, inner).status_code == 200
    assert item(client, child["id"])["state"] == "in_custody"


def test_what_has_left_is_kept_by_nobody(client: FlaskClient) -> None:
    root = weighed(client)
    child = _aliquot(client, root)
    body = {"item_ids": [child["id"]], "to": "custodian", "purpose": "return"}
    offer = call(client, "POST", "/handovers", body, actor=TECHNICIAN).json["id"]
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=CUSTODIAN).status_code == 200
    home = offered(client, [child["id"]], "bogota")
    assert call(client, "POST", f"/handovers/{home}/accept", SIGNED, actor=BOGOTA).status_code == 200
    hold = _hold(client, root)
    assert hold["covers"] == [root]
    assert item(client, child["id"])["state"] == "returned"
    assert act(client, child["id"], "holds", ORDER, REVIEWER).json["code"] == "ended"


def test_on_hold_an_item_is_not_returned_but_may_change_hands(client: FlaskClient) -> None:
    item_id = opened(client)
    home = offered(client, [item_id], "bogota")
    _hold(client, item_id)
    refused = call(client, "POST", f"/handovers/{home}/accept", SIGNED, actor=BOGOTA)
    assert refused.status_code == 409 and refused.json["code"] == "on_hold"
    end = {"reason": "on hold"}
    assert call(client, "POST", f"/handovers/{home}/withdraw", end, actor=CUSTODIAN).status_code == 200
    assert act(client, item_id, "moves", {"place": "vault", "purpose": "x"}, CUSTODIAN).status_code == 201


@pytest.mark.rule("E23")
def test_the_objects_of_an_aliquot_follow_the_hold_on_its_parent(
    client: FlaskClient, runtime: Runtime
) -> None:
    root = weighed(client)
    child = _aliquot(client, root)
    spectrum_id = spectra_house.uploaded(client, child["id"], b"CDF\x01 of an aliquot")
    hold = _hold(client, root)
    for expected in (True, False):
        align_legal_holds(runtime, child["id"])
        told = call(client, "GET", f"/spectra/{spectrum_id}", actor=TECHNICIAN).json["object"]
        assert told["legal_hold"] is expected
        found = store_of(runtime).stat(told["key"], told["version_id"])
        assert found.legal_hold is expected
        if expected:
            assert _release(client, hold).status_code == 200


@pytest.mark.rule("E12")
def test_the_database_keeps_what_a_hold_covers(client: FlaskClient, runtime: Runtime) -> None:
    _hold(client, opened(client))
    with runtime.unit_of_work() as uow, pytest.raises(DBAPIError, match="permission denied"):
        uow.session.execute(text("DELETE FROM chain_of_custody.hold_items"))
