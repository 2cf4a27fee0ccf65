"""Destruction: asked for, agreed to by somebody else, done before a witness; stopped by a hold at every step (E16, E17)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.actor import Actor, Role, Signature
from shared.runtime import Runtime
from tests.calls import ADMIN, ANALYST, AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody import house
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    SIGNED,
    act,
    call,
    events,
    item,
    opened,
    weighed,
)

ASK = {"method": "incineration", "purpose": "case closed", **SIGNED}


def _asked(client: FlaskClient, item_id: str) -> str:
    asked = act(client, item_id, "disposals", ASK, CUSTODIAN)
    assert asked.status_code == 201 and asked.json["state"] == "requested", asked.data
    return str(asked.json["id"])


def _execute(
    client: FlaskClient, disposal_id: str, witness: Actor, *signers: Actor, actor: Actor = CUSTODIAN
) -> Any:
    """An execution, by the custodian where nobody else is named, that these people have signed."""
    now = datetime.now(UTC)
    signatures = tuple(Signature(who.login, who.name, who.role, "password", now) for who in signers)
    body = json.dumps({**SIGNED, "witness": witness.login, "witness_password": "verified"}).encode()
    signing = replace(actor, signatures=signatures)
    return call(client, "POST", f"/disposals/{disposal_id}/execute", body, actor=signing)


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


def _authorised(client: FlaskClient, item_id: str) -> str:
    disposal = _asked(client, item_id)
    done = call(client, "POST", f"/disposals/{disposal}/authorise", SIGNED, actor=REVIEWER)
    assert done.status_code == 200, done.data
    return disposal


@pytest.mark.rule("E15")
@pytest.mark.rule("E16")
def test_the_record_of_a_destruction_says_all_of_it(client: FlaskClient) -> None:
    item_id = weighed(client, 500.0)
    child = act(client, item_id, "aliquots", house.mass(20, purpose="kept sample")).json
    _back_to(client, item_id, CUSTODIAN)
    disposal = _authorised(client, item_id)
    done = _execute(client, disposal, TECHNICIAN, CUSTODIAN, TECHNICIAN)
    assert done.status_code == 200, done.data
    last = events(client, item_id)[-1]
    told = last["details"]
    assert (told["method"], told["witness"], told["witness_name"]) == ("incineration", "technician", "Tess")
    assert (told["requested_by"], told["authorised_by"]) == ("custodian", "reviewer")
    assert told["remaining"]["net_mass_mg"] == 480.0 and told["aliquots_left"] == [child["number"]]
    assert last["standing"]["remaining_mg"].startswith("480")
    assert item(client, child["id"])["state"] == "in_custody"


def _back_to(client: FlaskClient, item_id: str, to: Actor) -> None:
    body = {"item_ids": [item_id], "to": to.login, "purpose": "disposal"}
    offer = call(client, "POST", "/handovers", body, actor=TECHNICIAN).json["id"]
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=to).status_code == 200


@pytest.mark.rule("E17")
def test_whoever_authorised_neither_asked_nor_executes_nor_witnesses(client: FlaskClient) -> None:
    """Roles can change on the way; people stay the same."""
    item_id = opened(client)
    disposal = _asked(client, item_id)
    promoted = replace(CUSTODIAN, role=Role.REVIEWER)
    agree = f"/disposals/{disposal}/authorise"
    own = call(client, "POST", agree, SIGNED, actor=promoted)
    assert own.status_code == 409 and own.json["code"] == "four_eyes"
    assert call(client, "POST", agree, SIGNED, actor=REVIEWER).status_code == 200
    seen = _execute(client, disposal, REVIEWER, CUSTODIAN, REVIEWER)
    assert seen.status_code == 422 and seen.json["errors"][0]["pointer"] == "/witness"
    for stranger in (ADMIN, AUDITOR, ANALYST, BOGOTA):
        assert _execute(client, disposal, stranger, CUSTODIAN, stranger).status_code == 422, stranger.login
    moved = replace(REVIEWER, role=Role.CUSTODIAN)
    offer = {"item_ids": [item_id], "to": "reviewer", "purpose": "x"}
    made = call(client, "POST", "/handovers", offer, actor=CUSTODIAN).json["id"]
    assert call(client, "POST", f"/handovers/{made}/accept", SIGNED, actor=moved).status_code == 200
    done = _execute(client, disposal, CUSTODIAN2, moved, CUSTODIAN2, actor=moved)
    assert done.status_code == 409 and done.json["code"] == "four_eyes"
    assert item(client, item_id)["state"] == "in_custody"


@pytest.mark.rule("E17")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("authorised_by = requested_by", "authoriser"),
        ("executed_by = authorised_by", "executor"),
        ("witness = authorised_by", "witness"),
    ],
)
def test_the_database_holds_them_apart_too(
    client: FlaskClient, runtime: Runtime, change: str, rule: str
) -> None:
    disposal = _authorised(client, opened(client))
    update = text(f"UPDATE chain_of_custody.disposals SET {change} WHERE id = :id")
    with runtime.unit_of_work() as uow, pytest.raises(DBAPIError, match=f"ck_disposals_{rule}"):
        uow.session.execute(update, {"id": disposal})


def test_a_disposal_is_withdrawn_before_it_is_executed(client: FlaskClient) -> None:
    item_id = opened(client)
    stop = {"reason": "appeal", **SIGNED}
    for disposal in (_asked(client, item_id), None):
        disposal = disposal or _authorised(client, item_id)
        path = f"/disposals/{disposal}/withdraw"
        assert call(client, "POST", path, stop, actor=TECHNICIAN).status_code == 403
        done = call(client, "POST", path, stop, actor=REVIEWER)
        assert done.status_code == 200 and done.json["state"] == "withdrawn", done.data
        assert (done.json["withdrawn_by"], done.json["withdraw_reason"]) == ("reviewer", "appeal")
        assert call(client, "POST", path, stop, actor=REVIEWER).json["code"] == "wrong_state"
        late = _execute(client, disposal, CUSTODIAN2, CUSTODIAN, CUSTODIAN2)
        assert late.json["code"] == "wrong_state"
        last = events(client, item_id)[-1]
        assert last["type"] == "disposal_withdrawn" and last["details"]["reason"] == "appeal"
    listed = call(client, "GET", f"/disposals?item_id={item_id}", actor=AUDITOR).json["items"]
    assert [row["state"] for row in listed] == ["withdrawn", "withdrawn"]
    assert call(client, "GET", "/disposals", actor=BOGOTA).status_code == 403


def test_what_is_to_be_destroyed_is_not_returned(client: FlaskClient) -> None:
    item_id = opened(client)
    home = {"item_ids": [item_id], "to": "bogota", "purpose": "return"}
    offer = call(client, "POST", "/handovers", home, actor=CUSTODIAN).json["id"]
    disposal = _asked(client, item_id)
    accept = f"/handovers/{offer}/accept"
    assert call(client, "POST", accept, SIGNED, actor=BOGOTA).json["code"] == "disposal_open"
    stop = {"reason": "the office wants it back", **SIGNED}
    assert call(client, "POST", f"/disposals/{disposal}/withdraw", stop, actor=CUSTODIAN).status_code == 200
    assert call(client, "POST", accept, SIGNED, actor=BOGOTA).status_code == 200


def test_a_parent_stays_while_what_came_from_it_is_on_hold(client: FlaskClient) -> None:
    item_id = weighed(client, 500.0)
    child = act(client, item_id, "aliquots", house.mass(20, purpose="kept sample")).json
    _back_to(client, item_id, CUSTODIAN)
    disposal = _authorised(client, item_id)
    hold = act(client, child["id"], "holds", {"reason": "court order", **SIGNED}, REVIEWER)
    assert hold.status_code == 201
    stopped = _execute(client, disposal, CUSTODIAN2, CUSTODIAN, CUSTODIAN2)
    assert stopped.status_code == 409 and stopped.json["code"] == "part_on_hold"
    assert child["number"] in stopped.json["detail"]
    free = {"reason": "order lifted", **SIGNED}
    assert call(client, "POST", f"/holds/{hold.json['id']}/release", free, actor=REVIEWER).status_code == 200
    assert _execute(client, disposal, CUSTODIAN2, CUSTODIAN, CUSTODIAN2).status_code == 200
