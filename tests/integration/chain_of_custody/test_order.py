"""Acts told late are taken and marked; an answer never lies before what it answers (E9), and no limit is escaped by it (E26)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.service.ledger_keys import load_verifier_key
from shared.actor import Signature
from shared.http.schemas import format_time
from shared.runtime import Runtime
from siglab_clients.verify.check_bundle import check_bundle
from tests.calls import AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    SIGNED,
    act,
    call,
    events,
    handed,
    item,
    mass,
    offered,
    opened,
    sequence,
)

ASK = {"method": "incineration", "purpose": "case closed", **SIGNED}


def ago(hours: float) -> str:
    return format_time(datetime.now(UTC) - timedelta(hours=hours))


def _refused(said: Any, pointer: str = "/occurred_at") -> str:
    assert said.status_code == 422, said.data
    assert [row["pointer"] for row in said.json["errors"]] == [pointer]
    return str(said.json["detail"])


@pytest.mark.rule("E8")
@pytest.mark.rule("E9")
@pytest.mark.parametrize(
    ("to", "who", "end", "body"),
    [
        ("technician", TECHNICIAN, "accept", SIGNED),
        ("bogota", BOGOTA, "accept", SIGNED),
        ("technician", TECHNICIAN, "decline", {"reason": "x"}),
        ("technician", CUSTODIAN, "withdraw", {"reason": "x"}),
    ],
)
def test_an_offer_is_not_answered_before_it_was_made(
    client: FlaskClient, to: str, who: Any, end: str, body: dict[str, Any]
) -> None:
    item_id = opened(client)
    path = f"/handovers/{offered(client, [item_id], to)}/{end}"
    made = events(client, item_id)[-1]["occurred_at"]
    early = ago(2)
    words = _refused(call(client, "POST", path, {**body, "occurred_at": early}, actor=who))
    assert early in words and made in words and "(Hand-over offered)" in words
    assert item(client, item_id)["holder"]["name"] == "custodian"
    assert call(client, "POST", path, {**body, "occurred_at": made}, actor=who).status_code == 200


@pytest.mark.rule("E9")
def test_a_hold_is_not_released_before_it_was_placed(client: FlaskClient) -> None:
    item_id = opened(client)
    hold = act(client, item_id, "holds", {"reason": "court", **SIGNED}, REVIEWER).json["id"]
    path, body = f"/holds/{hold}/release", {"reason": "lifted", **SIGNED}
    words = _refused(call(client, "POST", path, {**body, "occurred_at": ago(1)}, actor=REVIEWER))
    assert "(Put on hold)" in words
    assert item(client, item_id)["state"] == "on_hold"
    assert call(client, "POST", path, body, actor=REVIEWER).status_code == 200


@pytest.mark.rule("E9")
@pytest.mark.rule("E16")
def test_a_destruction_follows_its_authorisation_and_that_its_request(client: FlaskClient) -> None:
    item_id = opened(client)
    asked = act(client, item_id, "disposals", {**ASK, "occurred_at": ago(5)}, CUSTODIAN).json["id"]
    path = f"/disposals/{asked}"
    early = {**SIGNED, "occurred_at": ago(6)}
    _refused(call(client, "POST", f"{path}/authorise", early, actor=REVIEWER))
    _refused(call(client, "POST", f"{path}/withdraw", {**early, "reason": "x"}, actor=REVIEWER))
    late = {**SIGNED, "occurred_at": ago(3)}
    assert call(client, "POST", f"{path}/authorise", late, actor=REVIEWER).status_code == 200
    now = datetime.now(UTC)
    both = tuple(Signature(who.login, who.name, who.role, "password", now) for who in (CUSTODIAN, CUSTODIAN2))
    signing = replace(CUSTODIAN, signatures=both)
    told = {**SIGNED, "witness": "custodian2", "witness_password": "verified"}
    for hours, status in ((4, 422), (2, 200)):
        body = json.dumps({**told, "occurred_at": ago(hours)}).encode()
        done = call(client, "POST", f"{path}/execute", body, actor=signing)
        assert done.status_code == status, done.data
    assert item(client, item_id)["state"] == "disposed"


@pytest.mark.rule("E9")
@pytest.mark.rule("E11")
def test_no_correction_turns_question_and_answer_round(client: FlaskClient) -> None:
    item_id = handed(client)
    _, offer, accept = events(client, item_id)

    def correct(event: dict[str, Any], when: str) -> Any:
        body = {"event_id": event["id"], "reason": "x", "corrected": {"occurred_at": when}, **SIGNED}
        return act(client, item_id, "corrections", body, CUSTODIAN)

    words = _refused(correct(accept, ago(2)), "/corrected/occurred_at")
    assert "(Hand-over offered)" in words and offer["occurred_at"] in words
    assert correct(offer, ago(3)).status_code == 201
    assert correct(accept, ago(2)).status_code == 201, "the newest word on the offer counts"
    words = _refused(correct(offer, ago(1)), "/corrected/occurred_at")
    assert "answered it at" in words


@pytest.mark.rule("E9")
@pytest.mark.rule("E21")
def test_the_verifier_names_what_was_told_late(client: FlaskClient, runtime: Runtime) -> None:
    item_id = handed(client)
    early = ago(2)
    told = mass(500, 0.4, balance="b", occurred_at=early)
    assert act(client, item_id, "weighings", told).status_code == 201, "told late is told all the same"
    body = {"purpose": "x", "seal_number": f"L-{item_id}", "occurred_at": format_time(datetime.now(UTC))}
    assert act(client, item_id, "seals", body).status_code == 201
    *_, accept, weighing, _ = events(client, item_id)
    correction = {"event_id": weighing["id"], "reason": "x", "corrected": {"occurred_at": ago(1)}, **SIGNED}
    corrected = act(client, item_id, "corrections", correction)
    assert corrected.status_code == 201
    sequence(runtime)
    raw = call(client, "GET", f"/items/{item_id}/bundle.zip", actor=AUDITOR).data
    verdict = check_bundle(raw, load_verifier_key(runtime.settings.keys_dir))
    assert verdict.ok and verdict.findings == ()
    right = corrected.json["details"]["corrected"]["occurred_at"]
    assert verdict.notes == (
        f"act 4 (weighed) is dated {early}, before act 3 (handed_over) of {accept['occurred_at']}; "
        f"it was entered at {weighing['recorded_at']}",
        f"act 6 says that act 4 (weighed) happened at {right}, where it was written {early}",
    )
