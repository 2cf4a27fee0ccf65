"""Custody from somebody who cannot sign any more: before a witness, both signed, and never mistaken for a hand-over (E8, E16)."""

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import create_engine, text

from services.chain_of_custody.service.verify_ledger import verify_ledger
from shared.actor import Actor, Role
from shared.runtime import Runtime
from siglab_clients.tlog.notes import parse_verifier_key
from siglab_clients.verify.check_bundle import check_bundle
from tests.calls import ADMIN, ANALYST, AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, SCIENTIST, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    SIGNED,
    TECHNICIAN2,
    act,
    call,
    events,
    handed,
    item,
    opened,
    sequence,
    signed_by,
    tell_account,
)
from tests.property.test_custody_succession import holder_told

#: Leaves on the way of the tests; in the other tests of the module the account is open.
LEAVER = TECHNICIAN


@pytest.fixture(autouse=True)
def reopened(client: FlaskClient) -> Iterator[None]:
    """Whatever a test does, the next one finds the account open."""
    yield
    tell_account(client, LEAVER, active=True)


def abandoned(client: FlaskClient, count: int = 1) -> list[str]:
    """Items in the hands of somebody whose account was closed then."""
    ids = [handed(client) for _ in range(count)]
    tell_account(client, LEAVER, active=False)
    return ids


def body_of(witness: Actor = REVIEWER, **over: Any) -> dict[str, Any]:
    """A takeover that says all that it must."""
    told = {"reason": "left the laboratory; found in the day safe", "witness": witness.login}
    return {**told, **SIGNED, "witness_password": "verified", **over}


def take(client: FlaskClient, path: str, body: Any, *signers: Actor, actor: Actor = CUSTODIAN2) -> Any:
    """A takeover that these people signed."""
    return signed_by(client, path, body, *signers, actor=actor)


def take_item(
    client: FlaskClient, item_id: str, *, witness: Actor = REVIEWER, actor: Actor = CUSTODIAN2
) -> Any:
    """A takeover of one item, both signed."""
    return take(client, f"/items/{item_id}/takeovers", body_of(witness), actor, witness, actor=actor)


@pytest.mark.rule("E8")
@pytest.mark.rule("E16")
def test_a_custodian_takes_over_before_a_witness_and_the_record_says_who_did_not_sign(
    client: FlaskClient,
) -> None:
    (item_id,) = abandoned(client)
    done = take_item(client, item_id)
    assert done.status_code == 201, done.data
    assert done.json["holder"] == {"kind": "person", "name": "custodian2"}
    told = events(client, item_id)[-1]
    assert told["type"] == "taken_over" and told["actor"] == "custodian2"
    details = told["details"]
    assert (details["giver_signed"], details["giver_did_not_sign"]) == (False, "account closed")
    assert (details["giver"]["id"], details["receiver"]["id"]) == ("technician", "custodian2")
    assert (details["witness"], details["witness_name"]) == ("reviewer", "Ruth")
    assert [row["login"] for row in told["signatures"]] == ["custodian2", "reviewer"]
    assert told["exceptional"] == "Exceptional: the giver did not sign"
    assert [event["exceptional"] for event in events(client, item_id)[:-1]] == [None] * 3
    assert holder_told(events(client, item_id))["id"] == "custodian2"
    # From here on it is an item like any other.
    stored = act(client, item_id, "moves", {"place": "vault-a-1", "purpose": "storage"}, CUSTODIAN2)
    assert stored.status_code == 201


@pytest.mark.rule("E16")
def test_while_the_account_is_open_its_holder_signs(client: FlaskClient) -> None:
    item_id = handed(client)
    refused = take_item(client, item_id)
    assert (refused.status_code, refused.json["code"]) == (409, "holder_can_sign")
    assert "Tess" in refused.json["detail"]
    place = opened(client)
    act(client, place, "moves", {"place": "vault-a-1", "purpose": "storage"}, CUSTODIAN)
    refused = take_item(client, place)
    assert (refused.status_code, refused.json["code"]) == (409, "not_with_person")
    assert [event["type"] for event in events(client, item_id)][-1] == "handed_over"


@pytest.mark.rule("E8", "E12")
@pytest.mark.parametrize("change", ["active = false", "role = 'analyst'"])
def test_an_account_that_no_act_closed_loses_nothing(
    client: FlaskClient, runtime: Runtime, change: str
) -> None:
    """The row is changed as the database's owner may, with all triggers on; the log has no act that says so."""
    item_id = handed(client)
    owner = create_engine(runtime.settings.owner_database_url())
    with owner.begin() as connection:
        connection.execute(
            text(f"UPDATE chain_of_custody.people SET {change} WHERE login = '{LEAVER.login}'")
        )
    owner.dispose()
    sequence(runtime)
    verify_ledger(runtime)
    (found,) = call(client, "GET", "/ledger/verification", actor=AUDITOR).json["findings"]
    assert found == f"account {LEAVER.login}: its row is not what its events say: {change.split()[0]}"
    refused = take_item(client, item_id)
    assert (refused.status_code, refused.json["code"]) == (409, "account_untold")
    assert LEAVER.login in refused.json["detail"] and "self-check" in refused.json["detail"]
    assert events(client, item_id)[-1]["type"] == "handed_over"
    tell_account(client, LEAVER, active=True)
    sequence(runtime)
    verify_ledger(runtime)
    assert call(client, "GET", "/ledger/verification", actor=AUDITOR).json["ok"]


@pytest.mark.rule("E8")
def test_whose_role_holds_no_evidence_any_more_cannot_give_it_away_either(client: FlaskClient) -> None:
    item_id = handed(client)
    tell_account(client, LEAVER, active=True, role=Role.ANALYST)
    done = take_item(client, item_id)
    assert done.status_code == 201, done.data
    assert events(client, item_id)[-1]["details"]["giver_did_not_sign"] == "role holds no evidence"


@pytest.mark.rule("E16")
@pytest.mark.rule("E17")
def test_both_sign_and_they_are_two_people_of_the_laboratory(client: FlaskClient) -> None:
    (item_id,) = abandoned(client)
    path = f"/items/{item_id}/takeovers"
    alone = take(client, path, body_of(CUSTODIAN2), CUSTODIAN2)
    assert (alone.status_code, alone.json["errors"][0]["pointer"]) == (422, "/witness")
    for signers in ((), (CUSTODIAN2,), (REVIEWER,)):
        unsigned = take(client, path, body_of(), *signers)
        assert (unsigned.status_code, unsigned.json["code"]) == (403, "wrong_password"), signers
    for outsider in (BOGOTA, AUDITOR, ADMIN, ANALYST):
        wrong = take(client, path, body_of(outsider), CUSTODIAN2, outsider)
        assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/witness"), outsider.login
    silent = take(client, path, {**body_of(), "reason": " "}, CUSTODIAN2, REVIEWER)
    assert silent.status_code == 422
    assert item(client, item_id)["holder"]["name"] == "technician"


@pytest.mark.rule("E30")
@pytest.mark.rule("E31")
def test_custodians_alone_take_over(client: FlaskClient) -> None:
    (item_id,) = abandoned(client)
    for actor in (TECHNICIAN2, REVIEWER, SCIENTIST, AUDITOR, ADMIN, ANALYST, BOGOTA, BANGKOK):
        refused = take_item(client, item_id, witness=CUSTODIAN, actor=actor)
        assert refused.status_code == 403, actor.login
    assert take_item(client, "no-such-item").status_code == 404
    assert take_item(client, item_id).status_code == 201
    assert call(client, "GET", f"/items/{item_id}/events", actor=BOGOTA).status_code == 200
    assert call(client, "GET", f"/items/{item_id}/events", actor=BANGKOK).status_code == 404


@pytest.mark.rule("E8")
def test_many_at_once_all_or_none(client: FlaskClient) -> None:
    other, ids = opened(client), abandoned(client, 3)
    body = body_of(item_ids=[*ids, other])
    refused = take(client, "/takeovers", body, CUSTODIAN2, REVIEWER)
    assert refused.status_code == 409
    assert [error["pointer"] for error in refused.json["errors"]] == ["/item_ids/3"]
    assert {item(client, one)["holder"]["name"] for one in ids} == {"technician"}
    done = take(client, "/takeovers", body_of(item_ids=ids), CUSTODIAN2, REVIEWER)
    assert done.status_code == 201 and [row["id"] for row in done.json["items"]] == ids
    for one in ids:
        assert holder_told(events(client, one))["id"] == "custodian2"


@pytest.mark.rule("E8")
def test_what_the_closed_account_still_offered_is_withdrawn_whole(client: FlaskClient) -> None:
    ids = [handed(client) for _ in range(2)]
    body = {"item_ids": ids, "to": "technician2", "purpose": "analysis"}
    offer = call(client, "POST", "/handovers", body, actor=TECHNICIAN).json["id"]
    tell_account(client, LEAVER, active=False)
    assert take_item(client, ids[0]).status_code == 201
    told = call(client, "GET", f"/handovers/{offer}", actor=AUDITOR).json
    assert told["state"] == "withdrawn" and told["reason"].startswith("left the laboratory")
    late = call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN2)
    assert (late.status_code, late.json["code"]) == (409, "not_offered")
    assert [event["type"] for event in events(client, ids[0])][-2:] == ["handover_withdrawn", "taken_over"]
    assert events(client, ids[0])[-1]["details"]["withdrawn_handover_id"] == offer
    assert [event["type"] for event in events(client, ids[1])][-1] == "handover_withdrawn"
    assert item(client, ids[1])["holder"]["name"] == "technician"


@pytest.mark.rule("E8")
def test_of_two_at_once_one_takes_it_over(client: FlaskClient) -> None:
    (item_id,) = abandoned(client)
    app, said, began = client.application, [], threading.Barrier(4)

    def attempt(actor: Actor) -> None:
        began.wait()
        said.append(take_item(app.test_client(), item_id, actor=actor).status_code)

    threads = [threading.Thread(target=attempt, args=(who,)) for who in (CUSTODIAN, CUSTODIAN2) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [201, 409, 409, 409]
    assert [event["type"] for event in events(client, item_id)].count("taken_over") == 1
    holder_told(events(client, item_id))


@pytest.mark.rule("E8")
@pytest.mark.parametrize("time", range(3))
@pytest.mark.parametrize("end", ["accept", "withdraw"])
def test_while_an_offer_of_the_closed_account_is_answered(client: FlaskClient, end: str, time: int) -> None:
    """Whoever is first, the item has one holder and the offer one end."""
    item_id = handed(client)
    body = {"item_ids": [item_id], "to": "technician2", "purpose": "analysis"}
    offer = call(client, "POST", "/handovers", body, actor=TECHNICIAN).json["id"]
    tell_account(client, LEAVER, active=False)
    who, answer = (TECHNICIAN2, SIGNED) if end == "accept" else (TECHNICIAN, {"reason": "not today"})
    app, said = client.application, {}

    def ended() -> None:
        path = f"/handovers/{offer}/{end}"
        said["end"] = call(app.test_client(), "POST", path, answer, actor=who).status_code

    def taken() -> None:
        said["take"] = take_item(app.test_client(), item_id).status_code

    threads = [threading.Thread(target=one) for one in (ended, taken)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds = [event["type"] for event in events(client, item_id)]
    holder = holder_told(events(client, item_id))["id"]
    if end == "accept":
        first = ({"end": 200, "take": 409}, "technician2"), ({"end": 409, "take": 201}, "custodian2")
        assert (said, holder) in first
    else:
        assert (said["take"], holder) == (201, "custodian2") and said["end"] in (200, 409)
        assert kinds.count("handover_withdrawn") == 1


@pytest.mark.rule("E21")
@pytest.mark.rule("E27")
@pytest.mark.rule("E29")
def test_it_is_seen_as_exceptional_on_paper_in_linked_data_and_in_the_bundle(
    client: FlaskClient, runtime: Runtime
) -> None:
    (item_id,) = abandoned(client)
    assert take_item(client, item_id).status_code == 201
    sequence(runtime)
    paper = call(client, "GET", f"/items/{item_id}/custody.pdf", actor=AUDITOR).data
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages).split())
    assert "EXCEPTIONAL: THE GIVER DID NOT SIGN" in words and "account closed" in words
    graph = json.loads(call(client, "GET", f"/items/{item_id}/case.jsonld", actor=AUDITOR).data)["@graph"]
    (action,) = [node for node in graph if node.get("uco-core:name") == "taken_over"]
    assert "Exceptional: the giver did not sign" in action["uco-core:description"]
    people = {node["@id"]: node for node in graph}
    present = {people[ref["@id"]]["uco-core:name"] for ref in action["uco-action:participant"]}
    assert {"technician", "reviewer"} <= present
    raw = call(client, "GET", f"/items/{item_id}/bundle.zip", actor=AUDITOR).data
    lines = zipfile.ZipFile(io.BytesIO(raw)).read("events.jsonl").splitlines()
    (told,) = [row["event"] for row in map(json.loads, lines) if row["event"]["type"] == "taken_over"]
    assert told["details"]["giver_signed"] is False
    key = parse_verifier_key(call(client, "GET", "/ledger/key", actor=None).data.decode().strip())
    verdict = check_bundle(raw, key)
    assert verdict.ok
    (note,) = verdict.notes
    assert note == (
        "act 4: custodian2 took the item over from technician, who did not sign (account closed); "
        "the witness is reviewer"
    )
