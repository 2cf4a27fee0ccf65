"""A loss is one person's word: it is always recorded, and what it may explain by itself is bounded (E15, E17)."""

import pytest
from flask.testing import FlaskClient

from shared.runtime import Runtime
from tests.calls import CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    call,
    events,
    item,
    mass,
    resolved,
    told_to_intake,
    weighed,
)


def _offer(client: FlaskClient, item_id: str) -> str:
    body = {"item_ids": [item_id], "to": "custodian", "purpose": "back"}
    made = call(client, "POST", "/handovers", body, actor=TECHNICIAN)
    assert made.status_code == 201, made.data
    return str(made.json["id"])


@pytest.mark.rule("E15")
@pytest.mark.rule("E17")
def test_a_large_loss_opens_a_discrepancy_that_somebody_else_ends(
    client: FlaskClient, runtime: Runtime
) -> None:
    small, large = weighed(client), weighed(client)
    done = act(client, small, "losses", mass(50, reason="stuck to the vessel"))
    assert done.status_code == 201 and not done.json["blocked"]
    done = act(client, large, "losses", mass(50.1, reason="blown away"))
    assert done.status_code == 201 and done.json["blocked"]
    assert done.json["remaining"]["net_mass_mg"] == pytest.approx(449.9)
    (told,) = told_to_intake(runtime, large)
    assert (
        told["opened_by"] == "technician" and "50.1 mg" in told["detail"] and "blown away" in told["detail"]
    )
    assert "50 mg that one person's word explains" in told["detail"]
    resolved(client, told)
    assert not item(client, large)["blocked"]


@pytest.mark.rule("E15")
def test_many_small_losses_are_one_large_one(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    for _ in range(5):
        done = act(client, item_id, "losses", mass(10, 0.1, reason="spilt"))
        assert done.status_code == 201 and not done.json["blocked"]
    assert act(client, item_id, "losses", mass(0.2, 0.1, reason="spilt")).json["blocked"]
    (told,) = told_to_intake(runtime, item_id)
    assert "with the losses before, 50.2 mg" in told["detail"]
    assert act(client, item_id, "losses", mass(0.2, 0.1, reason="spilt")).status_code == 201
    assert len(told_to_intake(runtime, item_id)) == 1
    resolved(client, told)
    done = act(client, item_id, "losses", mass(40, 0.1, reason="spilt"))
    assert done.status_code == 201 and not done.json["blocked"]


@pytest.mark.rule("E8")
@pytest.mark.rule("E15")
def test_a_loss_while_it_is_offered_is_told_to_the_receiver(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    offer = _offer(client, item_id)
    lost = act(client, item_id, "losses", mass(1, reason="spilt"))
    assert lost.status_code == 201 and lost.json["blocked"]
    (told,) = told_to_intake(runtime, item_id)
    assert "while it was offered to custodian" in told["detail"]
    assert (
        call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=CUSTODIAN).json["code"] == "blocked"
    )
    resolved(client, told)
    refused = call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=CUSTODIAN)
    assert refused.status_code == 409 and refused.json["code"] == "changed_since_offer", refused.data
    assert "(Lost)" in refused.json["detail"] and "withdraws the offer" in refused.json["detail"]
    assert item(client, item_id)["holder"]["name"] == "technician"
    back = call(client, "POST", f"/handovers/{offer}/withdraw", {"reason": "spilt"}, actor=TECHNICIAN)
    assert back.status_code == 200
    anew = _offer(client, item_id)
    assert call(client, "POST", f"/handovers/{anew}/accept", SIGNED, actor=CUSTODIAN).status_code == 200


@pytest.mark.rule("E8")
@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("weighings", mass(499.9, 0.4, balance="XPR205")),
        ("consumptions", mass(1, purpose="x")),
        ("aliquots", mass(1, purpose="x")),
        ("seals", {"seal_number": "C-offered", "purpose": "closed anew"}),
    ],
)
def test_what_is_offered_stays_as_it_is_until_it_is_accepted(
    client: FlaskClient, what: str, body: dict[str, object]
) -> None:
    item_id = weighed(client)
    offer = _offer(client, item_id)
    before = len(events(client, item_id))
    refused = act(client, item_id, what, body)
    assert refused.status_code == 409 and refused.json["code"] == "offered", refused.data
    assert "custodian" in refused.json["detail"] and "withdraw the offer" in refused.json["detail"]
    assert len(events(client, item_id)) == before
    package = {"package_mass_g": 5.25, "uncertainty_mg": 1.0, "balance": "XPR205"}
    assert act(client, item_id, "weighings", package).status_code == 201
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=CUSTODIAN).status_code == 200


@pytest.mark.rule("E11")
@pytest.mark.rule("E15")
def test_a_loss_corrected_to_a_large_one_opens_a_discrepancy(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    assert act(client, item_id, "losses", mass(5, reason="spilt")).status_code == 201
    lost = events(client, item_id)[-1]
    body = {"event_id": lost["id"], "reason": "mistyped", "corrected": {"net_mass_mg": 60}, **SIGNED}
    done = act(client, item_id, "corrections", body, REVIEWER)
    assert done.status_code == 201, done.data
    assert item(client, item_id)["blocked"]
    (told,) = told_to_intake(runtime, item_id)
    assert "60 mg are told as lost; one person's word explains 50 mg" in told["detail"]


@pytest.mark.rule("E8")
@pytest.mark.rule("E11")
def test_a_mass_corrected_after_the_offer_is_offered_anew(client: FlaskClient) -> None:
    item_id = weighed(client)
    weighing = events(client, item_id)[-1]
    offer = _offer(client, item_id)
    words = {"event_id": weighing["id"], "reason": "x", "corrected": {"purpose": "net mass"}, **SIGNED}
    assert act(client, item_id, "corrections", words, REVIEWER).status_code == 201
    right = {**words, "corrected": {"net_mass_mg": 499.0}}
    assert act(client, item_id, "corrections", right, REVIEWER).status_code == 201
    refused = call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=CUSTODIAN)
    assert refused.status_code == 409 and refused.json["code"] == "changed_since_offer"
    assert "act 7 (Record corrected)" in refused.json["detail"], "a correction of words changes nothing"


@pytest.mark.rule("E8")
def test_no_portion_is_taken_of_what_is_offered(client: FlaskClient) -> None:
    first, second = (weighed(client) for _ in range(2))
    _offer(client, second)
    parts = [{"item_id": item_id, **mass(1)} for item_id in (first, second)]
    made = call(client, "POST", "/composites", {"parts": parts, "purpose": "x"}, actor=TECHNICIAN)
    assert made.status_code == 409 and made.json["code"] == "offered", made.data
