"""A mistyped mass is put right by another person, and the books count with the right one from its act on (E11, E15)."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chain_of_custody.domain.replay_books import Books, replay
from services.chain_of_custody.repository.lineage import booked_records
from services.chain_of_custody.service.known_books import known_books
from shared.actor import Actor
from shared.runtime import Runtime
from tests.calls import AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.histories import executed
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    call,
    events,
    handed,
    item,
    mass,
    opened,
    resolved,
    told_to_intake,
)
from tests.integration.chain_of_custody.test_books_from_events import do, findings
from tests.integration.chain_of_custody.test_known_books import both
from tests.integration.chain_of_custody.test_mass_balance import composite, same_parcel

masses = st.integers(1, 600_000).map(lambda n: n / 1000)


def parcel(client: FlaskClient) -> str:
    return handed(client, gross_mass_g=10.0)


def told(client: FlaskClient, item_id: str, kind: str) -> dict[str, Any]:
    return [event for event in events(client, item_id) if event["type"] == kind][-1]


def correct(
    client: FlaskClient, item_id: str, event: dict[str, Any], actor: Actor = CUSTODIAN, **right: Any
) -> Any:
    body = {"event_id": event["id"], "reason": "a zero too few", "corrected": right, **SIGNED}
    return act(client, item_id, "corrections", body, actor)


def left(client: FlaskClient, item_id: str) -> float:
    return float(item(client, item_id)["remaining"]["net_mass_mg"])


@pytest.mark.rule("E11")
@pytest.mark.rule("E15")
def test_a_first_weighing_with_a_zero_too_few_is_put_right(client: FlaskClient, runtime: Runtime) -> None:
    item_id = parcel(client)
    assert act(client, item_id, "weighings", mass(800, 1, balance="b")).status_code == 201
    assert act(client, item_id, "consumptions", mass(50, purpose="x")).status_code == 201
    assert act(client, item_id, "weighings", mass(7950, 1, balance="b")).json["code"] == "mass_balance"
    wrong = told(client, item_id, "weighed")
    made = correct(client, item_id, wrong, net_mass_mg=8000)
    assert made.status_code == 201, made.data
    assert made.json["corrects"] == wrong["id"] and made.json["details"]["was"] == {"net_mass_mg": 800.0}
    assert made.json["details"]["remaining"]["net_mass_mg"] == 7950
    assert [row["login"] for row in made.json["signatures"]] == ["custodian"]
    after = told(client, item_id, "weighed")
    assert after["details"] == wrong["details"] and after["digest"] == wrong["digest"], (
        "the old stays readable"
    )
    assert left(client, item_id) == 7950 and not item(client, item_id)["blocked"]
    here, replayed = both(runtime, known_books, item_id)
    assert here == replayed
    assert act(client, item_id, "weighings", mass(7950, 1, balance="b")).json["state"] == "in_custody"
    balance = call(client, "GET", f"/items/{item_id}/balance", actor=CUSTODIAN).json
    assert balance["received"]["net_mass_mg"] == 8000 and balance["closes"]
    assert findings(runtime) == []


@pytest.mark.rule("E11")
@pytest.mark.rule("E15")
def test_a_consumption_with_zeros_too_many_is_put_right(client: FlaskClient) -> None:
    item_id = parcel(client)
    assert act(client, item_id, "weighings", mass(8000, 1, balance="b")).status_code == 201
    assert act(client, item_id, "consumptions", mass(5000, 1, purpose="x")).status_code == 201
    assert act(client, item_id, "weighings", mass(7950, 1, balance="b")).status_code == 409
    event = told(client, item_id, "consumed")
    assert correct(client, item_id, event, net_mass_mg=50, uncertainty_mg=0.5).status_code == 201
    assert act(client, item_id, "weighings", mass(7950, 1, balance="b")).json["state"] == "in_custody"
    again = correct(client, item_id, event, REVIEWER, net_mass_mg=51)
    assert again.status_code == 201 and again.json["details"]["was"] == {"net_mass_mg": 50}


@pytest.mark.rule("E11")
@pytest.mark.rule("E15")
def test_an_aliquots_mass_is_put_right_on_both_sides(client: FlaskClient, runtime: Runtime) -> None:
    item_id = parcel(client)
    assert act(client, item_id, "weighings", mass(8000, 1, balance="b")).status_code == 201
    child = act(client, item_id, "aliquots", mass(1000, purpose="x")).json["id"]
    assert act(client, child, "consumptions", mass(60, purpose="x")).status_code == 201
    assert (
        correct(client, item_id, told(client, item_id, "aliquot_taken"), net_mass_mg=100).status_code == 201
    )
    assert (left(client, item_id), left(client, child)) == (7900, 40)
    pair = told(client, child, "corrected")["details"]
    assert pair["together_with"]["event_id"] == told(client, item_id, "corrected")["id"]
    assert correct(client, child, told(client, child, "aliquot_made"), net_mass_mg=200).status_code == 201
    assert (left(client, item_id), left(client, child)) == (7800, 140)
    refused = correct(client, item_id, told(client, item_id, "aliquot_taken"), net_mass_mg=50)
    assert (refused.status_code, refused.json["code"]) == (409, "mass_balance")
    assert (left(client, item_id), left(client, child)) == (7800, 140), "both or neither"
    assert act(client, child, "weighings", mass(190, 1, balance="b")).json["code"] == "mass_balance"
    assert findings(runtime) == []
    here, replayed = both(runtime, known_books, child)
    assert here == replayed


@pytest.mark.rule("E11")
@pytest.mark.rule("E17")
def test_whoever_told_a_mass_does_not_correct_it(client: FlaskClient) -> None:
    item_id = handed(client)
    assert act(client, item_id, "weighings", mass(50, balance="b")).status_code == 201
    event = told(client, item_id, "weighed")
    assert correct(client, item_id, event, TECHNICIAN, net_mass_mg=500).status_code == 403
    assert correct(client, item_id, event, BOGOTA, net_mass_mg=500).status_code == 403
    assert left(client, item_id) == 50
    for actor in (CUSTODIAN, REVIEWER):
        assert correct(client, item_id, event, actor, net_mass_mg=500 + len(actor.login)).status_code == 201
    own = call(
        client,
        "POST",
        "/handovers",
        {"item_ids": [item_id], "to": "custodian", "purpose": "x"},
        actor=TECHNICIAN,
    )
    assert (
        call(client, "POST", f"/handovers/{own.json['id']}/accept", SIGNED, actor=CUSTODIAN).status_code
        == 200
    )
    assert act(client, item_id, "consumptions", mass(5, purpose="x"), CUSTODIAN).status_code == 201
    mine = correct(client, item_id, told(client, item_id, "consumed"), net_mass_mg=6)
    assert (mine.status_code, mine.json["code"]) == (409, "four_eyes")


@pytest.mark.rule("E15")
def test_a_correction_that_cannot_be_is_refused_and_one_that_leaves_a_loss_asks_a_reviewer(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = parcel(client)
    assert act(client, item_id, "weighings", mass(8000, 1, balance="b")).status_code == 201
    first = told(client, item_id, "weighed")
    assert act(client, item_id, "consumptions", mass(5000, 1, purpose="x")).status_code == 201
    for wrong in (4000, 10_001):
        refused = correct(client, item_id, first, net_mass_mg=wrong)
        assert (refused.status_code, refused.json["code"]) == (409, "mass_balance"), wrong
        assert "could not have happened" in refused.json["detail"]
    assert act(client, item_id, "weighings", mass(3000, 1, balance="b")).json["state"] == "in_custody"
    gain = correct(client, item_id, first, net_mass_mg=7000)
    assert gain.status_code == 409 and "more would have been found" in gain.json["detail"]
    assert not item(client, item_id)["blocked"]
    assert correct(client, item_id, first, net_mass_mg=9000).status_code == 201
    assert item(client, item_id)["blocked"] and left(client, item_id) == 3000
    (opened,) = told_to_intake(runtime, item_id)
    assert "1000 mg are unexplained" in opened["detail"]
    assert correct(client, item_id, first, net_mass_mg=9001).status_code == 201
    assert len(told_to_intake(runtime, item_id)) == 1, "a reviewer is asked already"
    assert findings(runtime) == []


@pytest.mark.rule("E15")
def test_what_a_reviewer_explained_does_not_explain_a_later_correction(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = parcel(client)
    assert act(client, item_id, "weighings", mass(800, 1, balance="b")).status_code == 201
    first = told(client, item_id, "weighed")
    assert act(client, item_id, "weighings", mass(790, 1, balance="b")).json["blocked"]
    (one,) = told_to_intake(runtime, item_id)
    resolved(client, one)
    assert correct(client, item_id, first, net_mass_mg=8000).status_code == 201
    assert item(client, item_id)["blocked"], "10 mg were explained, not 7210"
    assert "7210 mg are unexplained" in told_to_intake(runtime, item_id)[-1]["detail"]


@pytest.mark.rule("E15")
@pytest.mark.rule("E5")
def test_nothing_in_a_parcel_that_weighed_something_asks_a_reviewer(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = parcel(client)
    done = act(client, item_id, "weighings", mass(0, 0.1, balance="b"))
    assert done.status_code == 201 and done.json["state"] == "blocked"
    (opened,) = told_to_intake(runtime, item_id)
    assert "nothing, within the uncertainty" in opened["detail"]
    assert correct(client, item_id, told(client, item_id, "weighed"), net_mass_mg=8000).status_code == 201
    resolved(client, opened)
    assert item(client, item_id)["state"] == "in_custody" and left(client, item_id) == 8000


@pytest.mark.rule("E15")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    story=st.lists(
        st.tuples(
            st.sampled_from(["weighings", "aliquots", "consumptions", "losses", "correct", "correct"]),
            st.integers(0, 30),
            masses,
        ),
        max_size=14,
    )
)
def test_after_any_acts_and_corrections_the_columns_are_what_the_events_come_to(
    client: FlaskClient, runtime: Runtime, story: list[tuple[str, int, float]]
) -> None:
    items = [handed(client)]
    assert act(client, items[0], "weighings", mass(500, 0.4, balance="b")).status_code == 201
    for kind, which, amount in story:
        if kind != "correct":
            do(client, items, kind, which, amount)
            continue
        chosen = items[which % len(items)]
        acts = [event for event in events(client, chosen) if "net_mass_mg" in event["details"]]
        said = correct(client, chosen, acts[which % len(acts)], net_mass_mg=amount)
        assert said.status_code in (201, 409, 422), said.data
    assert findings(runtime) == []
    for found in items:
        here, replayed = both(runtime, known_books, found)
        assert here == replayed
        if replayed["received"] is not None and not _closes(runtime, found):
            assert item(client, found)["blocked"]


def _closes(runtime: Runtime, item_id: str) -> bool:
    with runtime.unit_of_work() as uow:
        books: Books = replay(booked_records(uow.session, item_id))
    unexplained = books.unexplained.quantity()
    return abs(unexplained.mass) <= unexplained.uncertainty


@pytest.mark.rule("E11", "E15", "E17")
def test_a_portion_that_was_mistyped_is_put_right_in_its_item_and_in_the_composite(
    client: FlaskClient, runtime: Runtime
) -> None:
    ids = same_parcel(client, 3)
    made = str(composite(client, ids).json["id"])
    assert act(client, made, "consumptions", mass(2, purpose="x")).status_code == 201
    before = [left(client, item_id) for item_id in (*ids, made)]
    wrong = told(client, ids[1], "portion_taken")
    assert correct(client, ids[1], wrong, TECHNICIAN, net_mass_mg=100).status_code == 403
    whole = told(client, made, "composite_made")
    at_composite = correct(client, made, whole, net_mass_mg=100)
    assert at_composite.status_code == 422 and "by which the portion was taken" in at_composite.json["detail"]
    impossible = correct(client, ids[1], wrong, net_mass_mg=9000)
    assert (impossible.status_code, impossible.json["code"]) == (409, "mass_balance")
    assert [left(client, item_id) for item_id in (*ids, made)] == before
    done = correct(client, ids[1], wrong, net_mass_mg=100)
    assert done.status_code == 201, done.data
    assert [left(client, item_id) for item_id in (*ids, made)] == [
        before[0], before[1] - 90, before[2], before[3] + 90,
    ]  # fmt: skip
    second = told(client, made, "corrected")["details"]
    assert second["part_id"] == ids[1] and second["corrects"]["type"] == "composite_made"
    assert second["together_with"]["event_id"] == done.json["id"]
    # Another portion of the same composite, and the first one back again.
    assert correct(client, ids[2], told(client, ids[2], "portion_taken"), net_mass_mg=20).status_code == 201
    assert correct(client, ids[1], wrong, net_mass_mg=10).status_code == 201
    assert left(client, made) == before[3] + 10
    parts = call(client, "GET", f"/items/{made}/balance", actor=AUDITOR).json["parts"]
    assert [part["net_mass_mg"] for part in parts] == [10, 10, 20]
    for item_id in (*ids, made):
        remembered, replayed = both(runtime, known_books, item_id)
        assert remembered == replayed
    assert findings(runtime) == []


@pytest.mark.rule("E11", "E15")
def test_a_mass_corrected_on_hold_is_looked_at_by_a_reviewer(client: FlaskClient) -> None:
    item_id = parcel(client)
    assert act(client, item_id, "weighings", mass(500, 1, balance="b")).status_code == 201
    order = {"reason": "court order", **SIGNED}
    assert act(client, item_id, "holds", order, REVIEWER).status_code == 201
    assert correct(client, item_id, told(client, item_id, "weighed"), net_mass_mg=100).status_code == 201
    opened_now = told(client, item_id, "discrepancy_opened")
    assert "on hold: net_mass_mg 500 is now 100" in opened_now["purpose"]


@pytest.mark.rule("E11", "E16")
def test_what_was_signed_away_keeps_its_masses(client: FlaskClient) -> None:
    item_id = opened(client, gross_mass_g=10.0)
    assert act(client, item_id, "weighings", mass(500, 1, balance="b"), CUSTODIAN).status_code == 201
    wrong = told(client, item_id, "weighed")
    asked = act(
        client, item_id, "disposals", {"method": "incineration", "purpose": "closed", **SIGNED}, CUSTODIAN
    )
    path = f"/disposals/{asked.json['id']}"
    assert call(client, "POST", f"{path}/authorise", SIGNED, actor=REVIEWER).status_code == 200
    witnessed = {"witness": "custodian2", "witness_password": "verified", **SIGNED}
    assert executed(client, f"{path}/execute", witnessed).status_code == 200
    refused = correct(client, item_id, wrong, REVIEWER, net_mass_mg=5)
    assert (refused.status_code, refused.json["code"]) == (409, "ended")
