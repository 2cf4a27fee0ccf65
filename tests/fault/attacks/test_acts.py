"""Acts replayed, stolen and done at the same moment: the API refuses, or takes one and tells of the other."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.service.sequence_events import Sequencer
from services.chain_of_custody.service.verify_ledger import find_wrongs
from shared.actor import Actor
from tests.calls import ADMIN, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.fault.attacks.scene import Scene
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    SIGNED,
    TECHNICIAN2,
    act,
    call,
    events,
    item,
    mass,
    offered,
    opened,
    weighed,
)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """The answers of acts that begin at the same moment, in the order given."""
    answers: list[Any] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(number: int) -> None:
        barrier.wait(timeout=20)
        answers[number] = acts[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def whole(scene: Scene) -> None:
    """The records agree with one another after all."""
    scene.sequence()
    assert scene.self_check() == []


@pytest.mark.rule("E8", "E16")
def test_an_accept_replayed(scene: Scene) -> None:
    """With its key an accept gives its first answer again; with another it is refused; custody moved once."""
    item_id = opened(scene.client)
    path = f"/handovers/{offered(scene.client, [item_id])}/accept"

    def accept(key: str) -> Any:
        return call(scene.client, "POST", path, SIGNED, actor=TECHNICIAN, Idempotency_Key=key)

    first, again, other = accept("one"), accept("one"), accept("two")
    assert first.status_code == again.status_code == 200 and again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json["code"]) == (409, "not_offered")
    assert [event["type"] for event in events(scene.client, item_id)].count("handed_over") == 1
    whole(scene)


@pytest.mark.rule("E8", "E16")
def test_an_accept_replayed_after_the_item_went_on(scene: Scene) -> None:
    """An old accept sent again does not fetch back an item that has gone to somebody else since."""
    item_id = opened(scene.client)
    path = f"/handovers/{offered(scene.client, [item_id])}/accept"
    assert call(scene.client, "POST", path, SIGNED, actor=TECHNICIAN, Idempotency_Key="a").status_code == 200
    onward = {"item_ids": [item_id], "to": "technician2", "purpose": "analysis"}
    offer = call(scene.client, "POST", "/handovers", onward, actor=TECHNICIAN).json["id"]
    assert (
        call(scene.client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN2).status_code == 200
    )
    for key in ("a", "b"):
        call(scene.client, "POST", path, SIGNED, actor=TECHNICIAN, Idempotency_Key=key)
    assert item(scene.client, item_id)["holder"]["name"] == "technician2"
    whole(scene)


@pytest.mark.rule("E8", "E16", "E31")
@pytest.mark.parametrize(
    "actor", [TECHNICIAN2, CUSTODIAN, CUSTODIAN2, REVIEWER, ADMIN], ids=lambda who: who.login
)
def test_an_accept_with_anothers_session(scene: Scene, actor: Actor) -> None:
    """Nobody but the receiver accepts: not the giver, not a colleague, not an administrator; nothing is recorded."""
    item_id = opened(scene.client)
    offer = offered(scene.client, [item_id])
    before = len(events(scene.client, item_id))
    refused = call(scene.client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=actor)
    assert refused.status_code in (403, 404), refused.data
    assert item(scene.client, item_id)["holder"]["name"] == "custodian"
    assert len(events(scene.client, item_id)) == before
    whole(scene)


@pytest.mark.rule("E16")
def test_an_accept_without_the_receivers_password(scene: Scene) -> None:
    """A session alone accepts nothing: without a checked password there is no signature."""
    item_id = opened(scene.client)
    offer = offered(scene.client, [item_id])
    raw = b'{"password": "stolen session, guessed password"}'
    refused = call(scene.client, "POST", f"/handovers/{offer}/accept", raw, actor=TECHNICIAN)
    assert (refused.status_code, refused.json["code"]) == (403, "wrong_password")
    assert item(scene.client, item_id)["holder"]["name"] == "custodian"


@pytest.mark.rule("E8")
@pytest.mark.parametrize("turn", range(4))
def test_an_accept_and_a_withdrawal_at_once(scene: Scene, turn: int) -> None:
    """Accepted and withdrawn at the same moment: one of them is taken, the other is told what happened."""
    item_id = opened(scene.client)
    offer, app = offered(scene.client, [item_id]), scene.client.application
    accept, withdraw = together(
        lambda: call(app.test_client(), "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN),
        lambda: call(
            app.test_client(), "POST", f"/handovers/{offer}/withdraw", {"reason": "x"}, actor=CUSTODIAN
        ),
    )
    assert sorted((accept.status_code, withdraw.status_code)) == [200, 409]
    holder = "technician" if accept.status_code == 200 else "custodian"
    assert item(scene.client, item_id)["holder"]["name"] == holder
    whole(scene)


@pytest.mark.rule("E8")
@pytest.mark.parametrize("turn", range(2))
def test_many_accepts_at_once(scene: Scene, turn: int) -> None:
    """Six accepts of one offer at the same moment: one is taken, five are refused, one event tells of it."""
    item_id = opened(scene.client)
    offer, app = offered(scene.client, [item_id]), scene.client.application

    def accept() -> int:
        path = f"/handovers/{offer}/accept"
        return int(call(app.test_client(), "POST", path, SIGNED, actor=TECHNICIAN).status_code)

    assert sorted(together(*[accept] * 6)) == [200] + [409] * 5
    assert [event["type"] for event in events(scene.client, item_id)].count("handed_over") == 1
    whole(scene)


@pytest.mark.rule("E8", "E15")
@pytest.mark.parametrize("turn", range(4))
def test_handed_over_while_consuming(scene: Scene, turn: int) -> None:
    """Consumed by the giver while the receiver accepts: refused, since it is offered or no longer theirs."""
    item_id = weighed(scene.client, 100.0)
    app = scene.client.application
    body = {"item_ids": [item_id], "to": "technician2", "purpose": "second analysis"}
    offer = call(scene.client, "POST", "/handovers", body, actor=TECHNICIAN).json["id"]
    accept, consume = together(
        lambda: call(app.test_client(), "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN2),
        lambda: act(app.test_client(), item_id, "consumptions", mass(10, purpose="injection")),
    )
    assert accept.status_code == 200, accept.data
    told = [event["type"] for event in events(scene.client, item_id)][-2:]
    remaining = item(scene.client, item_id)["remaining"]["net_mass_mg"]
    assert consume.status_code == 409 and consume.json["code"] in ("offered", "not_holder")
    assert told == ["handover_offered", "handed_over"] and remaining == 100.0
    assert item(scene.client, item_id)["holder"]["name"] == "technician2"
    whole(scene)


@pytest.mark.rule("E15")
def test_consumed_at_once_by_many_until_nothing_is_left(scene: Scene) -> None:
    """Of eight who take 20 mg of 100 mg at the same moment five get it; the others are refused by the books."""
    item_id = weighed(scene.client, 100.0)
    app = scene.client.application

    def consume() -> int:
        return int(act(app.test_client(), item_id, "consumptions", mass(20, purpose="injection")).status_code)

    assert sorted(together(*[consume] * 8)) == [201] * 5 + [409] * 3
    assert item(scene.client, item_id)["remaining"]["net_mass_mg"] == 0.0
    whole(scene)


@pytest.mark.rule("E19")
def test_two_sequencers_at_once(scene: Scene) -> None:
    """Two sequencers over one queue make one log: each event has one place, and every head grew from the one before."""
    sequencers = [Sequencer(scene.runtime).start() for _ in range(2)]
    try:
        ids = [weighed(scene.client) for _ in range(12)]
    finally:
        for sequencer in sequencers:
            sequencer.stop()
    scene.sequence()
    places = [event["index"] for item_id in ids for event in events(scene.client, item_id)]
    assert None not in places and len(set(places)) == len(places)
    with scene.runtime.unit_of_work() as uow:
        assert find_wrongs(uow, load_verifier_key(scene.settings.keys_dir))[1] == []
    whole(scene)
