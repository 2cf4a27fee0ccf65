"""Destruction: asked for, agreed to by somebody else, done before a witness; stopped by a hold at every step (E16, E17)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.actor import Actor, Signature
from tests.calls import CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    SIGNED,
    act,
    call,
    events,
    item,
    opened,
)

ASK = {"method": "incineration", "purpose": "case closed", **SIGNED}


def _asked(client: FlaskClient, item_id: str) -> str:
    asked = act(client, item_id, "disposals", ASK, CUSTODIAN)
    assert asked.status_code == 201 and asked.json["state"] == "requested", asked.data
    return str(asked.json["id"])


def _execute(client: FlaskClient, disposal_id: str, witness: Actor, *signers: Actor) -> Any:
    """An execution by the custodian that these people have signed."""
    now = datetime.now(UTC)
    signatures = tuple(Signature(who.login, who.name, who.role, "password", now) for who in signers)
    body = json.dumps({**SIGNED, "witness": witness.login, "witness_password": "verified"}).encode()
    actor = replace(CUSTODIAN, signatures=signatures)
    return call(client, "POST", f"/disposals/{disposal_id}/execute", body, actor=actor)


@pytest.mark.rule("E16")
@pytest.mark.rule("E17")
def test_three_people_destroy_an_item_and_nothing_follows(client: FlaskClient) -> None:
    item_id = opened(client)
    disposal = _asked(client, item_id)
    assert act(client, item_id, "disposals", ASK, CUSTODIAN).json["code"] == "disposal_open"
    early = _execute(client, disposal, CUSTODIAN2, CUSTODIAN, CUSTODIAN2)
    assert early.status_code == 409 and early.json["code"] == "wrong_state"
    agree = f"/disposals/{disposal}/authorise"
    for actor in (CUSTODIAN, TECHNICIAN):
        assert call(client, "POST", agree, SIGNED, actor=actor).status_code == 403
    assert call(client, "POST", agree, SIGNED, actor=REVIEWER).status_code == 200
    assert call(client, "POST", agree, SIGNED, actor=REVIEWER).status_code == 409
    assert _execute(client, disposal, CUSTODIAN, CUSTODIAN).status_code == 422
    unsigned = _execute(client, disposal, CUSTODIAN2, CUSTODIAN)
    assert unsigned.status_code == 403 and unsigned.json["code"] == "wrong_password"
    done = _execute(client, disposal, CUSTODIAN2, CUSTODIAN, CUSTODIAN2)
    assert done.status_code == 200 and done.json["witness"] == "custodian2"
    assert item(client, item_id)["state"] == "disposed"
    last = events(client, item_id)[-1]
    assert [row["login"] for row in last["signatures"]] == ["custodian", "custodian2"]
    assert len({row["meaning"] for row in last["signatures"]}) == 2
    for what, body in (("moves", {"place": "vault", "purpose": "x"}), ("disposals", ASK)):
        assert act(client, item_id, what, body, CUSTODIAN).json["code"] == "ended"
    offer = {"item_ids": [item_id], "to": "technician", "purpose": "x"}
    assert call(client, "POST", "/handovers", offer, actor=CUSTODIAN).json["code"] == "ended"


def test_a_hold_stops_a_disposal_however_far_it_has_come(client: FlaskClient) -> None:
    item_id = opened(client)
    disposal = _asked(client, item_id)
    assert call(client, "POST", f"/disposals/{disposal}/authorise", SIGNED, actor=REVIEWER).status_code == 200
    assert act(client, item_id, "holds", {"reason": "appeal", **SIGNED}, CUSTODIAN).status_code == 201
    stopped = _execute(client, disposal, CUSTODIAN2, CUSTODIAN, CUSTODIAN2)
    assert stopped.status_code == 409 and stopped.json["code"] == "on_hold"
    assert item(client, item_id)["state"] == "on_hold"


def test_an_item_that_is_offered_or_stored_is_not_destroyed(client: FlaskClient) -> None:
    item_id = opened(client)
    disposal = _asked(client, item_id)
    assert call(client, "POST", f"/disposals/{disposal}/authorise", SIGNED, actor=REVIEWER).status_code == 200
    assert (
        act(client, item_id, "moves", {"place": "vault", "purpose": "storage"}, CUSTODIAN).status_code == 201
    )
    stored = _execute(client, disposal, CUSTODIAN2, CUSTODIAN, CUSTODIAN2)
    assert stored.status_code == 409 and stored.json["code"] == "not_holder"
