"""What a thief of a session, or of a request on the way, can do with a hand-over: nothing (E8, E16)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.actor import Actor, Signature
from shared.crypto.assertions import HEADER, AssertionSigner
from tests.calls import BANGKOK, CUSTODIAN, REVIEWER, TECHNICIAN, asserted
from tests.integration.chain_of_custody.house import (
    SIGNED,
    TECHNICIAN2,
    call,
    events,
    item,
    offered,
    opened,
)

BODY = json.dumps(SIGNED).encode()


def _caught(client: FlaskClient, path: str, actor: Actor, *signers: Actor) -> dict[str, str]:
    """The headers of a request as the gateway makes them; `signers` gave their passwords."""
    now = datetime.now(UTC)
    signatures = tuple(Signature(who.login, who.name, who.role, "password", now) for who in signers)
    keys = client.application.extensions["siglab"].settings.keys_dir
    head = {"Content-Type": "application/json"}
    request = asserted("POST", f"/api/v1{path}", head, BODY)
    token = AssertionSigner.from_keys(keys, "gateway").sign(
        replace(actor, signatures=signatures), request, now
    )
    return {**head, HEADER: token}


def _send(client: FlaskClient, path: str, headers: dict[str, str]) -> Any:
    return client.post(f"/api/v1{path}", data=BODY, headers=headers)


@pytest.mark.rule("E8")
@pytest.mark.rule("E16")
def test_an_accept_that_was_caught_serves_once_and_for_its_hand_over_only(client: FlaskClient) -> None:
    first, second = opened(client), opened(client)
    one, other = offered(client, [first]), offered(client, [second])
    caught = _caught(client, f"/handovers/{one}/accept", TECHNICIAN, TECHNICIAN)
    moved = _send(client, f"/handovers/{other}/accept", caught)
    assert moved.status_code == 401 and "another request" in moved.json["detail"]
    assert _send(client, f"/handovers/{one}/accept", caught).status_code == 200
    again = _send(client, f"/handovers/{one}/accept", caught)
    assert again.status_code == 401 and "does not act twice" in again.json["detail"]
    assert item(client, second)["holder"]["name"] == "custodian"
    assert [event["type"] for event in events(client, first)].count("handed_over") == 1


@pytest.mark.rule("E8")
def test_an_accept_sent_again_after_the_item_came_back_moves_nothing(client: FlaskClient) -> None:
    item_id = opened(client)
    offer = offered(client, [item_id])
    path = f"/handovers/{offer}/accept"
    assert call(client, "POST", path, SIGNED, actor=TECHNICIAN).status_code == 200
    back = {"item_ids": [item_id], "to": "custodian", "purpose": "return"}
    home = call(client, "POST", "/handovers", back, actor=TECHNICIAN).json["id"]
    assert call(client, "POST", f"/handovers/{home}/accept", SIGNED, actor=CUSTODIAN).status_code == 200
    again = call(client, "POST", path, SIGNED, actor=TECHNICIAN)
    assert again.status_code == 409 and again.json["code"] == "not_offered"
    assert item(client, item_id)["holder"]["name"] == "custodian"


@pytest.mark.rule("E8")
@pytest.mark.rule("E16")
@pytest.mark.parametrize(
    ("session", "signer", "status"),
    [
        (TECHNICIAN2, TECHNICIAN2, 404),
        (TECHNICIAN2, TECHNICIAN, 404),
        (REVIEWER, TECHNICIAN, 404),
        (BANGKOK, BANGKOK, 404),
        (CUSTODIAN, CUSTODIAN, 403),
        (TECHNICIAN, TECHNICIAN2, 403),
        (TECHNICIAN, None, 403),
    ],
)
def test_with_anothers_session_or_anothers_password_nothing_is_accepted(
    client: FlaskClient, session: Actor, signer: Actor | None, status: int
) -> None:
    """The session's person must be the receiver, and must be who signs; a stolen half of the two is worth nothing."""
    item_id = opened(client)
    path = f"/handovers/{offered(client, [item_id])}/accept"
    caught = _caught(client, path, session, *((signer,) if signer else ()))
    assert _send(client, path, caught).status_code == status
    assert item(client, item_id)["holder"]["name"] == "custodian"
    assert events(client, item_id)[-1]["type"] == "handover_offered"


@pytest.mark.rule("E16")
def test_a_signature_is_put_on_no_other_body(client: FlaskClient) -> None:
    item_id = opened(client)
    path = f"/handovers/{offered(client, [item_id])}/accept"
    caught = _caught(client, path, TECHNICIAN, TECHNICIAN)
    other = json.dumps({**SIGNED, "occurred_at": "2026-01-01T00:00:00Z"}).encode()
    answer = client.post(f"/api/v1{path}", data=other, headers=caught)
    assert answer.status_code == 401 and "not the one that was signed" in answer.json["detail"]
    assert item(client, item_id)["holder"]["name"] == "custodian"
