"""What is destroyed is what was authorised: nothing changes it in between, and how much there was is known (E15, E16)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.http.schemas import format_time
from tests.calls import CUSTODIAN, REVIEWER
from tests.integration.chain_of_custody.histories import executed
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    call,
    events,
    item,
    mass,
    opened,
)

ASK = {"method": "incineration", "purpose": "case closed", **SIGNED}


def _authorised(client: FlaskClient, item_id: str) -> str:
    asked = act(client, item_id, "disposals", ASK, CUSTODIAN)
    assert asked.status_code == 201, asked.data
    disposal = str(asked.json["id"])
    done = call(client, "POST", f"/disposals/{disposal}/authorise", SIGNED, actor=REVIEWER)
    assert done.status_code == 200, done.data
    return disposal


def _execute(client: FlaskClient, disposal: str, **more: Any) -> Any:
    body = {**SIGNED, "witness": "custodian2", "witness_password": "verified", **more}
    return executed(client, f"/disposals/{disposal}/execute", body)


def _kept(client: FlaskClient) -> str:
    item_id = opened(client)
    assert act(client, item_id, "weighings", mass(500, 0.4, balance="b"), CUSTODIAN).status_code == 201
    return item_id


@pytest.mark.rule("E15")
@pytest.mark.rule("E16")
@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("weighings", mass(499.9, 0.4, balance="b")),
        ("consumptions", mass(1, purpose="x")),
        ("aliquots", mass(1, purpose="x")),
        ("losses", mass(1, reason="spilt")),
        ("seals", {"seal_number": "C-condemned", "purpose": "closed anew"}),
    ],
)
def test_nothing_changes_between_authorisation_and_destruction(
    client: FlaskClient, what: str, body: dict[str, Any]
) -> None:
    item_id = _kept(client)
    disposal = _authorised(client, item_id)
    before = len(events(client, item_id))
    refused = act(client, item_id, what, body, CUSTODIAN)
    assert refused.status_code == 409 and refused.json["code"] == "disposal_authorised", refused.data
    assert "withdraws the destruction first" in refused.json["detail"]
    assert len(events(client, item_id)) == before
    stop = {"reason": "to be weighed", **SIGNED}
    assert call(client, "POST", f"/disposals/{disposal}/withdraw", stop, actor=CUSTODIAN).status_code == 200
    assert act(client, item_id, what, body, CUSTODIAN).status_code == 201


@pytest.mark.rule("E11")
@pytest.mark.rule("E15")
def test_no_mass_is_corrected_between_authorisation_and_destruction(client: FlaskClient) -> None:
    item_id = _kept(client)
    weighing = events(client, item_id)[-1]
    disposal = _authorised(client, item_id)
    body = {"event_id": weighing["id"], "reason": "mistyped", "corrected": {"net_mass_mg": 400}, **SIGNED}
    refused = act(client, item_id, "corrections", body, REVIEWER)
    assert refused.status_code == 409 and refused.json["code"] == "disposal_authorised", refused.data
    assert _execute(client, disposal).status_code == 200
    assert events(client, item_id)[-1]["details"]["remaining"]["net_mass_mg"] == 500


@pytest.mark.rule("E15")
@pytest.mark.rule("E16")
def test_of_a_closed_parcel_both_sign_that_it_was_closed(client: FlaskClient) -> None:
    item_id = opened(client)
    assert _execute(client, _authorised(client, item_id)).status_code == 200
    last = events(client, item_id)[-1]
    seal = item(client, item_id)["seal_number"]
    words = f"closed with seal {seal} as it was received, 5250 mg gross"
    assert last["details"]["unweighed"] == words
    assert [row["meaning"] for row in last["signatures"]] == [
        f"I have destroyed this item, {words}.",
        f"I have seen the destruction of this item, {words}.",
    ]


@pytest.mark.rule("E15")
def test_what_was_opened_is_weighed_before_it_is_destroyed(client: FlaskClient) -> None:
    sealed_anew, broken = opened(client), opened(client, seal_condition="broken")
    seal = {"seal_number": "C-unweighed", "purpose": "closed anew"}
    assert act(client, sealed_anew, "seals", seal, CUSTODIAN).status_code == 201
    for item_id in (sealed_anew, broken):
        disposal = _authorised(client, item_id)
        refused = _execute(client, disposal)
        assert refused.status_code == 409 and refused.json["code"] == "mass_unknown", refused.data
        assert refused.json["errors"][0]["pointer"] == "/unweighed"
        assert item(client, item_id)["state"] == "in_custody"
    said = _execute(client, disposal, unweighed="a swab: nothing can be weighed")
    assert said.status_code == 200, said.data
    last = events(client, broken)[-1]
    assert last["details"]["unweighed"] == "a swab: nothing can be weighed"
    assert last["signatures"][1]["meaning"].endswith("of this item, a swab: nothing can be weighed.")


@pytest.mark.rule("E11")
@pytest.mark.rule("E16")
def test_one_person_does_not_change_when_it_was_destroyed(client: FlaskClient) -> None:
    item_id = _kept(client)
    assert _execute(client, _authorised(client, item_id)).status_code == 200
    last = events(client, item_id)[-1]
    assert "occurred_at" not in last["correctable"]
    earlier = format_time(datetime.now(UTC) - timedelta(days=3))
    body = {"event_id": last["id"], "reason": "x", "corrected": {"occurred_at": earlier}, **SIGNED}
    refused = act(client, item_id, "corrections", body, REVIEWER)
    assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/corrected/occurred_at"
    assert "Several people have signed" in refused.json["detail"]
