"""Mass balance on a real database: no more leaves an item than is there, one at a time or six at once (E15)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.app import create_app
from shared.runtime import Runtime
from tests.calls import CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    TECHNICIAN2,
    act,
    call,
    events,
    handed,
    item,
    mass,
    opened,
    weighed,
)


@pytest.mark.rule("E15")
def test_the_books_over_aliquots_and_consumption(client: FlaskClient) -> None:
    item_id = handed(client)
    early = act(client, item_id, "aliquots", mass(1, purpose="x"))
    assert early.status_code == 409 and early.json["code"] == "mass_balance"
    heavy = act(client, item_id, "weighings", mass(9000.0, 0.4, balance="XPR205"))
    assert heavy.status_code == 409 and heavy.json["code"] == "mass_balance"
    assert act(client, item_id, "weighings", mass(500.0, 0.4, balance="XPR205")).status_code == 201
    child = act(client, item_id, "aliquots", mass(100.0, purpose="GC-MS"))
    assert child.status_code == 201
    assert child.json["parent_id"] == item_id and child.json["root_id"] == item_id
    assert child.json["remaining"] == {"net_mass_mg": 100.0, "uncertainty_mg": 0.2}
    assert child.json["holder"] == {"kind": "person", "name": "technician"}
    refused = act(client, item_id, "aliquots", mass(450.0, purpose="too much"))
    assert refused.status_code == 409 and refused.json["code"] == "mass_balance"
    assert act(client, child.json["id"], "consumptions", mass(30.0, purpose="injection")).status_code == 201
    assert act(client, child.json["id"], "consumptions", mass(80.0, purpose="x")).status_code == 409
    left = item(client, item_id)["remaining"]
    assert left["net_mass_mg"] == pytest.approx(400) and 0.4 < left["uncertainty_mg"] < 0.6
    assert item(client, child.json["id"])["remaining"]["net_mass_mg"] == pytest.approx(70)
    above = act(client, item_id, "weighings", mass(402.0, 0.4, balance="b"))
    assert above.status_code == 409 and above.json["code"] == "mass_balance"
    assert act(client, item_id, "weighings", mass(390.0, 0.4, balance="b")).status_code == 201
    last = events(client, item_id)[-2]["details"]
    assert last["difference_mg"] == pytest.approx(10) and last["beyond_uncertainty"] is True


@pytest.mark.rule("E7")
def test_aliquots_are_numbered_under_their_parent_without_gap(client: FlaskClient) -> None:
    item_id = weighed(client)
    number = item(client, item_id)["number"]
    first = act(client, item_id, "aliquots", mass(10, purpose="x")).json
    assert act(client, item_id, "aliquots", mass(10_000, purpose="x")).status_code == 409
    second = act(client, item_id, "aliquots", mass(10, purpose="x")).json
    inner = act(client, first["id"], "aliquots", mass(1, purpose="x")).json
    numbers = [row["number"] for row in (first, second, inner)]
    assert numbers == [f"{number}.1", f"{number}.2", f"{number}.1.1"]
    assert inner["parent_id"] == first["id"] and inner["root_id"] == item_id
    found = call(client, "GET", f"/items?parent_id={item_id}", actor=CUSTODIAN).json["items"]
    assert {row["id"] for row in found} == {first["id"], second["id"]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (mass(-1, purpose="x"), "/net_mass_mg"),
        (mass(0, purpose="x"), "/net_mass_mg"),
        (mass(1, purpose=""), "/purpose"),
        (mass(1, purpose="  "), "/purpose"),
        ({"net_mass_mg": "much", "uncertainty_mg": 0.1, "purpose": "x"}, "/net_mass_mg"),
        ({"net_mass_mg": 1, "purpose": "x"}, "/uncertainty_mg"),
        (mass(1, -0.1, purpose="x"), "/uncertainty_mg"),
        (mass(1, purpose="x", colour="red"), "/colour"),
    ],
)
def test_wrong_masses_are_named(client: FlaskClient, body: dict[str, object], pointer: str) -> None:
    refused = act(client, opened(client), "aliquots", body, CUSTODIAN)
    assert refused.status_code == 422
    assert pointer in [error["pointer"] for error in refused.json["errors"]]


def test_only_the_holder_takes(client: FlaskClient) -> None:
    item_id = weighed(client)
    for actor in (TECHNICIAN2, CUSTODIAN):
        refused = act(client, item_id, "consumptions", mass(1, purpose="x"), actor)
        assert refused.status_code == 409 and refused.json["code"] == "not_holder"


@pytest.mark.rule("E17")
def test_a_second_examiner_prepares_nothing(client: FlaskClient) -> None:
    item_id = weighed(client)
    for path, body in (
        ("weighings", {**mass(490), "balance": "b"}),
        ("aliquots", mass(1, purpose="x")),
        ("consumptions", mass(1, purpose="x")),
    ):
        assert act(client, item_id, path, body, REVIEWER).status_code == 403


@pytest.mark.rule("E15")
def test_no_balance_makes_substance(client: FlaskClient) -> None:
    item_id = weighed(client)
    child = act(client, item_id, "aliquots", mass(25, 0.1, purpose="GC-MS")).json
    for path, body in (
        (f"{item_id}/weighings", {**mass(500, 1e6), "balance": "b"}),
        (f"{item_id}/consumptions", mass(1, 1e9, purpose="x")),
        (f"{child['id']}/weighings", {**mass(1e6, 1e6), "balance": "b"}),
    ):
        item, _, kind = path.partition("/")
        refused = act(client, item, kind, body)
        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == ["/uncertainty_mg"]
    more = act(client, child["id"], "weighings", {**mass(26, 2.6), "balance": "b"})
    assert (more.status_code, more.json["code"]) == (409, "mass_balance")


def test_an_item_used_up_is_depleted(client: FlaskClient) -> None:
    item_id = weighed(client, 10.0)
    done = act(client, item_id, "consumptions", mass(10.0, purpose="all of it"))
    assert done.status_code == 201 and done.json["state"] == "depleted"
    assert done.json["remaining"]["net_mass_mg"] == 0


@pytest.mark.rule("E15")
@pytest.mark.rule("E12")
def test_six_at_once_take_no_more_than_there_is(client: FlaskClient, runtime: Runtime) -> None:
    item_id, app = weighed(client), create_app(runtime.settings, runtime)

    def take(_: int) -> int:
        return act(app.test_client(), item_id, "consumptions", mass(200.0, purpose="rush")).status_code

    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(take, range(6)))
    assert said == [201, 201, 409, 409, 409, 409]
    assert item(client, item_id)["remaining"]["net_mass_mg"] == pytest.approx(100)
    history = events(client, item_id)
    assert [event["sequence"] for event in history] == list(range(1, len(history) + 1))
    assert [event["previous"] for event in history[1:]] == [event["digest"] for event in history[:-1]]


def test_two_batches_that_share_items_do_not_wait_for_each_other(
    client: FlaskClient, runtime: Runtime
) -> None:
    ids, app = [opened(client) for _ in range(6)], create_app(runtime.settings, runtime)

    def offer(order: list[str]) -> int:
        body = {"item_ids": order, "to": "technician", "purpose": "x"}
        return call(app.test_client(), "POST", "/handovers", body, actor=CUSTODIAN).status_code

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(offer, [ids, ids[::-1], ids, ids[::-1]]))
    assert said == [201, 409, 409, 409]


def test_on_hold_nothing_is_used_up_or_destroyed(client: FlaskClient) -> None:
    item_id = weighed(client)
    order = {"reason": "court order", **SIGNED}
    assert act(client, item_id, "holds", order, TECHNICIAN).status_code == 403
    hold = act(client, item_id, "holds", order, REVIEWER)
    assert hold.status_code == 201 and item(client, item_id)["state"] == "on_hold"
    for what in ("consumptions", "aliquots"):
        assert act(client, item_id, what, mass(1, purpose="x")).json["code"] == "on_hold"
    ask = {"method": "incineration", "purpose": "x", **SIGNED}
    assert act(client, item_id, "disposals", ask, CUSTODIAN).json["code"] == "on_hold"
    path = f"/holds/{hold.json['id']}/release"
    assert call(client, "POST", path, order, actor=REVIEWER).status_code == 200
    assert call(client, "POST", path, order, actor=REVIEWER).status_code == 409
    assert act(client, item_id, "consumptions", mass(1, purpose="x")).status_code == 201
