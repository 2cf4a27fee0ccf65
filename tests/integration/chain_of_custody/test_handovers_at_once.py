"""Many hands at the same moment: one offer, one acceptance, no deadlock whatever the order of the items."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.actor import Actor
from tests.calls import CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    call,
    events,
    item,
    mass,
    offered,
    opened,
    weighed,
)


def together(acts: list[Callable[[], int]]) -> list[int]:
    """The statuses of acts that run at the same time, sorted."""
    said: list[int] = []
    threads = [threading.Thread(target=lambda act=act: said.append(act())) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


@pytest.mark.rule("E8")
def test_of_many_who_offer_and_accept_at_once_one_succeeds(client: FlaskClient) -> None:
    ids = [opened(client) for _ in range(4)]
    app = client.application

    def offer(order: list[str]) -> Callable[[], int]:
        body = {"item_ids": order, "to": "technician", "purpose": "analysis"}
        return lambda: call(app.test_client(), "POST", "/handovers", body, actor=CUSTODIAN).status_code

    assert together([offer(ids[k % 4 :] + ids[: k % 4]) for k in range(6)]) == [201] + [409] * 5
    listed = call(client, "GET", f"/handovers?item_id={ids[0]}&state=offered", actor=TECHNICIAN).json["items"]
    path = f"/handovers/{listed[0]['id']}/accept"

    def accept() -> int:
        return call(app.test_client(), "POST", path, SIGNED, actor=TECHNICIAN).status_code

    assert together([accept] * 6) == [200] + [409] * 5
    for item_id in ids:
        kinds = [event["type"] for event in events(client, item_id)]
        assert kinds == ["received", "handover_offered", "handed_over"]


@pytest.mark.rule("E16")
def test_a_word_in_the_body_is_no_signature(client: FlaskClient) -> None:
    item_id = opened(client)
    offer = offered(client, [item_id])
    raw = b'{"password": "verified"}'
    answer = call(client, "POST", f"/handovers/{offer}/accept", raw, actor=TECHNICIAN)
    assert (answer.status_code, answer.json["code"]) == (403, "wrong_password")
    assert item(client, item_id)["holder"]["name"] == "custodian"


def _status(client: FlaskClient, path: str, body: dict[str, Any], actor: Actor) -> Callable[[], int]:
    """One request of a process of its own."""
    app = client.application
    return lambda: int(call(app.test_client(), "POST", path, body, actor=actor).status_code)


def _race(first: Callable[[], int], second: Callable[[], int]) -> tuple[int, int]:
    """The statuses of two acts that run at the same time."""
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(first), pool.submit(second)
        return one.result(), other.result()


@pytest.mark.rule("E8")
@pytest.mark.parametrize("round_", range(4))
def test_accepted_while_it_is_withdrawn(client: FlaskClient, round_: int) -> None:
    """One of the two succeeds; holder, hand-over and history agree on which."""
    item_id = opened(client)
    path = f"/handovers/{offered(client, [item_id])}"
    accept = _status(client, f"{path}/accept", SIGNED, TECHNICIAN)
    withdraw = _status(client, f"{path}/withdraw", {"reason": "wrong item"}, CUSTODIAN)
    accepted, withdrawn = _race(accept, withdraw) if round_ % 2 else _race(withdraw, accept)[::-1]
    assert sorted((accepted, withdrawn)) == [200, 409]
    state, kind, holder = (
        ("accepted", "handed_over", "technician")
        if accepted == 200
        else ("withdrawn", "handover_withdrawn", "custodian")
    )
    assert call(client, "GET", path, actor=CUSTODIAN).json["state"] == state
    assert [event["type"] for event in events(client, item_id)][1:] == ["handover_offered", kind]
    assert item(client, item_id)["holder"]["name"] == holder


@pytest.mark.rule("E8", "E15")
@pytest.mark.parametrize("round_", range(4))
def test_handed_over_while_it_is_consumed(client: FlaskClient, round_: int) -> None:
    """Either the giver took their part before custody moved, or the item went whole; never both a gap and a loss."""
    item_id = weighed(client, 500.0)
    body = {"item_ids": [item_id], "to": "reviewer", "purpose": "second look"}
    offer = call(client, "POST", "/handovers", body, actor=TECHNICIAN).json["id"]
    accept = _status(client, f"/handovers/{offer}/accept", SIGNED, REVIEWER)
    take = _status(client, f"/items/{item_id}/consumptions", mass(100, 0.1, purpose="test"), TECHNICIAN)
    accepted, consumed = _race(accept, take) if round_ % 2 else _race(take, accept)[::-1]
    assert accepted == 200 and consumed in (201, 409)
    kinds = [event["type"] for event in events(client, item_id)][-2:]
    assert kinds == (["consumed", "handed_over"] if consumed == 201 else ["handover_offered", "handed_over"])
    left = item(client, item_id)
    assert left["holder"]["name"] == "reviewer"
    assert left["remaining"]["net_mass_mg"] == (400.0 if consumed == 201 else 500.0)


@pytest.mark.rule("E12")
def test_divided_while_it_is_put_on_hold(client: FlaskClient) -> None:
    """An aliquot was there before the hold and is covered by it, or is refused: none slips out."""
    for round_ in range(4):
        item_id = weighed(client, 500.0)
        take = _status(client, f"/items/{item_id}/aliquots", mass(10, 0.1, purpose="GC-MS"), TECHNICIAN)
        hold = _status(client, f"/items/{item_id}/holds", {"reason": "court order", **SIGNED}, REVIEWER)
        taken, held = _race(take, hold) if round_ % 2 else _race(hold, take)[::-1]
        assert held == 201 and taken in (201, 409)
        found = call(client, "GET", f"/items?root_id={item_id}", actor=CUSTODIAN).json["items"]
        assert len(found) == (2 if taken == 201 else 1)
        assert {row["state"] for row in found} == {"on_hold"}
