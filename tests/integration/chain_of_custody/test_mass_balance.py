"""The balance of a whole lineage, from the events (E15): aliquots, composites, losses, and how many queries it takes."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from shared.runtime import Runtime
from tests.calls import ANALYST, AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    TECHNICIAN2,
    act,
    call,
    events,
    exhibit,
    handed,
    item,
    mass,
    weighed,
)

FLOWS = ("remaining", "composites", "consumed", "lost", "differences")


def balance(client: FlaskClient, item_id: str, actor: Any = CUSTODIAN) -> dict[str, Any]:
    found = call(client, "GET", f"/items/{item_id}/balance", actor=actor)
    assert found.status_code == 200, found.data
    return dict(found.json)


def same_parcel(client: FlaskClient, count: int, **over: Any) -> list[str]:
    """Items of one submission in the technician's hands, 500 mg net each."""
    shared = {
        "submission_id": f"parcel-{exhibit()['exhibit_id']}",
        "submission_number": f"D-{exhibit()['number']}",
    }
    ids = [handed(client, **{**shared, **over}) for _ in range(count)]
    for item_id in ids:
        assert act(client, item_id, "weighings", mass(500, 0.4, balance="b")).status_code == 201
    return ids


def composite(client: FlaskClient, ids: list[str], milligrams: float = 10.0, **over: Any) -> Any:
    parts = [{"item_id": item_id, **mass(milligrams, 0.3)} for item_id in ids]
    return call(client, "POST", "/composites", {"parts": parts, "purpose": "pool", **over}, actor=TECHNICIAN)


@pytest.mark.rule("E15")
def test_the_balance_of_a_tree_adds_up(client: FlaskClient) -> None:
    item_id = weighed(client)
    child = act(client, item_id, "aliquots", mass(100, purpose="GC-MS")).json["id"]
    inner = act(client, child, "aliquots", mass(20, purpose="GC-MS")).json["id"]
    assert act(client, inner, "consumptions", mass(5, purpose="injection")).status_code == 201
    assert act(client, child, "losses", mass(1, 0.1, reason="spilt")).status_code == 201
    assert act(client, item_id, "weighings", mass(399.9, 0.4, balance="b")).status_code == 201
    for asked in (item_id, child, inner):
        told = balance(client, asked)
        assert told["item_id"] == asked and told["root_id"] == item_id and told["closes"] is True
        assert {name: told[name]["net_mass_mg"] for name in ("received", *FLOWS)} == pytest.approx(
            {
                "received": 500,
                "remaining": 493.9,
                "composites": 0,
                "consumed": 5,
                "lost": 1,
                "differences": 0.1,
            }
        )
        assert [row["id"] for row in told["items"]] == [item_id, child, inner]
        assert [row["depth"] for row in told["items"]] == [0, 1, 2]
    root, first, second = told["items"]
    assert root["aliquots"]["net_mass_mg"] == 100 and first["received"]["net_mass_mg"] == 100
    assert first["remaining"]["net_mass_mg"] == 79 and second["remaining"]["net_mass_mg"] == 15
    assert root["tolerance_mg"] == pytest.approx((0.4**2 + 0.2**2 + 0.4**2) ** 0.5, rel=1e-6)
    assert told["gross_mass_g"] == 5.25 and told["parts"] == []


@pytest.mark.rule("E15")
def test_an_aliquots_mass_is_not_counted_twice(client: FlaskClient) -> None:
    """An aliquot weighed 40 mg when it was 41: the parent misses 1 mg and the child finds it. The whole knows better."""
    item_id = weighed(client)
    child = act(client, item_id, "aliquots", mass(40, 2.0, purpose="x")).json["id"]
    assert act(client, child, "weighings", mass(41, 0.1, balance="b")).status_code == 201
    assert act(client, item_id, "weighings", mass(459, 0.1, balance="b")).status_code == 201
    told = balance(client, item_id)
    assert told["differences"]["net_mass_mg"] == pytest.approx(0)
    assert told["tolerance_mg"] == pytest.approx((0.4**2 + 0.1**2 + 0.1**2) ** 0.5, rel=1e-6)
    assert told["closes"]


@pytest.mark.rule("E15")
def test_a_missing_mass_shows_until_it_is_explained(client: FlaskClient) -> None:
    item_id = weighed(client)
    assert act(client, item_id, "weighings", mass(480, 0.4, balance="b")).json["blocked"]
    told = balance(client, item_id)
    assert told["closes"] is False and told["unexplained"]["net_mass_mg"] == pytest.approx(20)
    assert told["items"][0]["closes"] is False


def test_before_the_first_weighing_nothing_is_claimed(client: FlaskClient) -> None:
    told = balance(client, handed(client))
    assert told["received"] is None and told["remaining"] is None and told["closes"] is True


@pytest.mark.rule("E30")
def test_who_sees_a_balance(client: FlaskClient) -> None:
    item_id = weighed(client)
    for actor in (BOGOTA, TECHNICIAN, REVIEWER, AUDITOR):
        assert balance(client, item_id, actor)["root_id"] == item_id
    assert call(client, "GET", f"/items/{item_id}/balance", actor=BANGKOK).status_code == 404
    assert call(client, "GET", f"/items/{item_id}/balance", actor=ANALYST).status_code == 403
    assert call(client, "GET", "/items/none/balance", actor=CUSTODIAN).status_code == 404


@pytest.mark.rule("E15")
def test_a_balance_takes_as_many_queries_for_60_aliquots_as_for_one(
    client: FlaskClient, runtime: Runtime
) -> None:
    asked: list[str] = []
    event.listen(runtime.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def queries(item_id: str) -> int:
        asked.clear()
        assert balance(client, item_id)["closes"]
        return len(asked)

    item_id = weighed(client)
    assert act(client, item_id, "aliquots", mass(1, purpose="x")).status_code == 201
    one = queries(item_id)
    for _ in range(59):
        assert act(client, item_id, "aliquots", mass(1, purpose="x")).status_code == 201
    assert queries(item_id) == one <= 6
    assert len(balance(client, item_id)["items"]) == 61


@pytest.mark.rule("E15")
@pytest.mark.rule("E7")
def test_a_composite_is_made_of_portions_and_knows_its_parents(client: FlaskClient) -> None:
    ids = same_parcel(client, 3)
    made = composite(client, ids)
    assert made.status_code == 201, made.data
    second = composite(client, ids[:2])
    submission = item(client, ids[0])["submission_number"]
    assert [made.json["number"], second.json["number"]] == [f"{submission}-C1", f"{submission}-C2"]
    assert made.json["remaining"] == {"net_mass_mg": 30.0, "uncertainty_mg": pytest.approx(0.3 * 3**0.5)}
    assert made.json["holder"] == {"kind": "person", "name": "technician"} and made.json["parent_id"] is None
    whole = balance(client, made.json["id"])
    assert [part["id"] for part in whole["parts"]] == ids and whole["received"]["net_mass_mg"] == 30
    part = balance(client, ids[0])
    assert part["composites"]["net_mass_mg"] == 20 and part["remaining"]["net_mass_mg"] == 480
    into = part["items"][0]["into_composites"]
    assert [round(row["share"], 3) for row in into] == [0.333, 0.5]
    assert into[0]["state"] == "in_custody" and into[0]["left"]["net_mass_mg"] == 30
    assert [row["number"] for row in into] == [f"{submission}-C1", f"{submission}-C2"]
    taken, told = events(client, ids[0])[-2], events(client, made.json["id"])[0]["details"]["parts"][0]
    assert taken["type"] == "portion_taken" and told["parent_event_sha256"] == taken["digest"]
    aliquot = act(client, made.json["id"], "aliquots", mass(5, purpose="x"))
    assert aliquot.json["number"] == f"{submission}-C1.1"


def test_a_composite_is_made_whole_or_not_at_all(client: FlaskClient) -> None:
    ids = same_parcel(client, 2)
    parts = [{"item_id": ids[0], **mass(10)}, {"item_id": ids[1], **mass(501)}]
    refused = call(client, "POST", "/composites", {"parts": parts, "purpose": "x"}, actor=TECHNICIAN)
    assert (refused.status_code, refused.json["code"]) == (409, "mass_balance")
    assert [item(client, found)["remaining"]["net_mass_mg"] for found in ids] == [500, 500]
    number = item(client, ids[0])["submission_number"]
    assert composite(client, ids).json["number"] == f"{number}-C1", "a refused one leaves no gap"


def test_a_composite_is_of_one_submission_and_of_different_items(client: FlaskClient) -> None:
    ids = same_parcel(client, 2)
    (stranger,) = same_parcel(client, 1)
    (office,) = same_parcel(
        client, 1, office="BKK", submission_id=item(client, ids[0])["submission_id"] + "x"
    )
    for other in (stranger, office):
        refused = composite(client, [*ids, other])
        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == ["/parts/2/item_id"]
    twice = composite(client, [ids[0], ids[1], ids[0]])
    assert twice.status_code == 422 and twice.json["errors"][0]["pointer"] == "/parts/2/item_id"
    assert composite(client, [ids[0]]).status_code == 422
    assert composite(client, [ids[0], "none"]).status_code == 404
    parts = [{"item_id": ids[0], **mass(10)}, {"item_id": ids[1], **mass(10, 50)}]
    doubtful = call(client, "POST", "/composites", {"parts": parts, "purpose": "x"}, actor=TECHNICIAN)
    assert [error["pointer"] for error in doubtful.json["errors"]] == ["/parts/1/uncertainty_mg"]


def test_a_composite_needs_all_its_parts_in_hand_and_free(client: FlaskClient) -> None:
    ids = same_parcel(client, 2)
    parts = [{"item_id": found, **mass(10)} for found in ids]
    body = {"parts": parts, "purpose": "x"}
    assert call(client, "POST", "/composites", body, actor=TECHNICIAN2).json["code"] == "not_holder"
    assert call(client, "POST", "/composites", body, actor=REVIEWER).status_code == 403
    assert act(client, ids[1], "holds", {"reason": "court", **SIGNED}, REVIEWER).status_code == 201
    assert composite(client, ids).json["code"] == "on_hold"


@pytest.mark.rule("E30")
def test_an_office_sees_a_composite_of_its_own_alone(client: FlaskClient) -> None:
    made = composite(client, same_parcel(client, 2)).json["id"]
    assert item(client, made, BOGOTA)["id"] == made
    for path in (f"/items/{made}", f"/items/{made}/events", f"/items/{made}/balance"):
        assert call(client, "GET", path, actor=BANGKOK).status_code == 404


@pytest.mark.rule("E5")
def test_a_discrepancy_stops_the_composites_that_hold_a_portion(client: FlaskClient) -> None:
    ids = same_parcel(client, 2)
    made = composite(client, ids).json["id"]
    assert act(client, ids[0], "weighings", mass(400, 0.4, balance="b")).json["blocked"]
    assert item(client, made)["blocked"] and not item(client, ids[1])["blocked"]


@pytest.mark.rule("E15")
def test_a_loss_is_recorded_whatever_the_standing_and_asks_for_a_reviewer_while_on_hold(
    client: FlaskClient,
) -> None:
    item_id = weighed(client)
    spilt = mass(2, reason="spilt on the bench")
    assert act(client, item_id, "losses", spilt, TECHNICIAN2).json["code"] == "not_holder"
    assert act(client, item_id, "losses", mass(501, reason="x")).json["code"] == "mass_balance"
    assert act(client, item_id, "losses", mass(1)).status_code == 422
    done = act(client, item_id, "losses", spilt)
    assert done.status_code == 201 and done.json["state"] == "in_custody"
    assert act(client, item_id, "holds", {"reason": "court", **SIGNED}, REVIEWER).status_code == 201
    done = act(client, item_id, "losses", spilt)
    assert done.status_code == 201 and done.json["blocked"] and done.json["state"] == "on_hold"
    assert act(client, item_id, "losses", spilt).status_code == 201
    assert balance(client, item_id)["lost"]["net_mass_mg"] == 6
